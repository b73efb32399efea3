"""HTTP/2: one connection of a client, which carries many requests at once."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from typing import cast

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions

from caddylab._engine.carrier import Owner
from caddylab._engine.connection import KEPT_BODY, why
from caddylab._records import Request

FRAME_HEAD = 9
GOAWAY = 7
REFUSED = "the server takes no more requests on this connection (GOAWAY)"
WINDOW = 2**24
"""Bytes of answers that may be in flight."""


class Shared(asyncio.Protocol):
    """The connection; `streams` are the requests under way on it.

    Attributes:
        fresh: whether no request has been sent yet.
        port: the port of our end, once there is a connection.
        leaving: whether it takes no further request.
    """

    def __init__(self) -> None:
        self.fresh, self.leaving = True, False
        self.streams: dict[int, Stream] = {}
        self._rest, self._told = b"", False
        self.h2 = h2.connection.H2Connection(
            h2.config.H2Configuration(client_side=True, header_encoding=None)
        )

    def stream(self, owner: Owner, *, last: bool) -> Stream | None:
        """A stream for one request; None if there is none. `last`: no other request follows."""
        most = self.h2.remote_settings.max_concurrent_streams
        if self.leaving or len(self.streams) >= most:
            return None
        self.leaving = last
        return Stream(self, owner, last)

    def new_session(self) -> ssl.SSLSession | None:
        """The TLS session that a later connection can resume; None once it was told."""
        secured = None if self._told else self._transport.get_extra_info("ssl_object")
        self._told = True
        return secured.session if secured else None

    def flush(self) -> None:
        """Write the pending frames."""
        self._transport.write(self.h2.data_to_send())

    def cancel(self) -> None:
        """Cut the connection; the owners hear nothing more about their requests."""
        self.leaving = True
        self.streams.clear()
        self._transport.abort()

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the settings and the window size."""
        self._transport = cast(asyncio.Transport, transport)
        self.port = transport.get_extra_info("sockname")[1]
        self.h2.initiate_connection()
        self.h2.increment_flow_control_window(WINDOW)
        self.flush()

    def data_received(self, data: bytes) -> None:
        """Some frames have arrived."""
        try:
            for frame in self._frames(data):
                if frame[3] == GOAWAY:  # after a GOAWAY, h2 would handle no stream any more
                    self._go(int.from_bytes(frame[FRAME_HEAD : FRAME_HEAD + 4]) & 0x7FFFFFFF)
                    continue
                for event in self.h2.receive_data(frame):
                    self._hear(event)
            self.flush()
        except h2.exceptions.ProtocolError as error:
            self._break(f"the answer is no HTTP/2: {error}")

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone, and the requests on it with it."""
        self._break(why(exc))

    def _frames(self, data: bytes) -> Iterator[bytes]:
        self._rest += data
        while len(self._rest) >= FRAME_HEAD:
            length = FRAME_HEAD + int.from_bytes(self._rest[:3])
            if len(self._rest) < length:
                return
            frame, self._rest = self._rest[:length], self._rest[length:]
            yield frame

    def _go(self, last: int) -> None:
        """The server is leaving: it answers the requests up to this one."""
        self.leaving = True
        for id in [id for id in self.streams if id > last]:
            self.streams[id].broken(REFUSED)

    def _hear(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.WindowUpdated) and not event.stream_id:
            for each in list(self.streams.values()):
                each.go_on()
        stream = self.streams.get(getattr(event, "stream_id", None) or 0)
        if isinstance(event, h2.events.DataReceived):
            self.h2.acknowledge_received_data(event.flow_controlled_length or 0, event.stream_id)
        if stream:
            stream.hear(event)

    def _break(self, error: str) -> None:
        self.leaving = True
        self._transport.abort()
        for stream in list(self.streams.values()):
            stream.broken(stream.how_far() + error)


class Stream:
    """One request on such a connection; a run treats it like one HTTP/1.1 connection."""

    reusable = turned_away = False

    def __init__(self, shared: Shared, owner: Owner, last: bool) -> None:
        self._shared, self._owner, self._last = shared, owner, last
        self._request: Request | None = None
        self.status: int | None = None
        self.backend = self.body = self._left = b""
        self.cookies: tuple[bytes, ...] = ()
        self.retry_after = 0.0
        self._received = self._id = 0

    @property
    def fresh(self) -> bool:
        """Whether nothing has been asked on the connection yet."""
        return self._shared.fresh

    @property
    def port(self) -> int:
        """The port of our end."""
        return int(self._shared.port)

    def new_session(self) -> ssl.SSLSession | None:
        """The TLS session that a later connection can resume; None once it was told."""
        return self._shared.new_session()

    def send(self, message: bytes, request: Request) -> None:
        """Send the request that this HTTP/1.1 message holds."""
        self._request, self._shared.fresh = request, False
        head, _, self._left = message.partition(b"\r\n\r\n")
        self._id = self._shared.h2.get_next_available_stream_id()
        self._shared.streams[self._id] = self
        self._shared.h2.send_headers(self._id, _fields(head), end_stream=not self._left)
        self.go_on()

    def go_on(self) -> None:
        """Send as much of the body as the server is ready to take."""
        connection = self._shared.h2
        while self._left and (room := connection.local_flow_control_window(self._id)):
            size = min(room, connection.max_outbound_frame_size)
            piece, self._left = self._left[:size], self._left[size:]
            connection.send_data(self._id, piece, end_stream=not self._left)
        self._shared.flush()

    def cancel(self) -> None:
        """Cancel the request; its owner hears nothing more about it."""
        if self._request and self._id in self._shared.streams:
            self._shared.h2.reset_stream(self._id, h2.errors.ErrorCodes.CANCEL)
            self._shared.flush()
        self._end()

    def hear(self, event: h2.events.Event) -> None:
        """Take in a part of the answer."""
        if isinstance(event, h2.events.ResponseReceived):
            for name, value in event.headers or []:
                self._header(bytes(name), bytes(value))
        elif isinstance(event, h2.events.DataReceived):
            data = event.data or b""
            self._received += len(data)
            self.body += data[: KEPT_BODY - len(self.body)]
        elif isinstance(event, h2.events.WindowUpdated):
            self.go_on()
        elif isinstance(event, h2.events.StreamEnded):
            request = self._end()
            if request:
                self._owner.answered(self, request)
        elif isinstance(event, h2.events.StreamReset):
            code = h2.errors.ErrorCodes(event.error_code or 0).name
            self.broken(f"{self.how_far()} ({code})")

    def broken(self, error: str) -> None:
        """Tell the owner that there will be no answer."""
        if request := self._end():
            self._owner.broken(self, request, error)

    def how_far(self) -> str:
        """How much of the answer had come, in words."""
        if self._received or self.status is not None:
            return f"the answer was cut off after {self._received} bytes"
        return "the connection was closed before an answer came"

    def _header(self, name: bytes, value: bytes) -> None:
        if name == b":status":
            self.status = int(value)
        elif name == b"x-backend":
            self.backend = value
        elif name == b"set-cookie":
            self.cookies = (*self.cookies, value)
        elif name == b"retry-after" and value.isdigit():
            self.retry_after = float(value)

    def _end(self) -> Request | None:
        request, self._request = self._request, None
        self._shared.streams.pop(self._id, None)
        if self._last:
            self._shared.cancel()
        return request


def _fields(head: bytes) -> list[tuple[bytes, bytes]]:
    """The same header fields in HTTP/2's form."""
    first, *lines = head.split(b"\r\n")
    method, path, _ = first.split(b" ")
    fields = [(name.lower(), value) for name, _, value in (line.partition(b": ") for line in lines)]
    host = next(value for name, value in fields if name == b"host")
    asked = [(b":method", method), (b":scheme", b"https"), (b":authority", host), (b":path", path)]
    return asked + [field for field in fields if field[0] not in (b"host", b"connection")]
