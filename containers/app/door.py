"""A backend's listener, which can change while the backend runs.

A backend starts with plain HTTP, or with what its file says, so that a restarted one is at once as
it was. The first server, which also handles signals, serves plain HTTP; anything else is served by
another server beside it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket

import uvicorn
from starlette.types import ASGIApp

from .binding import Address, bind
from .graceful import empty_queue, end_idle
from .listener import PLAIN, Listener, written
from .servers import BACKLOG, Serving, serve


class Door:
    """Where a backend is reached.

    Args:
        bound: a socket that is bound to the backend's own address but does not listen yet.
        file: the file that describes its listener; empty = always plain HTTP.

    Attributes:
        born: the listener as that file described it at the start.
    """

    def __init__(self, bound: socket.socket, file: str = "") -> None:
        self._address: Address = bound.getsockname()[:2]
        self._file = file
        self._first: uvicorn.Server | None = None
        self._serving: Serving | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self.born = written(file) if file else PLAIN
        self._present = self.born.present()
        self._sockets = [bound]
        if self._present != PLAIN:
            bound.close()

    @property
    def names(self) -> tuple[str, ...]:
        """The hosts served over TLS; none = all."""
        return self._present.names

    def run(self, server: uvicorn.Server) -> None:
        """Run until SIGTERM; `server` serves the app."""
        self._first = server
        server.run(sockets=self._sockets if self._present == PLAIN else [])

    async def begin(self, app: ASGIApp) -> None:
        """Serve the app, unless the first server does."""
        self._app = app
        if self._present != PLAIN:
            await self._open(self._present)

    async def renew(self) -> None:
        """Switch to the listener in the file; requests under way are finished on the old one."""
        wanted = written(self._file).present() if self._file else PLAIN
        if wanted != self._present:
            await self._leave()
            await self._open(wanted)

    async def close(self) -> None:
        """Accept no new connections; return once the requests under way are finished."""
        await self._leave()
        await asyncio.gather(*self._leaving)

    async def _leave(self) -> None:
        await empty_queue(self._sockets)
        serving, self._serving = self._serving, None
        if serving:
            serving.stop()
            task = asyncio.create_task(serving.finish())
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)
        elif self._first:
            end_idle(self._first)
        while any(bound.fileno() != -1 for bound in self._sockets):
            await asyncio.sleep(0.001)

    async def _open(self, wanted: Listener) -> None:
        self._sockets = [_listen_unix(wanted.unix)] if wanted.unix else [listen(self._address)]
        self._sockets += [listen(address) for address in wanted.also]
        self._serving = await serve(self._app, wanted, self._sockets)
        self._present = wanted


def listen(address: Address) -> socket.socket:
    """A socket that listens at an address, which the owner may have reserved by binding to it."""
    bound = bind(address)
    bound.listen(BACKLOG)
    return bound


def _listen_unix(path: str) -> socket.socket:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)  # left by a backend that was killed
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    bound.bind(path)
    bound.listen(BACKLOG)
    return bound
