"""Asking Caddy while it changes its configuration, when it resets some connections."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx

ATTEMPTS, PAUSE = 5, 0.02


def always() -> bool:
    """For a Caddy that nobody can look at from outside: it is taken to be there."""
    return True


def persistently(
    ask: Callable[[], httpx.Response], runs: Callable[[], bool] = always
) -> httpx.Response:
    """Ask, and again if the connection is lost while Caddy runs: for what may be asked twice."""
    for _ in range(ATTEMPTS):
        try:
            return ask()
        except (httpx.NetworkError, httpx.RemoteProtocolError):
            if not runs():
                raise
        time.sleep(PAUSE)
    return ask()


class Persistent(httpx.HTTPTransport):
    """A transport that asks persistently.

    Args:
        runs: whether Caddy still runs.
        options: httpx's own.
    """

    def __init__(self, runs: Callable[[], bool] = always, **options: Any) -> None:
        super().__init__(**options)
        self._runs = runs

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request, and again if need be."""
        send = super().handle_request
        return persistently(lambda: send(request), self._runs)


class Cautious(httpx.HTTPTransport):
    """A transport that does not knock where nobody is.

    A Unix socket that does not answer is never closed by httpx, which leaves that to chance.

    Args:
        runs: whether Caddy still runs.
        options: httpx's own.
    """

    def __init__(self, runs: Callable[[], bool], **options: Any) -> None:
        super().__init__(**options)
        self._runs = runs

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request, if somebody can hear it."""
        if not self._runs():
            raise httpx.ConnectError("Caddy has ended", request=request)
        return super().handle_request(request)
