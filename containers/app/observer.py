"""The only middleware: reads bodies, signs answers, keeps the journal and applies faults.

It is plain ASGI around the whole app, since every request goes through it; so it also sees the
answers that FastAPI gives to errors.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from time import perf_counter, time
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .door import Door
from .faults import HEALTHY, FaultSwitch
from .journal import Entry, Journal
from .statuses import answer
from .turns import Full
from .wire import Idle, abort, truncated

BODILESS = ("GET", "HEAD")
LATER = {"Retry-After": "1"}
"""The header that goes with turning a client away."""


class Observer:
    """Wraps the app of one backend."""

    def __init__(
        self,
        app: ASGIApp,
        backend_id: str,
        faults: FaultSwitch,
        journal: Journal,
        door: Door | None = None,
    ) -> None:
        self._door = door
        self._app = app
        self._backend_id = backend_id
        self._signature = (b"x-backend", backend_id.encode())
        self._faults = faults
        self._journal = journal
        self._idle = Idle()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the app or a fault answer, and write down the outcome."""
        scope = _asked(scope)
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._closed_in_its_face(scope, send):
            return
        status: int | None = None

        async def signed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], self._signature]
            await send(message)

        journal, start, clock = self._journal, time(), perf_counter()
        journal.running += 1
        try:
            await self._handle(scope, receive, signed)
        finally:
            self._idle.note(send)
            journal.running -= 1
            journal.add(
                Entry(
                    _header(scope, b"x-request-id"),
                    scope["method"],
                    scope["path"],
                    start,
                    perf_counter() - clock,
                    status,
                    _header(scope, b"x-caddylab-check"),
                )
            )

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._misdirected(scope) or self._app
        if scope["method"] not in BODILESS:
            body = await _read(receive)
            if body[-1]["type"] == "http.disconnect":
                return
            receive = _again(body, receive)
        if self._faults.faults is HEALTHY:
            await app(scope, receive, send)
            return
        try:
            async with self._faults.turn(scope["path"]):
                await self._suffer(app, scope, receive, send)
        except Full:
            detail = f"BACKEND_{self._backend_id} has too much to do"
            await answer(503, {"detail": detail}, LATER)(scope, receive, send)

    async def _suffer(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        status = await self._faults.suffer(scope["path"])
        if status is not None:
            app = answer(status, {"detail": f"BACKEND_{self._backend_id} fails on purpose"})
        cut = self._faults.truncates(scope["path"])
        await app(scope, receive, truncated(send) if cut else send)

    def _closed_in_its_face(self, scope: Scope, send: Send) -> bool:
        """Close the connection under its next request, if a fault says so; whether it did."""
        if not self._faults.closes(scope["path"], self._idle.seconds(send)):
            return False
        abort(send)
        return True

    def _misdirected(self, scope: Scope) -> ASGIApp | None:
        """An app that answers 421: over TLS, a server serves only the hosts that it knows."""
        if self._door is None or not self._door.names or scope["scheme"] != "https":
            return None
        host = urlsplit(f"//{_header(scope, b'host') or ''}").hostname or ""
        if any(fnmatchcase(host, name.lower()) for name in self._door.names):
            return None
        known = ", ".join(self._door.names)
        return answer(421, {"detail": f"{host or 'no host'} is not served here, but {known}"})


async def _read(receive: Receive) -> list[Message]:
    """The messages up to the end of the body.

    Nothing may be answered earlier: a proxy sends the body after the head, and with an answer in
    between, chance would decide whether the body is still there for a second attempt.
    """
    messages = [await receive()]
    while messages[-1].get("more_body"):
        messages.append(await receive())
    return messages


def _again(messages: list[Message], receive: Receive) -> Receive:
    async def replay() -> Message:
        return messages.pop(0) if messages else await receive()

    return replay


def _header(scope: Scope, wanted: bytes) -> str | None:
    for name, value in scope["headers"]:
        if name == wanted:
            return str(value, "latin-1")
    return None


def _asked(scope: Scope) -> Scope:
    """The request as if it had been made for the path in its `X-Caddylab-Ask` header.

    So a trial of somebody's own Caddyfile can ask for a delay, a login or a stream on whatever path
    that Caddyfile sends here.
    """
    if scope["type"] == "lifespan" or not (asked := _header(scope, b"x-caddylab-ask")):
        return scope
    path, _, query = asked.partition("?")
    return {**scope, "path": path, "raw_path": path.encode(), "query_string": query.encode()}
