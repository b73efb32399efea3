"""Taking turns at a backend that handles only a few requests at a time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

FREE = contextlib.nullcontext()
"""The turn of a request that need not wait."""


class Full(Exception):
    """The queue is full, so the request is turned away."""


class Turns:
    """First come, first served; a request whose client has given up is handled all the same.

    Args:
        at_once: how many are handled at a time.
        takes: seconds that each of them takes.
        queue: how many may wait; None = any number.
    """

    def __init__(self, at_once: int, takes: float, queue: int | None) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._takes = takes
        self._room = None if queue is None else at_once + queue
        self._inside = 0

    @contextlib.asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Wait for a turn, and hold it for as long as the work takes.

        Raises:
            Full: too many are waiting already.
        """
        if self._room is not None and self._inside >= self._room:
            raise Full
        self._inside += 1
        try:
            async with self._free:
                await asyncio.sleep(self._takes)
                yield
        finally:
            self._inside -= 1
