"""What a run needs of whatever carries its requests."""

from __future__ import annotations

import ssl
from typing import Protocol

from caddylab._records import Request


class Carrier(Protocol):
    """What one request goes out on: a connection, or one stream of many on it."""

    status: int | None
    backend: bytes
    cookies: tuple[bytes, ...]
    body: bytes
    retry_after: float

    @property
    def fresh(self) -> bool:
        """Whether nothing has been sent on the connection yet."""

    @property
    def port(self) -> int:
        """The port of our end, once there is a connection."""

    @property
    def turned_away(self) -> bool:
        """Whether the server did not even read the whole request."""

    def new_session(self) -> ssl.SSLSession | None:
        """The TLS session that a later connection can resume; None once it was returned."""

    def send(self, message: bytes, request: Request) -> None:
        """Write the request; its owner hears `answered` or `broken`, unless it is cancelled."""

    def cancel(self) -> None:
        """Give up the request; its owner hears nothing more about it."""


class Owner(Protocol):
    """Who sends requests on a connection and hears how they end."""

    def answered(self, connection: Carrier, request: Request) -> None:
        """The whole answer is there; its parts are the connection's attributes."""

    def broken(self, connection: Carrier, request: Request, error: str) -> None:
        """The connection ended before the answer did."""
