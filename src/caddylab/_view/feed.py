"""What happens in a lab, as it happens, for whoever watches.

Everything comes from the records and from Caddy's log; only where a request is that Caddy has
not answered yet can be provisional, and says so. One thread collects the events thirty times a
second and hands them over in batches. While nobody watches there is no thread and no cost.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from caddylab._caddy.adapted.balancing import setting
from caddylab._caddy.running.journal import Journal
from caddylab._caddy.running.log import (
    Closing,
    FailedCheck,
    Handling,
    Line,
    Refusal,
    RoundTrip,
    Selection,
)
from caddylab._engine.ledger import Ledger
from caddylab._machine.steady import Steady
from caddylab._records import UNSENT, Answerer, Attempt, Outcome, Request
from caddylab._view import tape
from caddylab._view.passed_checks import Checks, PassedCheck
from caddylab._view.tape import Event
from caddylab._view.watched import Watched
from caddylab._view.whereabouts import Place, Whereabouts

PERIOD = 1 / 30
MOST = 100_000
"""So many events are kept for those who come later."""

HOLD = 0.25
"""Seconds for which the end of a request waits for Caddy's log to say who answered."""

PATIENCE = 3.0
"""Seconds to wait for Caddy's last words on a request that is over for its client."""

Watcher = Callable[[float, list[Event]], None]


@dataclass(slots=True)
class _Open:
    """A request that is not over, for its client or for Caddy."""

    key: int
    request: Request
    sent: float
    known: set[float] = field(default_factory=set)
    last_end: float = 0.0
    over: float | None = None
    told: Event = field(default_factory=list)


@dataclass(slots=True)
class _Followed:
    run: Ledger
    late: bool
    open: dict[int, _Open] = field(default_factory=dict)
    cursor: int = 0
    begun: bool = False


class Feed:
    """The events of one lab.

    Args:
        journal: what Caddy's log says.
        backends: what we made of them.
        config: gives the configuration that Caddy runs.

    Attributes:
        zero: the Unix time that the events' times count from.
    """

    def __init__(
        self, journal: Journal, backends: Sequence[Watched], config: Callable[[], dict[str, Any]]
    ) -> None:
        self._journal, self._backends, self._config = journal, backends, config
        self._watchers: list[Watcher] = []
        self._lock = threading.Lock()
        self._collector: Steady | None = None
        self._history: deque[Event] = deque(maxlen=MOST)
        self._keys = 0
        self.zero = time.time()

    def watch(self, watcher: Watcher, runs: Iterable[Ledger] = ()) -> None:
        """Call `watcher(now, events)` from the feed's thread, at first with what is so now.

        Args:
            watcher: must be quick; `now` is seconds after `zero`.
            runs: what is being sent already, for the first one who watches.
        """
        with self._lock:
            if not self._watchers:
                self._begin(runs)
            watcher(self._now(), list(self._history))
            self._watchers = [*self._watchers, watcher]
            if self._collector is None:
                self._collector = Steady("caddylab-feed", self._hand_out, lambda: PERIOD)
                self._collector.start()
                self._checks = Checks(self._backends, lambda: self._stage, self._lines.append)

    def unwatch(self, watcher: Watcher) -> None:
        """Watch no longer."""
        self._watchers = [other for other in self._watchers if other != watcher]
        if not self._watchers:
            self.close()

    def follow(self, run: Ledger) -> None:
        """Show this run, too; does nothing while nobody watches."""
        if self._watchers:
            self._new.append(_Followed(run, late=False))

    def repeat(self, watcher: Watcher) -> None:
        """Tell everything once more, from when somebody began to watch."""
        with self._lock:
            watcher(self._now(), list(self._history))

    def history(self) -> list[Event]:
        """The events since somebody began to watch."""
        return list(self._history)

    def waiting(self) -> dict[int, int]:
        """By the `id()` of its record, at which backend a request is that is under way.

        As far as that can be told, and only while somebody watches.
        """
        if not self._watchers:
            return {}
        with self._lock:
            places = [(item, self._where.place(item.key)) for item in self._by_key.values()]
        known = ((item, place.backend) for item, place in places if place)
        return {id(item.request): backend for item, backend in known if backend}

    def close(self) -> None:
        """End the thread. Safe to call twice."""
        self._watchers = []
        self._journal.listen(None)
        collector, self._collector = self._collector, None
        if collector:
            collector.close()
            self._checks.close()

    # --- on the feed's thread ------------------------------------------------------------

    def _begin(self, runs: Iterable[Ledger]) -> None:
        self._lines: deque[Line | PassedCheck] = deque()
        self._new = deque(_Followed(run, late=True) for run in runs)
        self._runs: dict[str, _Followed] = {}
        self._by_key: dict[int, _Open] = {}
        self._where = Whereabouts(self._moved)
        self._failures: dict[int, deque[float]] = defaultdict(lambda: deque(maxlen=100))
        self._shown: dict[int, tuple[str, str, float | None]] = {}
        self._loaded: dict[str, Any] | None = None
        self._events: list[Event] = []
        self._history.clear()
        self._journal.listen(self._lines.append)
        self._collect()

    def _hand_out(self) -> None:
        with self._lock:
            if batch := self._collect():
                now = self._now()
                for watcher in self._watchers:
                    watcher(now, batch)

    def _collect(self) -> list[Event]:
        """What is new. Lines first: the request that a line is about is in the records then."""
        lines = [self._lines.popleft() for _ in range(len(self._lines))]
        self._look_at_caddy()
        self._look_at_runs()
        for line in lines:
            self._read(line)
        self._look_at_answers()
        batch, self._events = self._events, []
        self._history += batch
        return batch

    def _now(self) -> float:
        return time.time() - self.zero

    def _tell(self, event: Event) -> None:
        self._events.append(event)

    def _look_at_runs(self) -> None:
        for _ in range(len(self._new)):
            followed = self._new.popleft()
            self._runs[followed.run.id] = followed
        for followed in self._runs.values():
            if followed.run.launched.is_set():
                self._look_at(followed)

    def _look_at(self, followed: _Followed) -> None:
        run = followed.run
        if not followed.begun:
            followed.begun = True
            self._tell(tape.begun(run.began - self.zero, run))
        for n in range(followed.cursor, len(run.requests)):
            self._meet(followed, run.requests[n])
            followed.cursor = n + 1

    def _meet(self, followed: _Followed, request: Request) -> None:
        assert request.sent is not None
        self._keys += 1
        sent = followed.run.began + request.sent
        new = _Open(self._keys, request, sent)
        followed.open[request.n] = self._by_key[new.key] = new
        self._tell(tape.sent(sent - self.zero, new.key, request))
        if followed.late:
            for attempt in list(request.attempts):
                self._end(new, attempt)
        self._where.sent(new.key, sent)

    def _look_at_answers(self) -> None:
        for followed in list(self._runs.values()):
            for n, item in list(followed.open.items()):
                if item.request.outcome is not Outcome.PENDING:
                    closed = self._is_closed(item)  # before it is told, so that all of it is told
                    self._settle(item)
                    if closed:
                        self._where.closed(item.key)
                        del followed.open[n], self._by_key[item.key]
            if followed.begun and followed.run.done.is_set() and not followed.open:
                del self._runs[followed.run.id]

    def _settle(self, item: _Open) -> None:
        """Tell how it ended, and tell it again if the log then knows better who answered."""
        if item.over is None:
            item.over = time.time()
        known = item.request.answerer is not Answerer.UNKNOWN
        if known or time.time() - item.over > HOLD:
            when = item.sent + item.request.duration - self.zero
            said = tape.done(when, item.key, item.request)
            if said != item.told:
                self._tell(said)
                item.told = said

    def _is_closed(self, item: _Open) -> bool:
        """Whether Caddy's log will say no more about it."""
        request = item.request
        told = all(attempt.start in item.known for attempt in request.attempts)
        waited = item.over is not None and time.time() - item.over > PATIENCE
        return (request.complete and told) or request.outcome in UNSENT or waited

    # --- Caddy's log -----------------------------------------------------------------------

    def _read(self, line: Line | PassedCheck) -> None:
        if isinstance(line, PassedCheck):
            self._check(line.time, line.backend, True)
            return
        if isinstance(line, Closing):
            if item := self._find(line.id):
                self._where.closed(item.key)
            return
        if isinstance(line, Refusal | Handling):
            return
        backend = self._journal.backend_at(line.upstream)
        if isinstance(line, Selection):
            self._where.selected(backend, line.time)
        elif isinstance(line, RoundTrip):
            self._read_round_trip(line, backend)
        elif isinstance(line, FailedCheck) and backend is not None:
            self._check(line.time, backend, False, line.reason)

    def _read_round_trip(self, line: RoundTrip, backend: int | None) -> None:
        item = self._find(line.id)
        end = line.start + line.duration
        if tape.is_failure(line.error) and backend is not None:
            self._failures[backend].append(end)
        again = line.status is None or line.status >= 400
        self._where.ended(item.key if item else None, backend, line.start, end, again)
        if item:
            self._end(item, Attempt(
                line.upstream, line.start, line.duration, backend, line.status, line.error
            ))  # fmt: skip

    def _check(self, when: float, backend: int, passed: bool, why: str = "") -> None:
        self._tell(["c", round(when - self.zero, 4), backend, passed, why])

    def _find(self, request_id: str) -> _Open | None:
        run_id, _, n = request_id.rpartition("-")
        followed = self._runs.get(run_id)
        return followed.open.get(int(n)) if followed else None

    def _end(self, item: _Open, attempt: Attempt) -> None:
        if attempt.start not in item.known:
            item.known.add(attempt.start)
            item.last_end = attempt.start + attempt.duration
            self._tell(tape.ended(self.zero, item.key, attempt))

    def _moved(self, key: int, place: Place | None) -> None:
        item = self._by_key.get(key)
        if item is None or item.request.complete or (place and place.time < item.last_end):
            return  # what has ended is told with its end
        when = place.time - self.zero if place else item.sent - self.zero
        backend, certain = (place.backend, place.certain) if place else (None, False)
        self._tell(["a", round(when, 4), key, backend, certain])

    # --- backends and configuration --------------------------------------------------------

    def _look_at_caddy(self) -> None:
        config = self._config()
        if config is not self._loaded:
            self._loaded = config
            self._stage = setting(config, len(self._backends), self._journal.backend_at)
            self._failures.clear()
            self._tell(tape.loaded(self._now(), self._stage))
        for backend in self._backends:
            spans = backend.suffered
            state = tape.describe(spans) if backend.candid else tape.HIDDEN
            shown = (state, *self._opinion(backend.number))
            if self._shown.get(backend.number) != shown:
                self._shown[backend.number] = shown
                self._tell(tape.changed(self._now(), backend.number, *shown))

    def _opinion(self, backend: int) -> tuple[str, float | None]:
        """Caddy's opinion, and when it will forget the failures that it remembers."""
        now = self._journal.opinions.of(backend)
        until = tape.forgotten(self._failures[backend], now, self._stage)
        return self._journal.opinion(backend), None if until is None else until - self.zero
