"""What the records of a run are checked against: Caddy's log, the wire and the backends' diaries.

Each witness is read independently here and joined by `X-Request-Id`, while the lab joins by
connection. This works only for sites that leave that header alone and whose own pages name no
backend.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from wire_tap import Passed, Tap

from caddylab import Answerer, CaddylabError, Lab, Outcome
from caddylab._machine.waiting import poll
from caddylab._records import UNANSWERED, Request
from caddylab._traffic.traffic import Traffic

Said = tuple[Any, ...]
ALIKE = (Answerer.CADDY, Answerer.NO_BACKEND, Answerer.NOBODY)


class Log:
    """Every byte of Caddy's log that the lab reads, read a second time."""

    def __init__(self, lab: Lab, monkeypatch: Any) -> None:
        self.lines, self._rest, read = list[bytes](), b"", lab.stack.journal.read_log
        monkeypatch.setattr(lab.stack.journal, "read_log", lambda offset: self._keep(read(offset)))

    def _keep(self, data: bytes) -> bytes:
        *lines, self._rest = (self._rest + data).split(b"\n")
        self.lines += lines
        return data

    def take(self) -> tuple[dict[str, list[Said]], dict[str, list[Said]]]:
        """By id: what Caddy tried, and how it finished."""
        tried, closed = defaultdict[str, list[Said]](list), defaultdict[str, list[Said]](list)
        for entry in map(json.loads, filter(None, self.lines)):
            ids = entry.get("request", {}).get("headers", {}).get("X-Request-Id", [""])
            if entry["msg"] == "upstream roundtrip":
                tried[ids[0]].append((entry["upstream"], entry.get("status")))
            elif entry["msg"] in ("handled request", "NOP"):
                closed[ids[0]].append((entry["msg"], entry["status"]))
        self.lines.clear()
        return tried, closed


class Diaries:
    """What the backends say that they have executed, read before they can forget it.

    A backend that is killed loses what it has noted since it was last seen idle: `gaps` has these
    times, by backend.
    """

    def __init__(self, lab: Lab) -> None:
        self._lab, self._over, self._lock = lab, threading.Event(), threading.Lock()
        self._seen: dict[int, tuple[dict[str, Any] | None, int, float]] = {}
        self._executed = defaultdict[str, Counter[Said]](Counter)
        self.gaps = defaultdict[int, list[tuple[float, float]]](list)

    @contextlib.contextmanager
    def followed(self) -> Iterator[Diaries]:
        """Keep reading during the block."""
        thread = threading.Thread(target=self._follow, name="diaries", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._over.set()
            thread.join(30)

    def take(self) -> dict[str, Counter[Said]]:
        """What was executed since the last call, by id; all backends must be up."""
        for backend in self._lab.backends:
            assert poll(lambda backend=backend: self._read(backend), 15), f"{backend} is not done"
        with self._lock:
            taken, self._executed = self._executed, defaultdict(Counter)
        return taken

    def _follow(self) -> None:
        while not self._over.wait(0.1):
            for backend in self._lab.backends:
                with contextlib.suppress(CaddylabError):  # it is down or does not answer
                    self._read(backend)

    def _read(self, backend: Any) -> bool:
        """Read on; return whether the backend has finished everything it began."""
        with self._lock:
            return self._read_on(backend)

    def _read_on(self, backend: Any) -> bool:
        seen, since, quiet = self._seen.get(backend.number, (None, 0, 0.0))
        now = time.time()
        said = backend.diary(max(0, since - 1), timeout=1)
        if seen is None or said["requests"][:1] != [seen]:  # perhaps a new process
            said = backend.diary(0, timeout=1)
            self.gaps[backend.number].append((quiet, time.time()))
        else:
            said["requests"].pop(0)
        for seen in said["requests"]:
            self._executed[seen["id"] or ""][backend.number, seen["status"]] += 1
        quiet = quiet if said["running"] else now
        self._seen[backend.number] = (seen, said["next"], quiet)
        return not said["running"]

    def forgot(self, backend: int, when: float) -> bool:
        """Whether the backend may have forgotten what it did then."""
        return any(begin <= when <= end for begin, end in self.gaps[backend])


def by_log(lab: Lab, request: Request, tried: list[Said], closed: list[Said]) -> Iterator[Said]:
    """Where a record differs from Caddy's log."""
    if request.complete != (len(closed) == 1):
        yield "closed", closed
    if tried != [(a.upstream, a.status) for a in request.attempts]:
        yield "attempts", tried
    if closed and request.answerer is not Answerer.NONE:
        seen = _who(lab, closed[0], tried)
        if seen != (request.source, request.answered_by):
            yield "who, by the log", seen


def _who(lab: Lab, end: Said, attempts: list[Said]) -> Said:
    """Who answered, going by what these sites can do."""
    message, status = end
    if message == "NOP":
        return Answerer.NOBODY, None
    upstream, last = attempts[-1] if attempts else ("", None)
    if last == status:
        return Answerer.BACKEND, lab.stack.journal.backend_at(upstream)
    return (Answerer.CADDY if status == 200 else Answerer.NO_BACKEND), None


def by_wire(request: Request, passed: list[Passed]) -> Iterator[Said]:
    """Where a record differs from what went over the wire."""
    if not passed:
        if request.outcome not in UNANSWERED:
            yield "answered, and never on the wire", request.outcome
        return
    if len(passed) > 1:
        yield "sent more than once", len(passed)
    seen = passed[0]
    if request.outcome is Outcome.REFUSED:
        yield "refused, and on the wire", seen
    elif request.outcome is Outcome.RESET and (seen.whole or not seen.cut.startswith("server")):
        yield "reset, which the wire does not show", seen
    elif request.outcome not in UNANSWERED:
        yield from _answer(request, seen)


def _answer(request: Request, seen: Passed) -> Iterator[Said]:
    if not seen.whole:
        yield "answered, and not whole on the wire", seen
    if request.status != seen.status:
        yield "status on the wire", seen.status
    if request.body != seen.body.decode("utf-8", "replace")[:200]:
        yield "body on the wire", seen.body
    if request.source is Answerer.BACKEND and request.answered_by != seen.backend:
        yield "backend on the wire", seen.backend
    if request.source in ALIKE and seen.backend is not None:
        yield "not a backend's, but the wire shows one", seen.backend
    if request.source is Answerer.NOBODY and (seen.status, seen.body) != (200, b""):
        yield "nobody's, but the wire shows something", seen


def by_diaries(request: Request, done: Counter[Said], diaries: Diaries) -> Iterator[Said]:
    """Where a record differs from what the backends did.

    A backend may have finished what Caddy gave up; it must have done what Caddy passed on.
    """
    left = Counter(done)
    for attempt in request.attempts:
        if attempt.status is None or attempt.backend is None:
            continue
        key = (attempt.backend, attempt.status)
        if not left[key] and not diaries.forgot(attempt.backend, attempt.start + attempt.duration):
            yield "an attempt that is in no diary", attempt
        left[key] -= 1
    given_up = Counter(a.backend for a in request.attempts if a.status is None)
    for (backend, _), times in left.items():
        given_up[backend] -= max(0, times)
    if request.complete and any(times < 0 for times in given_up.values()):
        yield "executed, and in no attempt", dict(done)


class Witnesses:
    """All three witnesses, for one run after another; without the wire if that is encrypted."""

    def __init__(self, lab: Lab, tap: Tap | None, log: Log, diaries: Diaries) -> None:
        self._lab, self._tap, self._log, self._diaries = lab, tap, log, diaries

    def hear(self) -> None:
        """Take what they have to say about the last run."""
        self.tried, self.closed = self._log.take()
        self.passed = self._tap.take() if self._tap else {}
        self.executed = self._diaries.take()

    def differences(self, traffic: Traffic) -> Iterator[Said]:
        """Where the records of that run disagree with one of them."""
        ids = set()
        for request in traffic.requests:
            ids.add(id := f"{traffic.run.id}-{request.n}")
            told = [
                *by_log(self._lab, request, self.tried.get(id, []), self.closed.get(id, [])),
                *(by_wire(request, self.passed.get(id, [])) if self._tap else ()),
                *by_diaries(request, self.executed.get(id, Counter()), self._diaries),
            ]
            if told:
                yield id, told, request
        for id in {*self.closed, *self.tried, *self.passed, *self.executed} - ids:
            if id.startswith(traffic.run.id):
                yield id, "sent and not recorded"
