"""HTTP to this machine's own addresses."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import httpx

from caddylab._machine.answer import Answer, Headers


def client(url: str, **options: Any) -> httpx.Client:
    """A client of `url`, with httpx's options.

    It uses no proxy of the environment, since none leads to this machine, and loads no
    certificates, which plain HTTP has no use for: they take a megabyte and longer than a request.
    """
    return httpx.Client(base_url=url, trust_env=False, verify=False, **options)


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
