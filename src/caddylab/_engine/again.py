"""Clients that retry after an error: when they send a request again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from caddylab._engine.plan import Plan
from caddylab._records import Outcome, Request

BAD = frozenset(
    (
        Outcome.REFUSED, Outcome.RESET, Outcome.TIMEOUT, Outcome.BAD_GATEWAY,
        Outcome.UNAVAILABLE, Outcome.GATEWAY_TIMEOUT, Outcome.SERVER_ERROR,
    )
)  # fmt: skip
"""What a second try may mend."""
TOO_MANY = 429
LATEST = 3600.0
"""Seconds: nobody here waits longer, whatever a `Retry-After` says."""


class Again:
    """Decides which requests of a plan are sent again, and has them sent when they are due.

    Args:
        plan: how often, how soon, and how many of all.
        loop: the engine's.
    """

    def __init__(self, plan: Plan, loop: asyncio.AbstractEventLoop) -> None:
        self._plan, self._loop = plan, loop
        self._coming: dict[int, asyncio.TimerHandle] = {}
        self._count = 0

    @property
    def coming(self) -> bool:
        """Whether a request is about to be sent again."""
        return bool(self._coming)

    def wants(self, request: Request, wanted: int) -> bool:
        """Whether its client sends it again.

        Args:
            request: one that has ended.
            wanted: how many different requests have been sent until now; the budget is a share.
        """
        if request.again >= self._plan.retries:
            return False
        if request.outcome not in BAD and request.status != TOO_MANY:
            return False
        budget = self._plan.budget
        return budget is None or self._count + 1 <= budget * wanted

    def schedule(self, request: Request, not_before: float, send: Callable[[], None]) -> float:
        """Have it sent again after a pause: twice as long each time, and never quite the same.

        Args:
            request: the one that has failed.
            not_before: seconds for which the server has asked.
            send: sends it.

        Returns:
            The pause in seconds.
        """
        pause = self._plan.backoff * float(2**request.again) * random.uniform(0.5, 1.5)
        pause = max(pause, min(not_before, LATEST))

        def due() -> None:
            del self._coming[request.n]
            send()

        self._count += 1
        self._coming[request.n] = self._loop.call_later(pause, due)
        return pause

    def give_up(self) -> None:
        """Cancel all that is due to be sent again."""
        for handle in self._coming.values():
            handle.cancel()
        self._coming.clear()
