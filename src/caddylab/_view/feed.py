"""What happens in a lab, as it happens, for whoever watches.

One thread collects the events thirty times a second and hands them over in batches. While nobody
watches there is no thread and no cost.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from caddylab._caddy.adapted.balancing import Setting
from caddylab._caddy.running.journal import Journal
from caddylab._engine.ledger import Ledger
from caddylab._machine.steady import Steady
from caddylab._records import Span
from caddylab._view.narrator import Narrator
from caddylab._view.passed_checks import Checks
from caddylab._view.tape import Event, closed
from caddylab._view.watched import Watched

PERIOD = 1 / 30
MOST = 100_000
"""How many events are kept for watchers who come later."""

Watcher = Callable[[float, list[Event]], None]


class Feed:
    """The events of one lab.

    Args:
        journal: what Caddy's log says.
        backends: the backends with their faults.
        names: returns the faults in force of the name server.
        stage: returns the configuration in force, as far as a picture needs it.

    Attributes:
        zero: the Unix time that the events' times count from.
    """

    def __init__(
        self,
        journal: Journal,
        backends: Sequence[Watched],
        names: Callable[[], Sequence[Span]],
        stage: Callable[[], Setting],
    ) -> None:
        self._journal, self._backends, self._names, self._stage = journal, backends, names, stage
        self._watchers: list[Watcher] = []
        self._lock = threading.Lock()
        self._collector: Steady | None = None
        self._history: deque[Event] = deque(maxlen=MOST)
        self.zero = time.time()

    def watch(self, watcher: Watcher, runs: Iterable[Ledger] = ()) -> None:
        """Call `watcher(now, events)` from the feed's thread, at first with the present state.

        Args:
            watcher: must be quick; `now` is seconds after `zero`.
            runs: the runs under way, for the first watcher.
        """
        with self._lock:
            if not self.watched:
                self._begin(runs)
            watcher(self._now(), list(self._history))
            self._watchers = [*self._watchers, watcher]
            if self._collector is None:
                self._collector = Steady("caddylab-feed", self._hand_out, lambda: PERIOD)
                self._collector.start()
                told = self._narrator
                self._checks = Checks(self._backends, lambda: told.stage, told.hear)

    @property
    def watched(self) -> bool:
        """Whether anybody watches."""
        return bool(self._watchers)

    def unwatch(self, watcher: Watcher) -> None:
        """Stop watching."""
        self._watchers = [other for other in self._watchers if other != watcher]
        if not self.watched:
            self.close()

    def follow(self, run: Ledger) -> None:
        """Show this run, too; does nothing while nobody watches."""
        if self.watched:
            self._narrator.follow(run)

    def repeat(self, watcher: Watcher) -> None:
        """Send everything once more, since somebody began to watch."""
        with self._lock:
            watcher(self._now(), list(self._history))

    def history(self) -> list[Event]:
        """The events since somebody began to watch."""
        return list(self._history)

    def waiting(self) -> dict[int, int]:
        """The backend at which each request under way is, by the `id()` of its record.

        As far as that can be told, and only while somebody watches.
        """
        if not self.watched:
            return {}
        with self._lock:
            return self._narrator.waiting()

    def end(self) -> None:
        """Say that the lab is closed, and end. Safe to call twice."""
        with self._lock:
            now = self._now()
            for watcher in self._watchers:
                watcher(now, [closed(now)])
        self.close()

    def close(self) -> None:
        """End the thread. Safe to call twice."""
        self._watchers = []
        self._journal.listen(None)
        collector, self._collector = self._collector, None
        if collector:
            collector.close()
            self._checks.close()

    def _begin(self, runs: Iterable[Ledger]) -> None:
        self._history.clear()
        self._narrator = Narrator(
            self._journal, self._backends, self._names, self._stage, self.zero, runs
        )
        self._history += self._narrator.news()

    def _hand_out(self) -> None:
        with self._lock:
            if batch := self._narrator.news():
                self._history += batch
                now = self._now()
                for watcher in self._watchers:
                    watcher(now, batch)

    def _now(self) -> float:
        return time.time() - self.zero
