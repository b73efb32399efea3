"""Connecting to a site: connections first say whose they are, and idle ones are kept."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
from collections.abc import Callable
from typing import TypeVar, cast
from weakref import WeakSet

from caddylab._engine import tls
from caddylab._engine.carrier import Carrier, Owner
from caddylab._engine.clients import Client
from caddylab._engine.connection import Connection, proxy_line
from caddylab._engine.multiplexed import Shared
from caddylab._engine.plan import Plan
from caddylab._engine.tls import Trust
from caddylab._machine.ports import Address
from caddylab._records import Outcome

P = TypeVar("P", Connection, Shared)

MOST_IDLE = 1000
"""The most idle connections that are kept: a process may open a limited number of files."""


class Dialling:
    """Opens connections for one run; on the engine's thread.

    Args:
        plan: what is sent.
        site: the address to connect to.
        loop: the engine's.
        trust: whose certificates are accepted; None for plain HTTP.
    """

    def __init__(
        self, plan: Plan, site: Address, loop: asyncio.AbstractEventLoop, trust: Trust | None
    ) -> None:
        self._host, self._timeout, self._site = plan.host, plan.timeout, site
        self._bodiless = plan.method == "HEAD"
        self._loop, self._trust = loop, trust
        self._shared = plan.keepalive
        self._many = plan.http == "2"
        self._sessions: dict[Client, asyncio.Task[Shared]] = {}
        self._openings: set[asyncio.Task[Shared]] = set()
        self._made: WeakSet[Connection | Shared] = WeakSet()

    async def connect(self, client: Client, owner: Owner) -> Carrier:
        """A connection of that client; with HTTP/2, a stream on its one connection.

        Args:
            client: the client whose address the PROXY line names.
            owner: is told what comes of the requests on it.

        Raises:
            OSError: no connection can be made.
        """
        if self._trust and self._many:
            return await self._stream(client, owner, self._trust)
        if self._trust:
            return await self._secure(
                client, lambda: Connection(owner, "", self._bodiless), self._trust
            )
        opening = client.opening(self._host)
        _, connection = await self._loop.create_connection(
            lambda: Connection(owner, opening, self._bodiless), *self._site
        )
        self._made.add(connection)
        return connection

    def close(self, idle: Idle) -> None:
        """Cut every connection that was made, whatever has become of who asked for it."""
        idle.clear()
        for opening in self._openings:
            opening.cancel()
        for connection in list(self._made):
            connection.cancel()

    async def _stream(self, client: Client, owner: Owner, trust: Trust) -> Carrier:
        while True:
            opening = self._sessions.get(client)
            if opening is None or not self._shared or _over(opening):
                opening = self._loop.create_task(self._secure(client, Shared, trust))
                self._openings.add(opening)
                opening.add_done_callback(self._openings.discard)
                self._sessions[client] = opening
            session = await asyncio.shield(opening)
            if stream := session.stream(owner, last=not self._shared):
                return stream

    async def _secure(self, client: Client, make: Callable[[], P], trust: Trust) -> P:
        """The PROXY line goes ahead of the handshake, as a proxy before Caddy would send it."""
        session = client.sessions.get((trust, self._host))
        try:
            _, connection = await self._loop.create_connection(
                make,
                sock=await self._dialled(client.opening(self._host)),
                ssl=cast(ssl.SSLContext, trust.resuming(session)),
                server_hostname=tls.name_of(self._host),
                ssl_handshake_timeout=self._timeout + 60,  # our own timeout comes first
            )
        except ConnectionResetError as error:
            raise ConnectionResetError(error.errno, tls.CLOSED_IN_HANDSHAKE) from error
        self._made.add(connection)
        return connection

    async def _dialled(self, opening: str) -> socket.socket:
        """A TCP connection on which the PROXY line has been sent."""
        sock = socket.socket()
        try:
            sock.setblocking(False)
            # Else the handshake would wait for an acknowledgement of the PROXY line (40 ms).
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await self._loop.sock_connect(sock, self._site)
            if opening:
                await self._loop.sock_sendall(sock, proxy_line(opening, sock.getsockname()[1]))
        except BaseException:
            sock.close()
            raise
        return sock


def _over(opening: asyncio.Task[Shared]) -> bool:
    """Whether another connection is needed."""
    if not opening.done():
        return False
    return opening.cancelled() or bool(opening.exception()) or opening.result().leaving


def unconnected(error: OSError, host: str) -> tuple[Outcome, str]:
    """Outcome and text for a connection that could not be made."""
    if isinstance(error, ssl.SSLError):
        return Outcome.TLS, tls.words(error, host)
    text = os.strerror(error.errno) if error.errno else error.strerror or str(error)
    if error.errno in (errno.EMFILE, errno.ENFILE):
        text += ": this process has too many connections open; send less at a time"
    reset = isinstance(error, ConnectionResetError)
    return (Outcome.RESET if reset else Outcome.REFUSED), text


class Idle:
    """Connections that wait for the next request of their client."""

    def __init__(self) -> None:
        self._waiting: dict[int, list[Connection]] = {}
        self._count = 0

    def keep(self, connection: Carrier, client: int) -> None:
        """Keep a connection that can be used again, or close it if there are too many."""
        if not isinstance(connection, Connection) or not connection.reusable:
            return
        if self._count < MOST_IDLE:
            self._waiting.setdefault(client, []).append(connection)
            self._count += 1
        else:
            connection.cancel()

    def take(self, client: int) -> Connection | None:
        """A connection that can be used again, if that client has one."""
        waiting = self._waiting.get(client)
        while waiting:
            self._count -= 1
            if (connection := waiting.pop()).reusable:
                return connection
        return None

    def clear(self) -> None:
        """Forget all of them."""
        self._waiting.clear()
