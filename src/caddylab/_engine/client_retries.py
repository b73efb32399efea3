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
"""Outcomes after which a second try may succeed."""
TOO_MANY = 429
LATEST = 3600.0
"""The longest wait in seconds, whatever a `Retry-After` says."""


class ClientRetries:
    """Decides which requests of a plan are sent again, and has them sent when they are due.

    Args:
        plan: how often to send again, after how long, and within which budget.
        loop: the engine's event loop.
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
        """Whether the request's client sends it again.

        Args:
            request: one that has ended.
            wanted: how many different requests were sent so far; the budget is a share of these.
        """
        if request.again >= self._plan.retries:
            return False
        if request.outcome not in BAD and request.status != TOO_MANY:
            return False
        budget = self._plan.budget
        return budget is None or self._count + 1 <= budget * wanted

    def schedule(self, request: Request, not_before: float, send: Callable[[], None]) -> float:
        """Have it sent again after a pause that doubles each time, with some jitter.

        Args:
            request: the one that has failed.
            not_before: the shortest pause in seconds, as the server asked for.
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
        """Cancel everything that waits to be sent again."""
        for handle in self._coming.values():
            handle.cancel()
        self._coming.clear()
