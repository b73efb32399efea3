"""Counting a run while it goes on, in a time that does not grow with what is counted."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from caddylab._records import Outcome, Request

if TYPE_CHECKING:
    from caddylab._traffic.traffic import Traffic


class Tally:
    """What has come of a run so far.

    Attributes:
        traffic: the run.
        sent: how many requests have left.
        failed: how many did not end well for their client.
        cancelled: how many Stop has cut; they are not among the failed.
        answered: how many each backend answered, by its number.
    """

    def __init__(self, traffic: Traffic) -> None:
        self.traffic = traffic
        self.sent = self.failed = self.cancelled = 0
        self.answered: Counter[int] = Counter()
        self._open: list[Request] = []

    @property
    def in_flight(self) -> int:
        """How many are sent and not yet answered."""
        return len(self._open)

    def update(self) -> None:
        """Count what has ended since."""
        new = self.traffic.requests[self.sent :]
        self.sent += len(new)
        still_open = []
        for request in [*self._open, *new]:
            if request.outcome is Outcome.PENDING:
                still_open.append(request)
            else:
                self._count(request)
        self._open = still_open

    def _count(self, request: Request) -> None:
        self.cancelled += request.outcome is Outcome.CANCELLED
        self.failed += request.outcome not in (Outcome.OK, Outcome.CANCELLED)
        if request.answered_by is not None:
            self.answered[request.answered_by] += 1
