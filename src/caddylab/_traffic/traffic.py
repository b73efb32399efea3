"""What one `lab.fire(...)` sent and what came of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from caddylab._border import Seconds, Speed, border
from caddylab._caddy.adapted.balancing import Setting
from caddylab._engine.clients import Clients
from caddylab._engine.lateness import Lateness
from caddylab._engine.ledger import Ledger
from caddylab._errors import TrafficError
from caddylab._look import progress_bar
from caddylab._look.projector import wanted
from caddylab._machine.late import ensure, is_there
from caddylab._records import Span
from caddylab._traffic import recording, tables
from caddylab._traffic.figures import Figures
from caddylab._traffic.summary import describe
from caddylab._traffic.tables import shown
from caddylab._view.tape import tape, window

if TYPE_CHECKING:
    import pandas as pd

    from caddylab._charts import Live
    from caddylab._charts.parts.theme import Pair, Picture
    from caddylab._view.replay import Replay

CHARTS = "caddylab._charts"


@border(TrafficError)
class Traffic(Figures):
    """The records of one run. Its text is a summary; `table()` and `chart()` show the rest.

    Args:
        run: the records; the run may still go on.
        clients: who sent the requests.
        settle: waits until Caddy's log has the closing lines of the run's requests.
        faults: what was done to the backends, over the lab's whole life.
        opinions: Caddy's opinions of them, over the same time.
        stage: the lab as it was when the run began; a replay shows it.
    """

    def __init__(
        self,
        run: Ledger,
        clients: Clients,
        settle: Callable[[], str],
        faults: Sequence[Span] = (),
        opinions: Sequence[Span] = (),
        stage: Setting | None = None,
    ) -> None:
        super().__init__(run)
        self.clients = clients
        self._settle: Callable[[], str] | None = settle
        self._faults, self._opinions = faults, opinions
        self._stage = stage or Setting(backends=1)
        self.names = dict(self._stage.names)

    def wait(self, timeout: Seconds | None = None) -> Traffic:
        """Return when the run is over and Caddy's log has been read.

        Raises:
            TrafficError: the run is not over after `timeout` seconds; it goes on.
        """
        if not self.run.wait(timeout):
            raise TrafficError(
                f"The traffic is not over after {timeout:g} s: {len(self.requests)} of "
                f"{self.run.planned_total} requests were sent. It goes on; `.stop()` ends it."
            )
        if self._settle:
            self.trouble = self._settle()
            self._settle = None
        return self

    def stop(self) -> Traffic:
        """End the run now: what is in flight is recorded as cancelled."""
        self.run.stop()
        return self.wait()

    def finish(self) -> Traffic:
        """Send nothing more, and return when what is in flight has come to its own end."""
        self.run.finish()
        return self.wait()

    @property
    def lateness(self) -> Lateness | None:
        """How late an open loop's requests left, in seconds; None for a closed loop."""
        return self.run.lateness()

    def table(self) -> pd.DataFrame:
        """One row a request; times in seconds since the run began."""
        return shown(tables.requests(self.run, self.requests, self.clients))

    def attempts(self) -> pd.DataFrame:
        """One row for each of Caddy's attempts; times in seconds since the run began."""
        return shown(tables.attempts(self.run, self.requests))

    def spans(self) -> pd.DataFrame:
        """The faults that we made (source "fault") and Caddy's opinions ("caddy") meanwhile."""
        return shown(tables.spans(self.run, self._faults, self._opinions))

    def chart(self, kind: str = "routing", *, live: bool = False, **options: Any) -> Picture | Live:
        """A picture of the run, or of what is known of it until now.

        Args:
            kind: "routing" (who answered which request), "shares", "latency", "percentiles",
                "timeline" (each request with its attempts), "in flight" (how many each backend
                had at a time) or "sticky" (which backend each client had; lost sessions).
            live: draw it again and again in its place until the run is over.
            options: the picture's own, such as `between=(1, 2)` for the timeline.

        Raises:
            TrafficError: there is no such picture.
        """
        if live and not self.done and progress_bar.in_notebook():
            _load_charts()
            from caddylab import _charts

            return _charts.Live(lambda: self._picture(kind, options), self.run.done.wait, self.wait)
        return self._picture(kind, options)

    def _picture(self, kind: str, options: dict[str, Any]) -> Picture:
        _load_charts()
        from caddylab import _charts

        self.run.launched.wait()
        now = None if self.done else time.time() - self.run.began
        tables = self.table(), self.attempts(), self.spans()
        if kind in ("routing", "shares"):  # a backend that got nothing has its place, too
            options = {"backends": self._stage.backends} | options
        return _charts.draw(kind, *tables, now=now, names=self.names, **options)

    def save(self, path: str | Path) -> Path:
        """Keep the run in a file, with all that its tables, charts and replay need.

        Args:
            path: where; a name that ends in ".json.gz" makes it small, ".json" readable.

        Raises:
            TrafficError: the run still goes on, or the file cannot be written.
        """
        self._need_end("save")
        known = recording.Recording(
            self.run, self.clients, self._met(self._faults), self._met(self._opinions), self._stage
        )
        recording.write(Path(path), known)
        return Path(path)

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Load a run that `save` has kept at `path`; it can be examined like the original.

        Raises:
            TrafficError: there is no such file, or it holds something else.
        """
        run, clients, faults, opinions, stage = recording.read(Path(path))
        return cls(run, clients, str, faults, opinions, stage)

    def _met(self, spans: Sequence[Span]) -> list[Span]:
        """The spans that touch the run."""
        return list(tables.touching(spans, self.run.began, tables.length(self.run)))

    def _need_end(self, what: str) -> None:
        if not self.done:
            raise TrafficError(f"The traffic still goes on; `.wait()` for its end to {what} it.")
        self.wait()

    def hide_faults(self) -> None:
        """Hide what was done to the backends, and the policy: the run is a riddle."""
        self._faults = ()
        self._stage = replace(self._stage, policy="")

    def replay(
        self,
        *,
        projector: bool | None = None,
        speed: Speed = 1.0,
        between: tuple[float, float] | None = None,
    ) -> Replay:
        """The run as a moving picture, to be paused, slowed and wound back; needs no kernel.

        Args:
            projector: large, to be read from the back of a room; else as `projector()` says.
            speed: how fast to play, such as 0.1 for slow motion.
            between: two times in seconds since the run began; only requests that were sent
                then are shown.

        Raises:
            TrafficError: the run still goes on.
        """
        ensure("caddylab._view.replay")
        from caddylab._view.replay import Replay

        self._need_end("replay")
        events = tape(self.run, self._faults, self._opinions, self._stage)
        if between is not None:
            events = window(events, *between)
        large = wanted(projector)
        return Replay(events, self._stage.backends, str(self), projector=large, speed=speed)

    def __len__(self) -> int:
        return len(self.requests)

    def __repr__(self) -> str:
        return describe(self)


@border(TrafficError)
def compare(
    a: Traffic, b: Traffic, *, first: str = "first", second: str = "second"
) -> Picture | Pair:
    """A picture of two runs side by side on the same axes: how long their requests took.

    Args:
        a, b: the runs.
        first, second: what they are called in the picture.

    Raises:
        TrafficError: both have the same name.
    """
    if first == second:
        raise TrafficError(f"Both runs are called “{first}”: give them two different names.")
    _load_charts()
    from caddylab import _charts

    sides = (
        _charts.Side(name, run.table(), run.spans(), run.names)
        for name, run in ((first, a), (second, b))
    )
    return _charts.compare(*sides)


def _load_charts() -> None:
    """Import the charts; on a busy machine that takes long enough to announce it."""
    if not is_there(CHARTS):
        with progress_bar.coming("The first chart is coming: what draws it is being loaded."):
            ensure(CHARTS)
