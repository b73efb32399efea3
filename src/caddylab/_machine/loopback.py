"""HTTP to this machine's own addresses."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from caddylab._machine.answer import Answer, Headers

LAST = 2.0
"""Seconds that a client which is being closed waits for what other threads still ask with it."""


class LocalClient(httpx.Client):
    """httpx's client, which another thread may close while it asks.

    httpx closes the connections that there are; one that is just being made would stay open.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._asking, self._quiet = 0, threading.Condition()

    def send(self, *args: Any, **options: Any) -> httpx.Response:
        """As httpx does it."""
        with self._under_way():
            return super().send(*args, **options)

    def close(self) -> None:
        """Let the last answers come, for a while, and close all connections."""
        with self._quiet:
            self._quiet.wait_for(lambda: not self._asking, LAST)
        super().close()

    @contextmanager
    def _under_way(self) -> Iterator[None]:
        with self._quiet:
            self._asking += 1
        try:
            yield
        finally:
            with self._quiet:
                self._asking -= 1
                self._quiet.notify_all()


def client(url: str, **options: Any) -> LocalClient:
    """A client of `url`, with httpx's options.

    It uses no proxy of the environment, since none leads to this machine, and loads no
    certificates, which plain HTTP has no use for: they take a megabyte and longer than a request.
    """
    return LocalClient(base_url=url, trust_env=False, verify=False, **options)


def answer(response: httpx.Response) -> Answer:
    """The same answer in types of our own, which do not change with the HTTP library."""
    return Answer(
        response.status_code,
        Headers([(name, value) for name, value in response.headers.multi_items()]),
        response.content,
        response.text,
        str(response.url),
        response.elapsed.total_seconds(),
        {cookie.name: cookie.value or "" for cookie in response.cookies.jar},
    )


def listens(path: str | Path) -> bool:
    """Whether somebody takes connections at a unix socket.

    To be asked before connecting: httpx and podman-py do not close a socket that is refused.
    """
    with socket.socket(socket.AF_UNIX) as probe:
        probe.setblocking(False)  # a program that stands still has at some time a full queue
        return probe.connect_ex(str(path)) == 0
