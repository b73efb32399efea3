"""The one door of a backend: what listens there can change while it runs.

A backend is born with plain HTTP, or with what its file says, so that one that is started again
is at once as it was. The first server, which also takes the signals, serves plain HTTP; whatever
else is asked for is served beside it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket

import uvicorn
from starlette.types import ASGIApp

from .binding import Address, bind
from .listener import PLAIN, Listener, written
from .servers import BACKLOG, Serving, end_idle, serve


class Door:
    """Where a backend is reached.

    Args:
        bound: a socket that is bound to the backend's own address, and does not listen yet.
        file: where its listener is written; empty = it is always plain HTTP.

    Attributes:
        born: what else stands in that file, of how the app is born.
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
        """The hosts that it serves over TLS; none = all."""
        return self._present.names

    def run(self, server: uvicorn.Server) -> None:
        """Be a backend until SIGTERM; `server` serves its app."""
        self._first = server
        server.run(sockets=self._sockets if self._present == PLAIN else [])

    async def begin(self, app: ASGIApp) -> None:
        """Serve the app, if that is not for the first server to do."""
        self._app = app
        if self._present != PLAIN:
            await self._open(self._present)

    async def renew(self) -> None:
        """Listen as the file says now; what has begun is finished as it was."""
        wanted = written(self._file).present() if self._file else PLAIN
        if wanted != self._present:
            await self._leave()
            await self._open(wanted)

    async def close(self) -> None:
        """Take no new connections; return when what has begun is finished."""
        await self._leave()
        await asyncio.gather(*self._leaving)

    async def _leave(self) -> None:
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
    """A socket that listens at an address, which the owner may have reserved."""
    bound = bind(address)
    bound.listen(BACKLOG)
    return bound


def _listen_unix(path: str) -> socket.socket:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)  # of a backend that was killed
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    bound.bind(path)
    bound.listen(BACKLOG)
    return bound
