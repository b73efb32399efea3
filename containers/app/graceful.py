"""A uvicorn whose graceful end reaches every connection."""

from __future__ import annotations

import asyncio
import socket

import uvicorn

GLANCE = 0.05
"""Seconds between two looks for connections that do not know yet that the server ends."""


class Graceful(uvicorn.Server):
    """uvicorn, without its race between the last connections and the end.

    uvicorn tells each connection once that it must not be kept alive. One that is accepted in that
    very moment is not told; a proxy goes on using it, and the server waits for it for ever.
    """

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept no new connections; return once the requests under way are finished."""
        told = set(self.server_state.connections)
        ending = asyncio.create_task(super().shutdown(sockets))
        while not ending.done():
            await asyncio.wait([ending], timeout=GLANCE)
            for late in set(self.server_state.connections) - told:
                late.shutdown()
                told.add(late)
        await ending
