"""The lines of Caddy's log that are about a request, given to that request."""

from __future__ import annotations

import time
from collections.abc import Sequence

from caddylab._caddy.running.answer import who_answered
from caddylab._caddy.running.log import Closing, Handling, Ours, Refusal, RoundTrip
from caddylab._caddy.running.wire import Wire
from caddylab._records import Attempt, Request


class Joining:
    """Adds attempts and closing lines to the requests that were sent on their connections.

    Args:
        backends: the number of the backend behind each dial address.

    Attributes:
        wire: where runs note on which connection they send which request.
        to_itself: whether Caddy sends requests on to another of its own sites.
        rewritten: by run, what a backend was asked for where that is not what the client asked for.
    """

    def __init__(self, backends: dict[str, int]) -> None:
        self.wire, self.to_itself = Wire(), False
        self.rewritten: dict[str, str] = {}
        self._backends = backends
        self._runs: dict[str, Sequence[Request]] = {}
        self._tried: dict[str, list[RoundTrip]] = {}
        self._refused: dict[str, Refusal] = {}
        self._last_lines: dict[str, float] = {}

    @property
    def busy(self) -> bool:
        """Whether lines are expected."""
        return bool(self._runs)

    def begin(self, run_id: str, requests: Sequence[Request]) -> None:
        """Join to these requests from now on (request n stands at index n - 1)."""
        self._runs[run_id] = requests

    def requests(self, run_id: str) -> Sequence[Request]:
        """The requests of a run that has not ended here; else none."""
        return self._runs.get(run_id, ())

    def last_line(self, run_id: str) -> float:
        """When a line was joined to the run last (monotonic time); 0 if none was yet."""
        return self._last_lines.get(run_id, 0)

    def end(self, run_id: str) -> None:
        """Join nothing more to this run; requests that are not complete stay so."""
        for request in self._runs.pop(run_id, ()):
            if not request.complete:
                request.claimed = None  # a header alone is no proof
                self._forget(f"{run_id}-{request.n}")
        self._last_lines.pop(run_id, None)

    def join(self, line: Ours) -> None:
        """Give the line to its request; from then on the line's id is that request's, or empty."""
        found = self.wire.find(line.peer, line.id, self.to_itself)
        line.id = found.id if found else ""
        request = self._request(line.id)
        if found is None or request is None:
            return
        self._last_lines[line.id.rpartition("-")[0]] = time.monotonic()
        if isinstance(line, RoundTrip):
            request.attempts.append(attempt := self._attempt(line))
            if attempt.backend is not None:
                self._tried.setdefault(line.id, []).append(line)
        elif isinstance(line, Handling):
            self._handle(line, found.inner)
        elif found.inner:
            line.id = ""  # Caddy has finished a part of it, not the request itself
        elif isinstance(line, Refusal):
            self._refused[line.id] = line
        else:
            self._close(line, request)

    def _handle(self, line: Handling, inner: bool) -> None:
        for attempt in self._tried.get(line.id, [])[-1:]:
            attempt.handled, attempt.inner = True, inner

    def _request(self, id: str) -> Request | None:
        run_id, _, n = id.rpartition("-")
        requests = self._runs.get(run_id)
        return requests[int(n) - 1] if requests else None

    def _close(self, line: Closing, request: Request) -> None:
        tried, refused = self._tried.get(line.id, []), self._refused.get(line.id)
        request.judge(source=who_answered(line, tried, refused))
        for other in [attempt.asked for attempt in tried if attempt.asked != line.asked]:
            self.rewritten[line.id.rpartition("-")[0]] = f"{other}, and not {line.asked}"
        request.complete = True
        self._forget(line.id)

    def _forget(self, id: str) -> None:
        self.wire.closed(id)
        self._tried.pop(id, None)
        self._refused.pop(id, None)

    def _attempt(self, line: RoundTrip) -> Attempt:
        backend = self._backends.get(line.upstream)
        return Attempt(line.upstream, line.start, line.duration, backend, line.status, line.error)
