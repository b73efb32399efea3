"""One WebSocket or one streamed answer: opened, read piece by piece, and how it ended."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from types import MappingProxyType

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    CloseConnection,
    Event,
    Message,
    RejectConnection,
    Request,
)
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from caddylab._engine.clients import address_of
from caddylab._engine.tls import Trust, name_of
from caddylab._machine.ports import Address
from caddylab._machine.steady import in_thread
from caddylab._records import LIVES, Held

PATIENCE = 5.0
"""Seconds without a message after which one counts as silent; one comes every 0.1 s."""
CUT, SILENT, COMPLETE, HUNG_UP = "cut off", "fell silent", "complete", "hung up"


@dataclass(frozen=True)
class Ask:
    """What is asked for.

    Args:
        host, path: the host, and the path and query.
        headers: more headers.
        stream: whether it is an answer that is streamed; else a WebSocket.
        address: the IPv4 address of the clients; "" where each has one of its own.
    """

    host: str = "localhost"
    path: str = "/"
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    stream: bool = False
    address: str = ""


class Conversation:
    """Speaks with one backend through Caddy, on a thread of its own, until either side ends it.

    Args:
        address: where Caddy listens.
        trust: whose certificates the client takes; None for plain HTTP.
        n: the conversation's number, from 1.
        ask: what is asked for.

    Attributes:
        record: what has come of it so far.
    """

    def __init__(self, address: Address, trust: Trust | None, n: int, ask: Ask) -> None:
        self._address, self._trust, self._ask = address, trust, ask
        self._socket = socket.socket()
        self._began = threading.Event()
        self.record = Held(n, n - 1, "stream" if ask.stream else "WebSocket", time.time())
        self._thread = in_thread(f"caddylab-{self.record.kind}-{n}", self._live)

    def wait_until_open(self) -> None:
        """Return when it is open or refused."""
        self._began.wait(PATIENCE)

    def wait(self, timeout: float) -> None:
        """Return when it has ended, or after so many seconds."""
        self._thread.join(timeout)

    def close(self) -> None:
        """Hang up."""
        self._end(HUNG_UP)
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _live(self) -> None:
        try:
            self._socket.settimeout(PATIENCE)
            self._socket.connect(self._address)
            self._enter()
            ends = self._stream() if self._ask.stream else self._websocket()
            self._end(next(ends, CUT))
        except TimeoutError:
            self._end(SILENT)
        except (OSError, ValueError, HTTPException, LocalProtocolError, RemoteProtocolError):
            self._end(CUT)
        finally:
            self._socket.close()
            self._began.set()

    def _enter(self) -> None:
        """Say who the client is, and begin TLS."""
        port = self._socket.getsockname()[1]
        own = self._ask.address or address_of(self.record.client)
        line = f"PROXY TCP4 {own} 127.0.0.1 {port} 80\r\n"
        self._socket.sendall(line.encode())
        if self._trust:
            name = name_of(self._ask.host)
            self._socket = self._trust.context.wrap_socket(self._socket, server_hostname=name)

    def _opened(self, backend: str | None) -> None:
        self.record.opened = time.time()
        self.record.claimed = int(backend) if backend and backend.isdecimal() else None
        self._began.set()

    def _end(self, how: str) -> None:
        if self.record.ended == LIVES:
            self.record.ended, self.record.end = how, time.time()

    # --- a WebSocket: yields how it ends -----------------------------------------------------

    def _websocket(self) -> Iterator[str]:
        wire = WSConnection(ConnectionType.CLIENT)
        extra = [(name.encode(), value.encode()) for name, value in self._ask.headers.items()]
        asked = Request(host=self._ask.host, target=self._ask.path, extra_headers=extra)
        self._socket.sendall(wire.send(asked))
        while data := self._socket.recv(65536):
            wire.receive_data(data)
            for event in wire.events():
                yield from self._heard(event)

    def _heard(self, event: Event) -> Iterator[str]:
        if isinstance(event, AcceptConnection):
            headers = {name.lower(): value for name, value in event.extra_headers}
            self._opened(headers.get(b"x-backend", b"").decode())
        elif isinstance(event, Message):
            self.record.frames += 1
        elif isinstance(event, RejectConnection):
            yield str(event.status_code)
        elif isinstance(event, CloseConnection):
            yield f"closed ({int(event.code)})"

    # --- a stream ----------------------------------------------------------------------------

    def _stream(self) -> Iterator[str]:
        lines = [f"GET {self._ask.path} HTTP/1.1", f"Host: {self._ask.host}"]
        lines += [f"{name}: {value}" for name, value in self._ask.headers.items()]
        self._socket.sendall("\r\n".join([*lines, "", ""]).encode())
        with HTTPResponse(self._socket, method="GET") as answer:
            answer.begin()
            if answer.status != 200:
                yield str(answer.status)
            self._opened(answer.headers.get("X-Backend"))
            while answer.read1(65536):
                self.record.frames += 1
            yield COMPLETE
