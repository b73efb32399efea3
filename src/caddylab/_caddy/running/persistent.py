"""Asking Caddy while it changes its configuration, when it resets some connections."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Any

import httpx

from caddylab._machine import loopback
from caddylab._machine.steady import in_thread

ATTEMPTS, PAUSE = 5, 0.02
LOOK = 0.3
"""Seconds between two looks at whether Caddy still runs."""


def always() -> bool:
    """True, for a Caddy that cannot be observed from outside: it is assumed to run."""
    return True


def persistently(
    ask: Callable[[], httpx.Response], runs: Callable[[], bool] = always
) -> httpx.Response:
    """Ask, and ask again if the connection is lost while Caddy runs; for repeatable requests."""
    for _ in range(ATTEMPTS):
        try:
            return ask()
        except (httpx.NetworkError, httpx.RemoteProtocolError):
            if not runs():
                raise
        time.sleep(PAUSE)
    return ask()


def while_it_runs(
    ask: Callable[[], httpx.Response], runs: Callable[[], bool] = always
) -> httpx.Response:
    """Ask, and wait for the answer only as long as there is a Caddy that could give it.

    Packets to a container that is gone get lost, and a client would wait for its whole timeout.

    Raises:
        httpx.ReadError: Caddy has ended meanwhile.
    """
    answer: Future[httpx.Response] = Future()

    def work() -> None:
        try:
            answer.set_result(ask())
        except BaseException as error:
            answer.set_exception(error)

    in_thread("caddylab-question", work)
    while not wait([answer], LOOK).done:
        if not runs():
            raise httpx.ReadError("Caddy has ended")
    return answer.result()


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
    """A transport that does not connect where nobody listens.

    Args:
        runs: whether Caddy still runs.
        uds: the path of Caddy's unix socket.
        options: httpx's own.
    """

    def __init__(self, runs: Callable[[], bool], uds: str, **options: Any) -> None:
        super().__init__(uds=uds, **options)
        self._runs, self._uds = runs, uds

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request, if Caddy still runs."""
        if not (self._runs() and loopback.listens(self._uds)):
            raise httpx.ConnectError("Caddy has ended", request=request)
        return super().handle_request(request)
