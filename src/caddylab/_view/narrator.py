"""Tells what happens in a lab as events: from its records, from Caddy's log, from its backends.

Only the place of a request that Caddy has not answered yet can be provisional; the event says so.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from caddylab._caddy.adapted.balancing import Setting
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
from caddylab._records import UNSENT, Answerer, Attempt, Outcome, Request, Span
from caddylab._view import tape
from caddylab._view.conditions import Conditions
from caddylab._view.passed_checks import PassedCheck
from caddylab._view.tape import Event
from caddylab._view.watched import Watched
from caddylab._view.whereabouts import Place, Whereabouts

HOLD = 0.25
"""Seconds for which the end of a request waits for Caddy's log to say who answered."""

PATIENCE = 3.0
"""Seconds to wait for Caddy's last words on a request that is over for its client."""


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


class Narrator:
    """Tells the events of one lab since it was made.

    Args:
        journal: what Caddy's log says.
        backends: the backends with their faults.
        names: returns the faults in force of the name server.
        stage: returns the configuration in force, as far as a picture needs it.
        zero: the Unix time that the events' times count from.
        runs: the runs under way.
    """

    def __init__(
        self,
        journal: Journal,
        backends: Sequence[Watched],
        names: Callable[[], Sequence[Span]],
        stage: Callable[[], Setting],
        zero: float,
        runs: Iterable[Ledger],
    ) -> None:
        self._journal, self._zero = journal, zero
        self._conditions = Conditions(journal, backends, names, stage, zero)
        self._lines: deque[Line | PassedCheck] = deque()
        self._new = deque(_Followed(run, late=True) for run in runs)
        self._runs: dict[str, _Followed] = {}
        self._by_key: dict[int, _Open] = {}
        self._keys = 0
        self._where = Whereabouts(self._moved)
        self._events: list[Event] = []
        journal.listen(self._lines.append)

    def hear(self, check: PassedCheck) -> None:
        """Note that a check has passed, which Caddy's log does not mention."""
        self._lines.append(check)

    def follow(self, run: Ledger) -> None:
        """Report this run, too."""
        self._new.append(_Followed(run, late=False))

    @property
    def stage(self) -> Setting:
        """The configuration in force, as far as a picture needs it."""
        return self._conditions.stage

    def waiting(self) -> dict[int, int]:
        """The backend at which each request under way is, by the `id()` of its record."""
        places = [(item, self._where.place(item.key)) for item in self._by_key.values()]
        known = ((item, place.backend) for item, place in places if place)
        return {id(item.request): backend for item, backend in known if backend}

    def news(self) -> list[Event]:
        """The new events. Log lines are taken first: their requests are in the records by then."""
        lines = [self._lines.popleft() for _ in range(len(self._lines))]
        self._events += self._conditions.news()
        self._look_at_runs()
        for line in lines:
            self._read(line)
        self._look_at_answers()
        batch, self._events = self._events, []
        return batch

    def _tell(self, event: Event) -> None:
        self._events.append(event)

    # --- runs ----------------------------------------------------------------------------

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
            self._tell(tape.begun(run.began - self._zero, run))
        for n in range(followed.cursor, len(run.requests)):
            self._meet(followed, run.requests[n])
            followed.cursor = n + 1

    def _meet(self, followed: _Followed, request: Request) -> None:
        assert request.sent is not None
        self._keys += 1
        sent = followed.run.began + request.sent
        new = _Open(self._keys, request, sent)
        followed.open[request.n] = self._by_key[new.key] = new
        self._tell(tape.sent(sent - self._zero, new.key, request))
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
        """Report how it ended, and report it again if the log then says who really answered."""
        if item.over is None:
            item.over = time.time()
        known = item.request.answerer is not Answerer.UNKNOWN
        if known or time.time() - item.over > HOLD:
            when = item.sent + item.request.duration - self._zero
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
            self._conditions.failed(backend, end)
        again = line.status is None or line.status >= 400
        self._where.ended(item.key if item else None, backend, line.start, end, again)
        if item:
            self._end(item, Attempt(
                line.upstream, line.start, line.duration, backend, line.status, line.error
            ))  # fmt: skip

    def _check(self, when: float, backend: int, passed: bool, why: str = "") -> None:
        self._tell(["c", round(when - self._zero, 4), backend, passed, why])

    def _find(self, request_id: str) -> _Open | None:
        run_id, _, n = request_id.rpartition("-")
        followed = self._runs.get(run_id)
        return followed.open.get(int(n)) if followed else None

    def _end(self, item: _Open, attempt: Attempt) -> None:
        if attempt.start not in item.known:
            item.known.add(attempt.start)
            item.last_end = attempt.start + attempt.duration
            self._tell(tape.ended(self._zero, item.key, attempt))

    def _moved(self, key: int, place: Place | None) -> None:
        item = self._by_key.get(key)
        if item is None or item.request.complete or (place and place.time < item.last_end):
            return  # what has ended is told with its end
        when = place.time - self._zero if place else item.sent - self._zero
        backend, certain = (place.backend, place.certain) if place else (None, False)
        self._tell(["a", round(when, 4), key, backend, certain])
