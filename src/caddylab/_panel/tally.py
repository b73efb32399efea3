"""Counting a run while it goes on, in a time that does not grow with what is counted."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from caddylab._records import Answerer, Outcome, Request

if TYPE_CHECKING:
    from caddylab._traffic.traffic import Traffic


class _Sum:
    """What some requests add up to."""

    def __init__(self) -> None:
        self.pending = self.failed = self.cancelled = self.pages = 0
        self.answered: Counter[int] = Counter()

    def add(self, request: Request) -> None:
        """Count one that has ended, or is pending."""
        if request.outcome is Outcome.PENDING:
            self.pending += 1
            return
        good = request.outcome is Outcome.OK
        self.cancelled += request.outcome is Outcome.CANCELLED
        self.failed += not good and request.outcome is not Outcome.CANCELLED
        self.pages += good and request.answerer is Answerer.CADDY
        if request.answered_by is not None:
            self.answered[request.answered_by] += 1


class Tally:
    """What has come of a run so far.

    A request that has ended is counted for good once Caddy's log tells who answered it; until
    then it counts as what its answer claims.

    Attributes:
        traffic: the run.
        sent: how many requests have left.
    """

    def __init__(self, traffic: Traffic) -> None:
        self.traffic = traffic
        self.sent = 0
        self._known, self._now = _Sum(), _Sum()
        self._rest: list[Request] = []

    @property
    def in_flight(self) -> int:
        """How many are sent and not yet answered."""
        return self._now.pending

    @property
    def failed(self) -> int:
        """How many did not end well for their client."""
        return self._known.failed + self._now.failed

    @property
    def cancelled(self) -> int:
        """How many Stop has cut; they are not among the failed."""
        return self._known.cancelled + self._now.cancelled

    @property
    def pages(self) -> int:
        """How many Caddy answered well with a page of its own."""
        return self._known.pages + self._now.pages

    @property
    def answered(self) -> Counter[int]:
        """How many each backend answered, by its number."""
        return self._known.answered + self._now.answered

    def update(self) -> None:
        """Count what has ended since."""
        new = self.traffic.requests[self.sent :]
        self.sent += len(new)
        looked_at, self._rest, self._now = [*self._rest, *new], [], _Sum()
        for request in looked_at:
            known = request.outcome is not Outcome.PENDING
            known = known and request.answerer is not Answerer.UNKNOWN
            (self._known if known else self._now).add(request)
            self._rest += [] if known else [request]
