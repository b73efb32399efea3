"""One HTTP/1.1 connection of a client, on asyncio's transports and llhttp's parser."""

from __future__ import annotations

import asyncio
import ssl
from typing import cast

import httptools

from caddylab._engine import tls
from caddylab._engine.carrier import Owner
from caddylab._records import Request

UNREAD = (400, 431)
"""Statuses that Go's server sends before any handler sees the request, so nothing is logged."""
KEPT_BODY = 800
"""Bytes of a body that are kept: enough for 200 characters in any alphabet."""


class Connection(asyncio.Protocol):
    """Carries one request at a time; between requests it can be used again if `reusable`.

    Args:
        owner: is told how each request ends.
        opening: the PROXY line up to the client's port, or nothing; over TLS nothing, since it
            went ahead of the handshake.
        bodiless: whether the answers have headers only, as those to HEAD.

    Attributes:
        fresh: whether nothing has been sent yet.
        port: the port of our end, once there is a connection.
        reusable: whether another request may follow on this connection.
        status: the answer's status code, None before its headers are there.
        backend: its `X-Backend` header.
        cookies: its `Set-Cookie` headers.
        body: the first `KEPT_BODY` bytes of its body.
        retry_after: seconds that it asks to wait before another request, by `Retry-After`.
    """

    __slots__ = (
        "__weakref__",
        "_bodiless",
        "_complete",
        "_framed",
        "_known",
        "_opening",
        "_owner",
        "_parser",
        "_received",
        "_request",
        "_transport",
        "backend",
        "body",
        "cookies",
        "fresh",
        "port",
        "retry_after",
        "reusable",
        "status",
    )

    def __init__(self, owner: Owner, opening: str, bodiless: bool) -> None:
        self._owner, self._opening, self._bodiless = owner, opening, bodiless
        self._request: Request | None = None
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)
        self.reusable = self.fresh = True
        self._known = False
        self.status: int | None = None
        self.cookies: tuple[bytes, ...] = ()
        self._reset()

    def send(self, message: bytes, request: Request) -> None:
        """Write the request; its owner hears `answered` or `broken`, unless it is cancelled."""
        self._request = request
        self._reset()
        if self.fresh and self._opening:
            message = proxy_line(self._opening, self.port) + message
        self.fresh = False
        self._transport.write(message)

    def cancel(self) -> None:
        """Cut the connection; the owner hears nothing more about its request."""
        self._request = None
        self.reusable = False
        self._transport.abort()

    @property
    def turned_away(self) -> bool:
        """Whether the server did not even read the whole request, such as one of 1 MB of headers.

        It then answers with a line of its own and cuts the connection.
        """
        return self.status in UNREAD and self.body.startswith(b"%d " % self.status)

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ready to send."""
        self._transport = cast(asyncio.Transport, transport)
        self.port = transport.get_extra_info("sockname")[1]

    def data_received(self, data: bytes) -> None:
        """A piece of the answer has arrived."""
        if self._request is None or self._parser is None:
            self.cancel()  # no request is under way
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._complete, self.reusable = True, False
        except httptools.HttpParserError as error:
            self._break(f"the answer is no HTTP: {error}")
            return
        if self._complete:
            if self._bodiless:  # the parser still waits for the body that HEAD leaves out
                self._parser = httptools.HttpResponseParser(self)
            self._finish()

    def eof_received(self) -> None:
        """The server sends no more; asyncio closes the connection next."""
        self.reusable = False

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self.reusable = False
        self._parser = None  # the parser holds our methods: without this, a cycle
        if self._request is None:
            return
        if (exc is None or self.turned_away) and self.status is not None and not self._framed:
            self._finish()  # a body without a length ends with the connection
        else:
            self._break(self._how_far() + why(exc))

    def new_session(self) -> ssl.SSLSession | None:
        """The TLS session that a later connection can resume: known with the first answer.

        None after that: asking OpenSSL for it takes longer than a request.
        """
        secured = None if self._known else self._transport.get_extra_info("ssl_object")
        self._known = True
        return secured.session if secured else None

    # What the parser calls

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep the few headers that matter here."""
        name = name.lower()
        if name == b"x-backend":
            self.backend = value
        elif name == b"set-cookie":
            self.cookies = (*self.cookies, value)
        elif name == b"retry-after" and value.isdigit():  # dates are for longer times
            self.retry_after = float(value)
        elif name in (b"content-length", b"transfer-encoding"):
            self._framed = True

    def on_headers_complete(self) -> None:
        """Status and headers are there; an answer to HEAD ends with them."""
        assert self._parser is not None
        self.status = self._parser.get_status_code()
        if self._bodiless and self.status >= 200:
            self.on_message_complete()

    def on_body(self, chunk: bytes) -> None:
        """A piece of the body."""
        self._received += len(chunk)
        if len(self.body) < KEPT_BODY:
            self.body += chunk[:KEPT_BODY]

    def on_message_complete(self) -> None:
        """The answer has ended, unless it was an interim one (1xx)."""
        assert self._parser is not None
        if self._parser.get_status_code() < 200:
            self._reset()
            return
        self._complete = True
        self.reusable = self.reusable and self._parser.should_keep_alive()

    def _reset(self) -> None:
        self._complete = self._framed = False
        self._received = 0
        self.status = None
        self.backend = self.body = b""
        self.cookies = ()
        self.retry_after = 0.0

    def _finish(self) -> None:
        request, self._request = self._request, None
        assert request is not None
        if not self.reusable:
            self._transport.close()
        self._owner.answered(self, request)

    def _break(self, error: str) -> None:
        request = self._request
        assert request is not None
        self.cancel()
        self._owner.broken(self, request, error)

    def _how_far(self) -> str:
        if self._received or self.status is not None:
            return f"the answer was cut off after {self._received} bytes"
        return "the connection was closed before an answer came"


def proxy_line(opening: str, port: int) -> bytes:
    """What a connection begins with: the client's address and port, and whom it dialled."""
    return f"{opening}{port} 80\r\n".encode()


def why(error: Exception | None) -> str:
    """Why a connection broke, as far as that is known."""
    if isinstance(error, ssl.SSLError):
        return f" ({tls.words(error, '')})"
    return f" ({error.strerror})" if isinstance(error, OSError) else ""
