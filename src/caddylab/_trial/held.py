"""WebSockets that stay open, and what became of each."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Message, RejectConnection, Request
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from caddylab._engine.clients import address_of
from caddylab._engine.tls import Trust, name_of
from caddylab._trial.seen import Askers

PATIENCE = 2.0
"""Seconds without a message after which a WebSocket counts as silent; one comes every 0.1 s."""


@dataclass(frozen=True)
class Ask:
    """How a route of the site is asked: by which host and path, from where, with which headers.

    Attributes:
        host: with the port where that is not the usual one.
        path: what for.
        address: of the clients; "" where each can have one of its own.
        headers: besides the usual ones.
    """

    host: str = "localhost"
    path: str = "/"
    address: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class WebSocket(threading.Thread):
    """One WebSocket: opened, read until it ends or is closed here.

    Args:
        address: where Caddy listens.
        trust: whose certificates the user takes; None for plain HTTP.
        client: the number of the user.
        ask: the host and the path.
        headers: more headers of the handshake.

    Attributes:
        opened: set when the handshake has ended, well or not.
        ended: why it ended without us; empty as long as it lives.
        heard: how many messages have come.
    """

    def __init__(
        self,
        address: tuple[str, int],
        trust: Trust | None,
        client: int,
        ask: Ask,
        headers: Mapping[str, str],
    ) -> None:
        super().__init__(name="caddylab-websocket", daemon=True)
        self._address, self._client, self._ask, self._headers = address, client, ask, headers
        self._trust, self._socket = trust, socket.socket()
        self._wanted = True
        self.opened = threading.Event()
        self.ended, self.heard, self.began = "", 0, time.monotonic()

    def run(self) -> None:
        """Connect, and read to the end."""
        try:
            self._socket.settimeout(PATIENCE)
            self._socket.connect(self._address)
            self._read(self._shake_hands())
        except TimeoutError:
            self._end("fell silent")
        except (OSError, LocalProtocolError, RemoteProtocolError):
            self._end("cut off")
        finally:
            self.opened.set()

    def close(self) -> None:
        """Hang up; it has not ended without us then."""
        self._wanted = False
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _shake_hands(self) -> WSConnection:
        port = self._socket.getsockname()[1]
        own = self._ask.address or address_of(self._client)
        opening = f"PROXY TCP4 {own} 127.0.0.1 {port} 80\r\n"
        wire = WSConnection(ConnectionType.CLIENT)
        self._socket.sendall(opening.encode())
        if self._trust:
            name = name_of(self._ask.host)
            self._socket = self._trust.context.wrap_socket(self._socket, server_hostname=name)
        wanted = {**self._ask.headers, **self._headers}
        headers = [(name.encode(), value.encode()) for name, value in wanted.items()]
        request = Request(host=self._ask.host, target=self._ask.path, extra_headers=headers)
        self._socket.sendall(wire.send(request))
        return wire

    def _read(self, wire: WSConnection) -> None:
        while not self.ended and self._wanted:
            data = self._socket.recv(65536)
            wire.receive_data(data or None)
            for event in wire.events():
                if isinstance(event, AcceptConnection):
                    self.opened.set()
                elif isinstance(event, RejectConnection):
                    self._end(str(event.status_code))
                elif isinstance(event, Message):
                    self.heard += 1
                else:
                    self._end("cut off")
            if not data:
                self._end("cut off")

    def _end(self, why: str) -> None:
        if self._wanted and not self.ended:
            self.ended = why


class WebSockets:
    """Some of them, opened together."""

    def __init__(self, sockets: list[WebSocket]) -> None:
        self._sockets = sockets
        self._ends: Counter[str] | None = None

    @classmethod
    def open(
        cls,
        entrance: tuple[tuple[str, int], Trust | None],
        count: int,
        ask: Ask,
        headers: Mapping[str, str],
    ) -> WebSockets:
        """Open so many at a site, and return when each is open or refused."""
        held = [WebSocket(*entrance, n, ask, headers) for n in range(count)]
        for one in held:
            one.start()
        for one in held:
            one.opened.wait(PATIENCE)
        return cls(held)

    def settle(self) -> None:
        """What ends from now on does not count."""
        self._ends = Counter(one.ended for one in self._sockets if one.ended)

    def group(self) -> Askers:
        """What became of them until then."""
        if self._ends is None:
            self.settle()
        ends = self._ends or Counter()
        total = len(self._sockets)
        return Askers("WebSocket", total, total - ends.total(), errors=ends)

    def close(self) -> None:
        """Hang up."""
        for one in self._sockets:
            one.close()
        for one in self._sockets:
            one.join(PATIENCE)
