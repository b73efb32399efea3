"""What users saw of one row: how many were answered, what went wrong for the others, how long."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from caddylab._engine.multiplexed import REFUSED
from caddylab._records import Attempt, Outcome, Request
from caddylab._survey.trial import WORDS, times, word
from caddylab._traffic.traffic import Traffic

SAFE = ("GET", "HEAD", "OPTIONS")
"""Methods of requests that may be sent twice."""
DIAL = ("dial ", "lookup ", "no such host", "connection refused")
"""Words in the error of an attempt that has not reached its backend."""
RESET = WORDS[Outcome.RESET]
LOST = 401
"""The status by which the backends say that they do not know a session."""


@dataclass(frozen=True)
class Askers:
    """The requests of one kind: "GET", "POST", "session", "WebSocket", "stream".

    Args:
        kind: what they are called in the table.
        total: how many there were.
        good: how many got a good answer, quick or slow.
        slow: how many of these had to wait for it.
        errors: what the others saw, and how many of them.
        under_way: how many of the others had reached a backend and must not be sent twice,
            and came before Caddy could know that they should not.
        slowest: the longest wait in seconds, whatever it ended with.
    """

    kind: str
    total: int
    good: int
    slow: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    under_way: int = 0
    slowest: float = 0.0

    @classmethod
    def of(
        cls, kind: str, runs: Sequence[Traffic], late: float, warned: Collection[Traffic] = ()
    ) -> Askers:
        """Count the requests of some runs.

        Args:
            kind: of the requests.
            runs: their records.
            late: seconds of waiting from which on a request counts as slow.
            warned: the runs that began when Caddy could already know what was wrong.
        """
        found = [(run, r) for run in runs for r in run.requests if _ended(r)]
        bad = [(run, r) for run, r in found if not good(r)]
        first = [(run, r) for run, r in bad if run not in warned]
        return cls(
            kind,
            len(found),
            len(found) - len(bad),
            sum(good(r) and r.latency >= late for _, r in found),
            Counter(word(r) for _, r in bad),
            sum(under_way(run.run.plan.method, r) for run, r in first),
            max((r.latency for _, r in found), default=0.0),
        )

    @property
    def bad(self) -> int:
        """How many got no good answer."""
        return self.total - self.good


def late(patience: float) -> float:
    """Seconds from which on users call an answer slow: half their patience."""
    return patience / 2


@dataclass(frozen=True)
class Seen:
    """What users saw of one row.

    Args:
        row: its name.
        groups: the requests, by their kinds.
        patience: seconds after which users gave up.
        lost: how many users lost their session.
        took: seconds that the trial took.
        runs: the records, for a closer look.
        trouble: why the row could not be tried; empty if it could.
        waits: whether it is in the row's nature that users wait.
        orders: whether Caddy can avert errors of orders (POST) that had reached a backend.
        reloads: whether a reload resets what is opened in that moment, whatever the Caddyfile says.
    """

    row: str
    groups: tuple[Askers, ...] = ()
    patience: float = 1.5
    lost: int = 0
    took: float = 0.0
    runs: tuple[Traffic, ...] = field(default=(), repr=False, compare=False)
    trouble: str = ""
    waits: bool = False
    orders: bool = False
    reloads: bool = False

    @property
    def total(self) -> int:
        """How many requests there were."""
        return sum(group.total for group in self.groups)

    @property
    def good(self) -> int:
        """How many of them got a good answer, quick or slow."""
        return sum(group.good for group in self.groups)

    @property
    def readers(self) -> Askers:
        """Those of them who only read (GET)."""
        none = Askers("GET", 0, 0)
        return next((group for group in self.groups if group.kind == none.kind), none)

    @property
    def bad(self) -> int:
        """How many got none."""
        return self.total - self.good

    @property
    def slow(self) -> int:
        """How many had to wait for a good answer, where waiting is not in the row's nature."""
        return 0 if self.waits else sum(group.slow for group in self.groups)

    @property
    def under_way(self) -> int:
        """How many of the bad ones were orders on their way, which nobody may send twice."""
        return 0 if self.orders else sum(group.under_way for group in self.groups)

    @property
    def reset(self) -> int:
        """How many of the bad ones a reload has reset, which nothing in the Caddyfile decides."""
        return self.errors[RESET] if self.reloads else 0

    @property
    def slowest(self) -> float:
        """The longest wait in seconds."""
        return max((group.slowest for group in self.groups), default=0.0)

    @property
    def sign(self) -> str:
        """✓ all well; ◐ some waited or went without; ✗ no good answer; – not tried."""
        if self.trouble or not self.total:
            return "–"
        if self.good == 0:
            return "✗"
        return "✓" if not (self.bad or self.slow or self.lost) else "◐"

    @cached_property
    def errors(self) -> Counter[str]:
        """What users without a good answer saw, and how many of them."""
        return sum((group.errors for group in self.groups), Counter())

    @property
    def answered(self) -> str:
        """How many were answered, kind by kind: "GET 24/24, POST 20/24"."""
        return ", ".join(f"{g.kind} {g.good}/{g.total}" for g in self.groups)

    @property
    def words(self) -> str:
        """What went wrong: "4 × 502, 2 slow, 1 session lost"; empty if nothing did."""
        if self.trouble:
            return self.trouble
        parts = [times(n, what) for what, n in sorted(self.errors.items())]
        parts += [f"{self.slow} slow"] if self.slow else []
        plural = "s" if self.lost > 1 else ""
        return ", ".join(parts + ([f"{self.lost} session{plural} lost"] if self.lost else []))

    @property
    def cost(self) -> tuple[int, int, int]:
        """What it cost the users, counting only what a Caddyfile could avert; smaller is better."""
        return max(0, self.bad - self.under_way - self.reset), self.lost, self.slow

    def record(self) -> dict[str, Any]:
        """It as JSON has it."""
        return {
            "row": self.row, "sign": self.sign, "total": self.total, "answered": self.good,
            "errors": dict(self.errors), "slow": self.slow, "lost_sessions": self.lost,
            "under_way": self.under_way, "slowest": round(self.slowest, 3),
            "kinds": {g.kind: {"total": g.total, "answered": g.good, "slow": g.slow,
                               "errors": dict(g.errors)} for g in self.groups},
            "seconds": round(self.took, 2), "not_tried": self.trouble,
        }  # fmt: skip

    def __repr__(self) -> str:
        said = f": {self.words}" if self.words else ""
        return f"{self.sign} {self.row}: {self.good} of {self.total} answered{said}"


def good(request: Request) -> bool:
    """Whether a backend gave the answer that was asked for, unchanged."""
    return request.good and request.status == 200


def under_way(method: str, request: Request) -> bool:
    """Whether it had reached a backend, and so must not be sent again."""
    return method not in SAFE and any(_reached(a) for a in request.attempts)


def _reached(attempt: Attempt) -> bool:
    return not any(said in attempt.error for said in DIAL)


def _ended(request: Request) -> bool:
    """Whether a user has seen the end of it: what a GOAWAY refuses a browser asks again unseen."""
    refused = request.error == REFUSED
    return not refused and request.outcome not in (Outcome.CANCELLED, Outcome.PENDING)


def lost(runs: Iterable[Traffic]) -> int:
    """How many users were told that their session is unknown."""
    return len({r.client for run in runs for r in run.requests if r.status == LOST})
