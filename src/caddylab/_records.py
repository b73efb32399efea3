"""What happened: one request, its attempts, the faults and Caddy's opinion beside them.

Records know nothing of runtimes or notebooks. Times are seconds; `planned`, `sent`,
`start` and the like are Unix time unless they say otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    """How a request ended, as its client saw it."""

    OK = "ok"
    REFUSED = "connect refused"
    RESET = "reset"
    TIMEOUT = "timeout"
    CLIENT_ERROR = "4xx"
    BAD_GATEWAY = "502"
    UNAVAILABLE = "503"
    GATEWAY_TIMEOUT = "504"
    SERVER_ERROR = "other 5xx"
    CANCELLED = "cancelled"
    PENDING = "pending"

    @classmethod
    def of(cls, status: int) -> Outcome:
        """The outcome that an HTTP status code stands for."""
        if status < 400:
            return cls.OK
        if status < 500:
            return cls.CLIENT_ERROR
        return {502: cls.BAD_GATEWAY, 503: cls.UNAVAILABLE, 504: cls.GATEWAY_TIMEOUT}.get(
            status, cls.SERVER_ERROR
        )


@dataclass(slots=True)
class Attempt:
    """One try of Caddy's to get a request answered by one upstream.

    Read from Caddy's `upstream roundtrip` log line, which is written when the attempt
    ends. `backend` is None for an upstream that is no backend of the lab.
    """

    upstream: str
    start: float
    duration: float
    backend: int | None = None
    status: int | None = None
    error: str = ""


@dataclass(slots=True)
class Request:
    """One thing that a client wanted, and what came of it.

    `n` counts from 1 in the order of planning. `planned` and `sent` are seconds after the
    beginning of the run; `sent` is None for a request that was never sent. `duration` is the
    time from `sent` to the outcome. `answered_by` is what the backend itself says in its
    answer's `X-Backend` header; `attempts` is what Caddy's log says. `complete` turns true
    with Caddy's closing (access) line for the request; Caddy writes the attempts before it.
    """

    n: int
    client: int
    planned: float
    sent: float | None = None
    duration: float = 0.0
    outcome: Outcome = Outcome.PENDING
    status: int | None = None
    answered_by: int | None = None
    body: str = ""
    error: str = ""
    complete: bool = False
    attempts: list[Attempt] = field(default_factory=list)

    @property
    def retries(self) -> int:
        """How often Caddy tried again."""
        return max(0, len(self.attempts) - 1)

    @property
    def latency(self) -> float:
        """Seconds from the actual send to the outcome."""
        return self.duration

    @property
    def latency_intended(self) -> float:
        """Seconds from the moment the request should have been sent to the outcome."""
        return self.duration if self.sent is None else self.sent + self.duration - self.planned


@dataclass(slots=True)
class Span:
    """Something that was so for a while, from `start` to `end` (Unix time; None = still is).

    Used for the faults that we made (`kind` such as "killed") and for Caddy's opinion of a
    backend (`kind` such as "unhealthy" or "failed"). `proxy` names those of Caddy's proxies that
    think so, where others think differently.
    """

    backend: int
    kind: str
    start: float
    end: float | None = None
    detail: str = ""
    proxy: str = ""

    @property
    def said(self) -> str:
        """What it is, in words."""
        return f"{self.kind} for {self.proxy}" if self.proxy else self.kind
