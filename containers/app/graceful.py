"""Servers that end without losing a connection that has just come."""

from __future__ import annotations

import asyncio
import contextlib
import selectors
import socket
from collections.abc import Iterable
from typing import Any

import uvicorn

GLANCE = 0.05
"""Seconds between two looks for connections that do not know yet that the server ends."""
QUEUE = 0.5
"""Seconds that connections which wait to be accepted are given at most."""


class Graceful(uvicorn.Server):
    """uvicorn, without its races between the last connections and the end.

    uvicorn tells each connection once that it must not be kept alive. One that is accepted in that
    very moment is not told; a proxy goes on using it, and the server waits for it for ever. One
    whose first request is still on its way is closed, and that request is lost.
    """

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept no new connections; return once the requests under way are finished."""
        await empty_queue(each for server in self.servers for each in server.sockets)
        connections = self.server_state.connections
        fresh = {each for each in connections if is_fresh(each)}
        connections -= fresh
        told = set(connections)
        ending = asyncio.create_task(super().shutdown(sockets))
        await asyncio.sleep(0)  # now it has told the others
        connections |= {each for each in fresh if not each.transport.is_closing()}
        while not ending.done():
            await asyncio.wait([ending], timeout=GLANCE)
            for late in set(connections) - told:
                late.shutdown()
                told.add(late)
        await ending


def end_idle(server: uvicorn.Server) -> None:
    """Accept no new connections, and close the idle ones."""
    for listening in server.servers:
        listening.close()
    for connection in list(server.server_state.connections):
        if not is_fresh(connection):
            connection.shutdown()


def is_fresh(connection: Any) -> bool:
    """Whether a connection has not brought a request yet."""
    return getattr(connection, "cycle", connection) is None


async def empty_queue(listening: Iterable[Any]) -> None:
    """Accept who waits at sockets that asyncio listens on, and then nobody any more.

    asyncio drops a connection that it has accepted in the turn in which its server is closed, and
    the system resets those that have not been accepted.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + QUEUE
    with selectors.DefaultSelector() as waiting:
        for each in listening:
            if each.fileno() != -1:
                waiting.register(each, selectors.EVENT_READ)
        while waiting.get_map() and waiting.select(0) and loop.time() < end:
            await asyncio.sleep(0)
        for key in list(waiting.get_map().values()):
            with contextlib.suppress(NotImplementedError):  # Windows
                loop.remove_reader(key.fd)
    for _ in range(3):  # turns until a connection that was accepted is its server's
        await asyncio.sleep(0)
