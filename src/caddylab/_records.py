"""What happened: requests, their attempts, and meanwhile the faults and Caddy's opinions.

Records know nothing of runtimes or notebooks. Times are seconds; `planned`, `sent`,
`start` and the like are Unix time unless they say otherwise.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum


class Answerer(StrEnum):
    """Who gave the answer that a client got. One place decides it: `_caddy/answer`."""

    BACKEND = "backend"
    """A backend; Caddy has passed its answer on as it was."""
    CADDY = "caddy"
    """Caddy on purpose: a page, a redirect, an answer in place of a backend's."""
    NO_BACKEND = "caddy, for want of a backend"
    """Caddy's own 502, 503 or 504."""
    NOBODY = "nobody"
    """No handler took the request: Caddy sends an empty 200."""
    NONE = "no answer"
    """The client got none: refused, cut off, or given up."""
    UNKNOWN = "unknown"
    """Not known yet: Caddy's log does not say."""


NAMES = {
    Answerer.BACKEND: "a backend",
    Answerer.CADDY: "Caddy's own page",
    Answerer.NO_BACKEND: "Caddy itself",
    Answerer.NOBODY: "nobody",
    Answerer.NONE: "no answer",
    Answerer.UNKNOWN: "not known",
}
"""The words for answerers wherever a person reads them; a backend mostly goes by its number."""


class Outcome(StrEnum):
    """How a request ended, as its client saw it; and whether anybody answered it at all."""

    OK = "ok"
    NOBODY = "nobody"
    REFUSED = "connect refused"
    TLS = "no TLS"
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


UNANSWERED = frozenset(
    (
        Outcome.REFUSED, Outcome.TLS, Outcome.RESET, Outcome.TIMEOUT, Outcome.CANCELLED,
        Outcome.PENDING,
    )
)  # fmt: skip
"""The outcomes of a request whose client got no answer, or only a part of one."""

UNSENT = frozenset((Outcome.REFUSED, Outcome.TLS))
"""The outcomes of a request that never left its client: Caddy's log has no line about it."""


@dataclass(slots=True)
class Attempt:
    """One try by Caddy to get a request answered by one upstream.

    Read from Caddy's `upstream roundtrip` log line, which is written when the attempt ends.
    `upstream` is the address that Caddy dialled, `start` Unix time and `duration` seconds.
    `backend` is None for an upstream that is no backend of the lab. `status` is None, and `error`
    says why, for an attempt that brought no answer.
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
    time from `sent` to the outcome. `attempts` is what Caddy's log says. `complete` turns true
    with Caddy's closing (access) line for the request; Caddy writes the attempts before it.
    `again` says how often its client had sent the same before. `status` is None, and `error` says
    why, where no answer came; `body` is the beginning of the answer's text.
    `source` is then who answered, by Caddy's log. `claimed` is the answer's `X-Backend`
    header, which is no proof: it counts only for as long as the log has not been read.
    """

    n: int
    client: int
    planned: float
    sent: float | None = None
    duration: float = 0.0
    outcome: Outcome = Outcome.PENDING
    status: int | None = None
    claimed: int | None = None
    body: str = ""
    error: str = ""
    complete: bool = False
    attempts: list[Attempt] = field(default_factory=list)
    source: Answerer = Answerer.UNKNOWN
    again: int = 0

    @property
    def answerer(self) -> Answerer:
        """Who gave the answer that the client got."""
        return Answerer.NONE if self.outcome in UNANSWERED else self.source

    @property
    def answered_by(self) -> int | None:
        """The number of the backend that answered; None if none did."""
        answerer = self.answerer
        if answerer is Answerer.UNKNOWN or self.outcome is Outcome.PENDING:
            return self.claimed
        if answerer is Answerer.BACKEND:
            for attempt in reversed(self.attempts):
                if attempt.status == self.status and attempt.backend is not None:
                    return attempt.backend
        return None

    @property
    def good(self) -> bool:
        """Whether a backend answered, below 400, and the client got just that."""
        return self.answerer is Answerer.BACKEND and self.outcome is Outcome.OK

    def judge(self, outcome: Outcome | None = None, source: Answerer | None = None) -> None:
        """Note the `outcome` for the client, or the answer's `source`, whichever is known first.

        The client cannot tell an answer that no handler gave from any other 200.
        """
        # The engine's thread reports the one and the journal's the other, perhaps at the same time:
        # each writes only what it knows, and whoever comes last sees both.
        if outcome:
            self.outcome = outcome
        if source:
            self.source = source
        if self.source is Answerer.NOBODY and self.outcome is Outcome.OK:
            self.outcome = Outcome.NOBODY

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


CHANCE = 2
"""Of a run, so many requests may be `passed_over`; of more, it is no chance."""


def passed_over(requests: Collection[Request]) -> int:
    """How many of a run's requests found nobody for their next try, though a backend was well.

    Each look of each request moves round robin's one counter, so of several that look in the same
    instant one may see only who is left out. All others got further, and tried more often.
    """
    most = max((len(request.attempts) for request in requests if request.good), default=0)
    lost = [request for request in requests if not request.good]
    few = len(lost) <= CHANCE and all(0 < len(request.attempts) < most for request in lost)
    return len(lost) if few and all(r.attempts[-1].status is None for r in lost) else 0


LIVES = "open"


@dataclass(slots=True)
class Held:
    """A WebSocket or a streamed answer: when it was opened, what came, and how it ended.

    `opened` is None for one that was refused. `frames` counts the messages, or the pieces of the
    answer. `ended` is "open" as long as it lives. `claimed` is the backend that the answer named.
    Times are Unix time.
    """

    n: int
    client: int
    kind: str
    begun: float
    opened: float | None = None
    frames: int = 0
    ended: str = LIVES
    end: float | None = None
    claimed: int | None = None

    @property
    def lasted(self) -> float | None:
        """Seconds from the opening to the end; None for one that lives, or was refused."""
        return None if self.opened is None or self.end is None else self.end - self.opened


NAME_SERVER = 0
"""Stands for a backend's number in the record of a fault of the lab's name server."""


@dataclass(slots=True)
class Span:
    """Something that was so for a while, from `start` to `end` (Unix time; None = still is).

    Used for the faults that we made (`kind` such as "killed"; the `backend` may be `NAME_SERVER`)
    and for Caddy's opinion of a backend (`kind` such as "unhealthy" or "failed"). `proxy` names
    those of Caddy's proxies that hold the opinion, where others differ. `detail` says more of a
    fault, such as "2 s".
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
