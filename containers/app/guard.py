"""Access control for a control channel."""

from __future__ import annotations

import hmac

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Guard:
    """Lets only requests pass that carry the secret; each answer says which process gave it.

    Two processes can share a port: the `instance` tells a caller whether this is the right one.
    """

    def __init__(self, app: ASGIApp, secret: str, instance: str) -> None:
        self._app = app
        self._expected = f"Bearer {secret}".encode()
        self._signature = (b"x-instance", instance.encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401 in the app's place, or let the app answer."""

        async def signed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], self._signature]
            await send(message)

        given = dict(scope["headers"]).get(b"authorization", b"")
        if hmac.compare_digest(given, self._expected):
            await self._app(scope, receive, signed)
        else:
            refusal = JSONResponse({"detail": "Authorization: Bearer <secret> is needed"}, 401)
            await refusal(scope, receive, send)
