"""An independent witness: a relay between the clients and Caddy that records what passes.

It knows nothing of the lab, and parses the bytes on each side: which request went by
(`X-Request-Id`), and what came back, as it really went over the wire.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

import httptools

from caddylab import Lab

OPENING = re.compile(rb"PROXY [^\r\n]*\r\n")
IDENTITY = re.compile(rb"BACKEND_(\d+)")


@dataclass
class Passed:
    """One request that went by, and as much of its answer as came back.

    `whole` says that the answer was complete; `cut` says who ended the connection before that: the
    client or the server.
    """

    id: str
    method: str
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    whole: bool = False
    cut: str = ""

    @property
    def backend(self) -> int | None:
        """The backend named in the body."""
        found = IDENTITY.search(self.body)
        return int(found[1]) if found else None


class Tap:
    """Relays to one address; `passed` has what went by, by id, in the order of the wire."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.target, self.passed = target, dict[str, list[Passed]]()
        self.clients, self.ties = set[Client](), set[asyncio.Task[None]]()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="wire-tap", daemon=True)
        self._thread.start()
        made = asyncio.run_coroutine_threadsafe(self._serve(), self._loop)
        self.address: tuple[str, int] = made.result(10)

    async def _serve(self) -> tuple[str, int]:
        self._server = await self._loop.create_server(self._client, "127.0.0.1", 0, backlog=4096)
        host, port = self._server.sockets[0].getsockname()
        return host, port

    def _client(self) -> Client:
        return Client(self)

    def take(self) -> dict[str, list[Passed]]:
        """What has gone by since the last call."""
        taken = asyncio.run_coroutine_threadsafe(self._take(), self._loop)
        return taken.result(10)

    async def _take(self) -> dict[str, list[Passed]]:
        taken, self.passed = self.passed, {}
        return taken

    def close(self) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        for client in list(self.clients):
            client.transport.abort()
        await asyncio.sleep(0)
        await asyncio.sleep(0)


class Client(asyncio.Protocol):
    """The client's side."""

    def __init__(self, tap: Tap) -> None:
        self.tap, self.open = tap, deque[Passed]()
        self._opened, self._waiting = False, b""
        self._parser = httptools.HttpRequestParser(self)
        self._server: Server | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.tap.clients.add(self)
        task = asyncio.get_running_loop().create_task(self._reach())
        self.tap.ties.add(task)
        task.add_done_callback(self.tap.ties.discard)

    async def _reach(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, server = await loop.create_connection(lambda: Server(self), *self.tap.target)
        except OSError as error:
            self.end(f"server, which was not reached: {error}")
            self.transport.abort()
            return
        if self.transport.is_closing():
            server.transport.abort()
            return
        self._server = server
        server.transport.write(self._waiting)

    def data_received(self, data: bytes) -> None:
        self._read(data)
        if self._server:
            self._server.transport.write(data)
        else:
            self._waiting += data

    def _read(self, data: bytes) -> None:
        if not self._opened:
            self._opened, data = True, OPENING.sub(b"", data, count=1)
        self._parser.feed_data(data)

    def on_message_begin(self) -> None:
        self._id = ""

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"x-request-id":
            self._id = value.decode()

    def on_headers_complete(self) -> None:
        method = self._parser.get_method().decode()
        passed = Passed(self._id, method)
        self.open.append(passed)
        self.tap.passed.setdefault(self._id, []).append(passed)

    def connection_lost(self, exc: Exception | None) -> None:
        self.tap.clients.discard(self)
        self.end("client")
        if self._server:
            self._server.transport.abort()

    def end(self, by: str) -> None:
        """Mark whatever is still open as cut."""
        for passed in self.open:
            passed.cut = passed.cut or by
        self.open.clear()


class Server(asyncio.Protocol):
    """The server's side."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._fresh()

    def _fresh(self) -> None:
        self._parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)
        self._client.transport.write(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._client.open:
            self._client.open[0].headers[name.decode().lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        if self._client.open:
            self._client.open[0].status = self._parser.get_status_code()

    def on_body(self, body: bytes) -> None:
        if self._client.open:
            self._client.open[0].body += body

    def on_message_complete(self) -> None:
        if self._client.open:
            self._client.open.popleft().whole = True

    def connection_lost(self, exc: Exception | None) -> None:
        self._client.end("server")
        self._client.transport.close()


@contextlib.contextmanager
def tapped(lab: Lab) -> Iterator[Tap]:
    """Send all requests of the lab through a tap."""
    runtime, site = lab.stack.runtime, lab.stack.runtime.site
    tap = Tap(site)
    runtime.site = tap.address
    try:
        yield tap
    finally:
        runtime.site = site
        tap.close()
