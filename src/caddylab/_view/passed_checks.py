"""The active health checks that passed: Caddy's log mentions only those that failed."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from caddylab._caddy.adapted.balancing import Setting
from caddylab._errors import FaultError
from caddylab._machine.steady import Steady
from caddylab._view.watched import Watched

PERIOD = 0.5


@dataclass(slots=True)
class PassedCheck:
    """A backend has answered a check as Caddy wants it; `time` is Unix time."""

    backend: int
    time: float


class Checks:
    """Reads the backends' diaries for as long as it runs.

    Args:
        backends: the backends whose diaries to read.
        stage: gives the configuration in force; without checks nobody is asked.
        report: called with what was found, on a thread of our own.
    """

    def __init__(
        self,
        backends: Sequence[Watched],
        stage: Callable[[], Setting],
        report: Callable[[PassedCheck], None],
    ) -> None:
        self._backends, self._stage, self._report = backends, stage, report
        self._next: dict[int, int] = {}
        self._reader = Steady("caddylab-checks", self._look, lambda: PERIOD)
        self._reader.start()

    def close(self) -> None:
        """Stop reading."""
        self._reader.close()

    def _look(self) -> None:
        stage = self._stage()
        for backend in self._backends if stage.health_interval else ():
            if backend.responsive:
                with contextlib.suppress(FaultError):  # it went down just now
                    self._read(backend, stage)

    def _read(self, backend: Watched, stage: Setting) -> None:
        since = self._next.get(backend.number, sys.maxsize)  # at first only the "next" number
        diary = backend.diary(since)
        if diary["next"] < since < sys.maxsize:  # a new process with a new diary
            diary = backend.diary(0)
        self._next[backend.number] = diary["next"]
        for entry in diary["requests"]:
            if stage.passes(backend.number, entry):
                self._report(PassedCheck(backend.number, entry["start"]))
