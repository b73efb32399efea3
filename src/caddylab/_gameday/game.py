"""The game itself: visitors come, something happens, the learner acts, the budget is counted."""

from __future__ import annotations

import random
import threading
import time
from typing import TYPE_CHECKING, Annotated, Any

from caddylab._border import Between, border
from caddylab._errors import LabError
from caddylab._gameday.accounts import Accounts
from caddylab._gameday.after_cells import after_each_cell
from caddylab._gameday.crowd import PATIENCE, RATE, Crowd
from caddylab._gameday.incidents import plan
from caddylab._gameday.on_call import OnCall
from caddylab._gameday.plot import Plot
from caddylab._gameday.production import GROWN, LEVEL
from caddylab._gameday.scenarios import DAY
from caddylab._gameday.score import Sample
from caddylab._gameday.status import Deed, Status
from caddylab._look import progress_bar
from caddylab._machine.late import ensure
from caddylab._machine.steady import in_thread

if TYPE_CHECKING:
    import pandas as pd

    from caddylab._gameday.report import Report

TICK = 0.1
LEVELS = (1, 2, 3, LEVEL)
LEAST, MOST = 0.1, 30.0
LARGEST_SEED = 9999


@border(LabError)
class GameDay:
    """A running site on which something will break; you are on call.

    It has a lab of its own, `game.lab`, with three backends and the Caddyfile of the day, and
    `%%caddyfile` loads into it. `start()` lets the visitors in; everything goes on in the
    background, so that cells, panel and view work. Faults are hidden, and cannot be undone.

    A request is good if a backend answers it as it should within a second. The objective is
    99 % in two hours, and the six minutes are the bad part of these: the budget is 1 % of the
    requests in a time that is twenty times as long. An error costs one request, a quick page of
    Caddy's own a quarter; a connection that a reload cuts off does not count. Your points
    are the percentage of the budget that is left.

    Args:
        seed: the same seed brings the same incident at the same second; by default, chance decides.
        level: 1 (what chapters 1 to 3 are about), 2 (1 to 8), 3 (two of these at once) or 4 (9 to
            11, on a site with a name server and HTTPS).
        minutes: how long it lasts, from 0.1 to 30.
        rate: requests a second.
        runtime: where the lab runs; as for `Lab`.

    Raises:
        LabError: there is no such level, or it cannot last so long.
        RuntimeUnavailable, StartFailed: as for `Lab`.

    Attributes:
        lab: the lab of the site.
    """

    def __init__(
        self,
        seed: int | None = None,
        level: int = 1,
        minutes: float = 6.0,
        *,
        rate: Annotated[float, Between(0.1, 1000)] = RATE,
        runtime: str = "auto",
    ) -> None:
        if level not in LEVELS:
            raise LabError(f"A game has level 1, 2, 3 or 4, not {level!r}.")
        if not LEAST <= minutes <= MOST:
            raise LabError(f"A game lasts {LEAST} to {MOST:g} minutes, not {minutes!r}.")
        self.seed = random.randint(1, LARGEST_SEED) if seed is None else seed
        self.level, self.seconds, self.rate = level, minutes * 60, rate
        self.incidents = plan(self.seed, level, self.seconds)
        self.deeds: list[Deed] = []
        self._began: float | None = None
        self._ended: float | None = None
        self._error: Exception | None = None
        self._stop, self._over = threading.Event(), threading.Event()
        self.lab = OnCall(runtime, self._did, self.stop)
        self.lab.deploy(GROWN if level == LEVEL else DAY)
        self._crowd = Crowd(self.lab, rate)
        self._accounts = Accounts(self._crowd, self.lab.reloads, rate, self.seconds)
        said = f"Game {self.seed}, level {level}, {minutes:g} minutes. `game.start()` lets the "
        progress_bar.say(f"{said}visitors in. Others get the same game with seed={self.seed}.")

    # --- the game ------------------------------------------------------------------------

    def start(self) -> None:
        """Let the visitors in; returns at once.

        Raises:
            LabError: it was started before; a game is played only once.
            LabClosed: its lab has been closed.
        """
        if self._began is not None or self._over.is_set():
            raise LabError("A game is played once; for another one: game = GameDay().")
        self.lab.stack.feed.watch(_watch)  # so that it is known who waits where
        self._began = self._crowd.arrive(self.seconds)
        after_each_cell(lambda: None if self.over else str(self.status()))
        in_thread("caddylab-game", self._play)

    def note(self, what: str) -> None:
        """Write down `what` you have noticed; the report shows when."""
        self._did(f"noted: {what}")

    def status(self) -> Status:
        """The present state of the game."""
        return self._accounts.status(self._began or 0.0, self.played)

    def monitor(self) -> Any:
        """The status as a display that updates itself."""
        from caddylab._gameday.monitor import Monitor

        return Monitor(self.status, self._over.wait)

    def table(self) -> pd.DataFrame:
        """One row for each request so far: who wanted what, whom Caddy tried, and the result."""
        ensure("caddylab._gameday.tables")
        from caddylab._gameday.tables import requests

        judged = self._accounts.judged(self._began or 0.0)
        return requests(judged, self.lab.stack.feed.waiting())

    def wait_for_alarm(self) -> None:
        """Return when two per cent of the budget is gone, or the game is over."""
        fallen = lambda: self.over or self.status().budget < 0.98  # noqa: E731
        self.lab.wait_until(fallen, self.seconds + 60, "all is well")

    def wait(self) -> None:
        """Return when the game is over. Stop (the square) only stops waiting."""
        self._need_started()
        left = self.seconds + PATIENCE + 10 - self.played
        progress_bar.countdown(self._over.is_set, max(left, 1.0), "the game goes on")
        self._check()

    def stop(self) -> None:
        """End the game now, and return when it is over.

        The time that is missing counts like the last five seconds, which the status shows. What has
        not happened yet was not mastered, and what had happened less than five seconds ago
        neither: its part of the points is lost.
        """
        self._stop.set()
        if self._began is None:
            self._over.set()
        self._over.wait()

    def report(self) -> Report:
        """What happened, when you noticed it, what you did, and the points.

        Raises:
            LabError: the game is not over.
        """
        self._need_started()
        if not self._over.is_set():
            raise LabError("The game still goes on. Wait for its end, or end it: game.stop().")
        self._check()
        return self._report

    def close(self) -> None:
        """End the game and its lab, and leave nothing behind. Safe to call twice."""
        self.lab.close()

    # --- what is so ----------------------------------------------------------------------

    @property
    def played(self) -> float:
        """The seconds for which it has gone on."""
        if self._began is None:
            return 0.0
        return min(self.seconds, (self._ended or time.time()) - self._began)

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self._over.is_set()

    @property
    def struck(self) -> bool:
        """Whether everything that will happen has happened."""
        return self.played > self.incidents[-1].at + 0.5

    def samples(self) -> list[Sample]:
        """Every request that has ended, with its cost."""
        return self._accounts.samples(self._began or 0.0)

    def _did(self, what: str) -> None:
        if self._began is not None and self.played < self.seconds and not self._over.is_set():
            self.deeds.append(Deed(self.played, what))

    def _need_started(self) -> None:
        if self._began is None:
            raise LabError("The game has not begun: game.start() lets the visitors in.")

    def _check(self) -> None:
        if self._error is not None:
            raise LabError(f"The game broke down: {self._error}") from self._error

    # --- on the game's thread ------------------------------------------------------------

    def _play(self) -> None:
        try:
            self._go_on()
            self._ended = time.time()
            self.lab.stack.feed.unwatch(_watch)
            self._crowd.leave()
            self.lab.chaos.end()
            self._conclude()
        except Exception as error:  # the learner sees it where they wait
            self._error = error
        finally:
            self._over.set()

    def _go_on(self) -> None:
        plot = Plot(self.lab, self.incidents, self.seconds)
        while not self._stop.wait(TICK) and not (self.played >= self.seconds and self._crowd.gone):
            plot.go_on(self.played)
            self._crowd.come_back()

    def _conclude(self) -> None:
        from caddylab._gameday.report import Report

        self._report = Report(
            self.seed, self.level, self.seconds, self.played, self.rate, self.incidents,
            tuple(self.deeds), tuple(self.samples()),
        )  # fmt: skip
        self._report.remember()

    def __enter__(self) -> GameDay:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "over" if self.over else "not begun" if self._began is None else repr(self.status())
        return f"<Game {self.seed}, level {self.level}: {state}>"


def _watch(now: float, events: object) -> None:
    """Somebody has to watch, or the feed does not follow the requests."""
