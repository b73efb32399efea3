"""Every incident of the game, one after the other, and which alerts ring."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from caddylab._border import border
from caddylab._errors import LabError
from caddylab._gameday import score
from caddylab._gameday.crowd import RATE, Crowd
from caddylab._gameday.on_call import OnCall
from caddylab._gameday.production import GROWN, LEVEL
from caddylab._gameday.scenario import Scenario
from caddylab._gameday.scenarios import DAY, SCENARIOS
from caddylab._look.progress_bar import Bar
from caddylab._survey.first_seen import FirstSeen
from caddylab._traffic.objective import Objective

if TYPE_CHECKING:
    import pandas as pd

USERS, SLOW = "the users", 0.5
PATIENCE = 0.8
"""Seconds after which a visitor gives up; in the game they have more."""
LEAD, TICK = 0.3, 0.1
SECONDS, SECONDS_GROWN = 3.0, 6.0
"""The longest that an incident lasts, in seconds; on the last level a server is restarted first."""
GRACE = 0.8
"""Seconds after one alert in which the others may ring, too."""
LOOK = 0.4
"""Seconds between two looks at the log: whoever rings is known afterwards, too."""
VICTIM = 2
LEVELS = (LEVEL - 1, LEVEL)
"""The last level has a Caddyfile of its own, and no incident of those before it."""


@border(LabError)
class Drill(FirstSeen):
    """The incidents of the game: when users suffer, and when which alert rings.

    Each alert rings when, for a promise of 99 %, one second burns ten times too fast, as Caddy's
    access log shows it. The incidents happen one after the other, with the visitors and the
    Caddyfile of the game, in a lab of its own. Nobody mends anything; the next incident comes as
    soon as all alerts have rung, a moment after the first one, or after three seconds.

    Args:
        level: 3 for the incidents of the game's levels 1 to 3; 4 for those of level 4.
        runtime: as for `Lab`.

    Raises:
        LabError: there is no such level.
        RuntimeUnavailable, StartFailed: as for `Lab`.

    Attributes:
        logs: by incident, the access log from its beginning on, as `lab.log()` has it.
    """

    ALERTS = {  # noqa: RUF012  # read only
        "5xx": Objective(0.99),
        "5xx or slow": Objective(0.99, within=SLOW),
        "4xx, 5xx or slow": Objective(0.99, within=SLOW, errors=400),
    }
    """What counts as bad for each alert."""

    def __init__(self, level: int = LEVEL - 1, runtime: str = "auto") -> None:
        if level not in LEVELS:
            raise LabError(
                f"There is no drill of level {level!r}: expected 3 (levels 1 to 3) or 4."
            )
        incidents = [one for one in SCENARIOS.values() if (one.level == LEVEL) == (level == LEVEL)]
        rows: dict[str, dict[str, float]] = {}
        self.logs: dict[str, pd.DataFrame] = {}
        with _Quiet(runtime, _unheard, _nothing) as site, Bar() as bar:
            for done, incident in enumerate(incidents):
                bar.show(done / len(incidents), incident.name)
                rows[incident.name], self.logs[incident.name] = _Round(site, incident).play()
        super().__init__((USERS, *self.ALERTS), rows)


class _Quiet(OnCall):
    """A site that prints nothing, and that no `%%caddyfile` is loaded into."""

    def _started(self) -> None:
        """As of a rig."""

    def _ended(self) -> None:
        """As of a rig."""


def _unheard(what: str) -> None:
    """Nobody keeps a diary."""


def _nothing() -> None:
    """There is no game to end."""


class _Round:
    """One incident: the visitors come, it happens, and the alerts are listened to."""

    def __init__(self, site: _Quiet, scenario: Scenario) -> None:
        self._site, self._scenario = site, scenario
        self._seconds = SECONDS_GROWN if scenario.level == LEVEL else SECONDS
        site.chaos.end()
        site.deploy(GROWN if scenario.level == LEVEL else DAY)
        self._crowd = Crowd(site, RATE, PATIENCE)

    def play(self) -> tuple[dict[str, float], pd.DataFrame]:
        """What was seen, each after how many seconds, and the access log since the incident."""
        self._crowd.arrive(LEAD + self._seconds)
        self._site.pause(LEAD)
        struck = time.time()
        self._happen(struck)
        log = self._log(struck)  # before those who still wait are sent away
        self._crowd.leave()
        return self._users(struck) | _rung(log), log

    def _happen(self, struck: float) -> None:
        script, due = self._scenario.script(self._site, VICTIM), struck
        end, look = struck + self._seconds, struck + LOOK
        while (now := time.time()) < end:
            if now >= due:
                due = now + next(script, self._seconds)
            self._crowd.come_back()
            if now > look:
                look, rung = now + LOOK, len(_rung(self._log(struck)))
                if rung == len(Drill.ALERTS):
                    return
                end = min(end, now + GRACE) if rung else end
            time.sleep(TICK)

    def _log(self, struck: float) -> pd.DataFrame:
        """With `at` in seconds after the incident."""
        log, since = self._site.log(), self._site.stack.journal.begun[1]
        log["at"] += since - struck
        return log[log["at"] > 0]

    def _users(self, struck: float) -> dict[str, float]:
        """When the first request sent after the incident got no good answer."""
        ends = (
            sent + request.latency - struck
            for _, sent, request in self._crowd.requests()
            if sent + request.latency > struck
            and (score.cost(request, PATIENCE) or request.latency > SLOW)
        )
        first = min(ends, default=None)
        return {} if first is None else {USERS: max(0.0, first)}


def _rung(log: pd.DataFrame) -> dict[str, float]:
    found = ((name, alert.rings(log)) for name, alert in Drill.ALERTS.items())
    return {name: at for name, at in found if at is not None}
