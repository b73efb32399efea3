"""The state of Caddy and of each backend, and what has changed since the last report."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence

from caddylab._caddy.adapted.balancing import Setting
from caddylab._caddy.running.journal import Journal
from caddylab._records import NAME_SERVER, Span
from caddylab._view import tape
from caddylab._view.tape import Event
from caddylab._view.watched import Watched


class Conditions:
    """The configuration in force, what we made of each backend, and what Caddy thinks of it.

    Args:
        journal: knows Caddy's opinions.
        backends: the backends with their faults.
        names: returns the faults in force of the name server.
        stage: returns the configuration in force, as far as a picture needs it.
        zero: the Unix time that the events' times count from.

    Attributes:
        stage: the configuration that was reported last.
    """

    def __init__(
        self,
        journal: Journal,
        backends: Sequence[Watched],
        names: Callable[[], Sequence[Span]],
        stage: Callable[[], Setting],
        zero: float,
    ) -> None:
        self._journal, self._backends, self._now_set, self._zero = journal, backends, stage, zero
        self._names, self._named = names, tape.names(0.0, [])
        self._failures: dict[int, deque[float]] = defaultdict(lambda: deque(maxlen=100))
        self._shown: dict[int, tuple[str, str, float | None]] = {}
        self.stage = Setting(backends=0)

    def failed(self, backend: int, when: float) -> None:
        """An attempt has failed at a backend, which Caddy may remember; `when` is Unix time."""
        self._failures[backend].append(when)

    def news(self) -> Iterator[Event]:
        """What has changed."""
        stage = self._now_set()
        if stage is not self.stage:
            self.stage = stage
            self._failures.clear()
            yield tape.loaded(self._now(), self.stage)
        faults = self._names()
        yield from self._news_of_names([f for f in faults if f.backend == NAME_SERVER])
        for backend in self._backends:
            spans = [*backend.suffered, *(f for f in faults if f.backend == backend.number)]
            state = tape.describe(spans) if backend.candid else tape.HIDDEN
            shown = (state, *self._opinion(backend.number))
            if self._shown.get(backend.number) != shown:
                self._shown[backend.number] = shown
                yield tape.changed(self._now(), backend.number, *shown)

    def _news_of_names(self, faults: Sequence[Span]) -> Iterator[Event]:
        event = tape.names(self._now(), faults)
        if event[2] != self._named[2]:
            self._named = event
            yield event

    def _opinion(self, backend: int) -> tuple[str, float | None]:
        """Caddy's opinion, and when it will forget the failures that it remembers."""
        now = self._journal.opinions.of(backend)
        until = tape.forgotten(self._failures[backend], now, self.stage)
        return self._journal.opinion(backend), None if until is None else until - self._zero

    def _now(self) -> float:
        return time.time() - self._zero
