"""Turns of requests at a backend that works on few of them at a time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

FREE = contextlib.nullcontext()
"""The turn of a request that need not wait for one."""


class Full(Exception):
    """So many wait that one more is turned away."""


class Turns:
    """First come, first served; whoever has gone away meanwhile is worked on all the same.

    Args:
        at_once: how many are worked on at a time.
        takes: seconds that each of them takes.
        queue: how many may wait; None = all.
    """

    def __init__(self, at_once: int, takes: float, queue: int | None) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._takes = takes
        self._room = None if queue is None else at_once + queue
        self._inside = 0

    @contextlib.asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Wait for a turn, and work.

        Raises:
            Full: too many wait already.
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
