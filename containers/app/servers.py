"""The servers that Caddy talks to: each serves the app on sockets that already listen.

uvicorn speaks HTTP/1.1, with and without TLS; Hypercorn HTTP/2; fcgisgi FastCGI. The last two are
imported only on demand, so a backend that speaks HTTP/1.1 starts without them.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import ssl
import sys
import tempfile
from collections.abc import Iterator
from typing import Any, Protocol

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .graceful import Graceful, end_idle
from .listener import Listener

BACKLOG = 128
VERSION = 1
"""The first byte of every FastCGI record."""


class Serving(Protocol):
    """A server at work."""

    def stop(self) -> None:
        """Accept no new connections; the sockets are closed soon."""

    async def finish(self) -> None:
        """Return once the requests under way are finished."""


class Uvicorn(Graceful):
    """HTTP/1.1; it leaves signals to the first server."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield

    async def begin(self, sockets: list[socket.socket]) -> None:
        """Serve until `stop`."""
        self._task = asyncio.create_task(self.serve(sockets=sockets))
        while not (self.started or self._task.done()):
            await asyncio.sleep(0.001)

    def stop(self) -> None:
        """Accept no new connections."""
        end_idle(self)
        self.should_exit = True

    async def finish(self) -> None:
        """Return once the requests under way are finished."""
        await self._task


class Hypercorn:
    """HTTP/2, and HTTP/1.1 for clients that ask for it."""

    def __init__(self, app: ASGIApp, context: ssl.SSLContext | None) -> None:
        self._app, self._context = app, context
        self._end = asyncio.Event()

    async def begin(self, sockets: list[socket.socket]) -> None:
        """Serve until `stop`."""
        from hypercorn.asyncio import serve

        app: Any = without_lifespan(self._app)
        config = self._configure(sockets)
        self._task = asyncio.create_task(
            serve(app, config, shutdown_trigger=self._end.wait, mode="asgi")
        )

    def _configure(self, sockets: list[socket.socket]) -> Any:
        from hypercorn.config import Config, Sockets

        context = self._context

        class Ready(Config):
            ssl_enabled = context is not None

            def create_ssl_context(self) -> ssl.SSLContext | None:
                return context

            def create_sockets(self) -> Sockets:
                return Sockets(sockets, [], []) if context else Sockets([], sockets, [])

        config = Ready()
        config.backlog, config.graceful_timeout, config.errorlog = BACKLOG, 600.0, None
        config.keep_alive_max_requests = sys.maxsize  # what comes after its last one is lost
        return config

    def stop(self) -> None:
        """Accept no new connections."""
        self._end.set()

    async def finish(self) -> None:
        """Return once the requests under way are finished."""
        await self._task


class FastCGI:
    """FastCGI, as PHP-FPM speaks it."""

    def __init__(self, app: ASGIApp) -> None:
        from fcgisgi.asyncio_server import FastCGIASGIProtocol, Server

        class Strict(FastCGIASGIProtocol):  # type: ignore[misc]
            """Hangs up on a client that speaks anything else, as PHP-FPM does, or it would wait."""

            heard = False

            def data_received(self, data: bytes) -> None:
                if not self.heard and data[0] != VERSION:
                    self.transport.abort()
                    return
                self.heard = True
                super().data_received(data)

        thorough = to_the_end(app)
        self._server: Any = Server(thorough)
        self._server.startup_complete = True
        self._protocol = lambda: Strict(thorough, self._server)
        self._listening: list[asyncio.Server] = []

    async def begin(self, sockets: list[socket.socket]) -> None:
        """Serve until `stop`."""
        loop = asyncio.get_running_loop()
        for bound in sockets:
            server = await loop.create_server(self._protocol, sock=bound, backlog=BACKLOG)
            self._listening.append(server)

    def stop(self) -> None:
        """Accept no new connections."""
        for server in self._listening:
            server.close()

    async def finish(self) -> None:
        """Return once the requests under way are finished."""
        for protocol in list(self._server.protocols):
            if protocol.adapter:
                await protocol.adapter.wait_all()


def to_the_end(app: ASGIApp) -> ASGIApp:
    """The app, which is done only when it has heard all of a request, as PHP-FPM is.

    fcgisgi then hangs up, and Caddy takes it for a failure if it was still writing.
    """

    async def thorough(scope: Scope, receive: Receive, send: Send) -> None:
        more = True

        async def hear() -> Message:
            nonlocal more
            message = await receive()
            more = bool(message.get("more_body"))
            return message

        await app(scope, hear, send)
        while more:
            await hear()

    return thorough


async def serve(app: ASGIApp, listener: Listener, sockets: list[socket.socket]) -> Serving:
    """Serve the app as the listener specifies."""
    server = _server(app, listener)
    await server.begin(sockets)
    return server


def _server(app: ASGIApp, listener: Listener) -> Uvicorn | Hypercorn | FastCGI:
    context = _context(listener) if listener.certificate else None
    if listener.protocol == "fastcgi":
        return FastCGI(app)
    if listener.protocol in ("h2", "h2c"):
        return Hypercorn(app, context)
    config = uvicorn.Config(
        app, lifespan="off", log_config=None, proxy_headers=False, ws="wsproto", backlog=BACKLOG
    )
    config.access_log = False
    config.load()
    config.ssl = context
    return Uvicorn(config)


def _context(listener: Listener) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["h2", "http/1.1"] if listener.protocol == "h2" else ["http/1.1"])
    handle, path = tempfile.mkstemp(suffix=".pem")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(listener.certificate)
        context.load_cert_chain(path)
    finally:
        os.unlink(path)
    return context


def without_lifespan(app: ASGIApp) -> ASGIApp:
    """The app for a second server; the first one handles its lifespan."""

    async def alive(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await app(scope, receive, send)
            return
        while scope["type"] == "lifespan":
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return

    return alive
