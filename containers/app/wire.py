"""What a backend does to a connection, and not to a request: cut it, or cut an answer short."""

from __future__ import annotations

from time import monotonic

from starlette.types import Message, Scope, Send

KEPT = 10_000
"""How many connections are remembered; the oldest are forgotten first."""


class Idle:
    """Since when each connection has had nothing to do."""

    def __init__(self) -> None:
        self._since: dict[object, float] = {}

    def note(self, scope: Scope) -> None:
        """An answer on this connection has ended."""
        client = scope.get("client")
        self._since.pop(client, None)
        self._since[client] = monotonic()
        if len(self._since) > KEPT:
            del self._since[next(iter(self._since))]

    def seconds(self, scope: Scope) -> float:
        """How long the connection of a new request was idle; 0 if it is its first."""
        since = self._since.get(scope.get("client"))
        return 0.0 if since is None else monotonic() - since


def abort(send: Send) -> None:
    """Close the connection without an answer, as far as the server lets us reach it."""
    # ASGI has no word for it. uvicorn's `send` is a method of the object that has the transport.
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is not None:
        transport.abort()


def truncated(send: Send) -> Send:
    """A `send` that announces one byte more than there is, and cuts the connection then."""

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
