"""One fault against one strategy: what the clients saw, in numbers and in words."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from caddylab._records import Answerer, Outcome, Request

if TYPE_CHECKING:
    from caddylab._traffic.traffic import Traffic

ASKED_FOR = 200
"""The status of every answer that a survey asks a backend for."""

WORDS = {
    Outcome.TIMEOUT: "gave up",
    Outcome.RESET: "cut off",
    Outcome.REFUSED: "refused",
    Outcome.TLS: "no TLS",
    Outcome.CANCELLED: "cancelled",
    Outcome.NOBODY: "answered by nobody",
}


@dataclass(frozen=True)
class Trial:
    """What came of one trial.

    Args:
        traffic: its records, for a closer look.
        patience: seconds after which its clients gave up; who waited for half of them or
            longer was served slowly.
    """

    traffic: Traffic
    patience: float

    @property
    def total(self) -> int:
        """How many requests the clients sent."""
        return len(self.traffic)

    @property
    def good(self) -> int:
        """How many of them got a good answer, quick or slow: a backend's, and not Caddy's own."""
        return sum(map(_good, self.traffic.requests))

    @property
    def slow(self) -> int:
        """How many got a good answer, but had to wait for it."""
        return sum(_good(r) and r.latency >= self.patience / 2 for r in self.traffic.requests)

    @property
    def slowest(self) -> float:
        """How long the longest wait was, in seconds, whatever it ended with."""
        return max(request.latency for request in self.traffic.requests)

    @property
    def sign(self) -> str:
        """✓ all well; ◐ some clients had to wait or went without; ✗ no good answer at all."""
        if self.good == 0:
            return "✗"
        return "✓" if self.good == self.total and not self.slow else "◐"

    @cached_property
    def trouble(self) -> str:
        """What went wrong, and how often, such as "4 × 502"; empty if nothing did."""
        seen = Counter(word(r) for r in self.traffic.requests if not _good(r))
        slow = [f"{self.slow} slow"] if self.slow else []
        return ", ".join([*(times(n, what) for what, n in sorted(seen.items())), *slow])

    def __repr__(self) -> str:
        share = f"{self.sign} {self.good} of {self.total}"
        return f"{share}: {self.trouble}" if self.trouble else share


def _good(request: Request) -> bool:
    return request.good and request.status == ASKED_FOR


def word(request: Request) -> str:
    """What a client without a good answer saw."""
    if said := WORDS.get(request.outcome):
        return said
    if request.answerer is Answerer.CADDY:
        return f"{request.status}{' with a page' if request.body else ''} of Caddy's own"
    unsure = " of who knows whom" if request.answerer is Answerer.UNKNOWN else ""
    return f"{request.status}{unsure}"


def times(n: int, what: str) -> str:
    """A count with its word: "4 × 502", "3 gave up"."""
    return f"{n} × {what}" if what[:1].isdigit() else f"{n} {what}"
