"""What happens in a game, step by step, while the clock runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from caddylab._gameday.incidents import Incident
from caddylab._gameday.on_call import OnCall


class Plot:
    """Makes the incidents of one game happen.

    Args:
        site: the site that they happen to.
        incidents: what happens, and when.
        seconds: how long the game lasts; nothing happens afterwards.
    """

    def __init__(self, site: OnCall, incidents: Iterable[Incident], seconds: float) -> None:
        self._seconds = seconds
        self._scripts = [(i.at, i.scenario.script(site, i.backend)) for i in incidents]

    def go_on(self, played: float) -> None:
        """Make everything happen that is due after so many seconds."""
        self._scripts = [self._step(played, due, script) for due, script in self._scripts]

    def _step(
        self, played: float, due: float, script: Iterator[float]
    ) -> tuple[float, Iterator[float]]:
        if due > played or played >= self._seconds:
            return due, script
        return played + next(script, self._seconds), script
