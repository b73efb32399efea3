"""What a backend does to a connection instead of a request: cut it, or cut an answer short."""

from __future__ import annotations

from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary

from starlette.types import Message, Send


class Idle:
    """Since when each connection has been idle, as far as the server gives access to it."""

    def __init__(self) -> None:
        # By the connection instead of its address, since another one can come from the same port.
        self._since: WeakKeyDictionary[Any, float] = WeakKeyDictionary()

    def note(self, send: Send) -> None:
        """Note that an answer on this connection has ended."""
        if (connection := _connection(send)) is not None:
            self._since[connection] = monotonic()

    def seconds(self, send: Send) -> float:
        """How long the connection of a new request was idle; 0 if it is its first."""
        connection = _connection(send)
        since = None if connection is None else self._since.get(connection)
        return 0.0 if since is None else monotonic() - since


def abort(send: Send) -> None:
    """Close the connection without an answer, as far as the server gives access to it."""
    transport = _transport(send)
    if transport is not None:
        transport.abort()


def truncated(send: Send) -> Send:
    """A `send` that announces one byte more than there is, and then cuts the connection."""

    async def cut(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [(name, _more(name, value)) for name, value in message["headers"]]
            message = {**message, "headers": headers}
        elif message["type"] == "http.response.body":
            message = {**message, "more_body": True}  # so the server waits for more, in vain
        await send(message)

    return cut


def _more(name: bytes, value: bytes) -> bytes:
    return b"%d" % (int(value) + 1) if name.lower() == b"content-length" else value


def _transport(send: Send) -> Any:
    # ASGI offers no way to it. uvicorn's `send` is a method of the object that has the transport.
    return getattr(getattr(send, "__self__", None), "transport", None)


def _connection(send: Send) -> Any:
    # A closed one no longer has a protocol.
    transport = _transport(send)
    return None if transport is None else transport.get_protocol()
