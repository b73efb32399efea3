"""Asking Caddy while it changes its configuration, when it resets some connections."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

import httpx

ATTEMPTS, PAUSE = 5, 0.02


def persistently(ask: Callable[[], httpx.Response]) -> httpx.Response:
    """Ask, and ask again if the connection is lost: for what may be asked twice."""
    for _ in range(ATTEMPTS):
        with contextlib.suppress(httpx.NetworkError, httpx.RemoteProtocolError):
            return ask()
        time.sleep(PAUSE)
    return ask()


class Persistent(httpx.HTTPTransport):
    """A transport that asks persistently."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request, and again if need be."""
        send = super().handle_request
        return persistently(lambda: send(request))
