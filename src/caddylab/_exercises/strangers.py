"""Whoever comes is served, by servers that exist: who asks, and for what, is known to nobody."""

from __future__ import annotations

import re
import secrets

import httpx

from caddylab._engine.clients import Clients
from caddylab._exercises.bench import Bench
from caddylab._exercises.crowd import BROWSER
from caddylab._exercises.task import Finding, Hints
from caddylab._machine import loopback
from caddylab._records import Request

FROM = ("81.2.69.160", "175.16.199.1")
"""Addresses on the Internet, none of which a lab's clients have."""
SOON = 3.0
KNOWN = re.compile(r"(backend\d|app\d?):\d+")
NO_SUCH_SERVER = Hints(
    "no such server",
    "Look at the upstreams in your Caddyfile. Which servers are there?",
    "Whatever you write as an upstream, a lab starts a backend for it. In life nobody is there.",
    "The task names the servers: mostly `backend1:8080`, `backend2:8080` and so on.",
)
ONLY_SOME = Hints(
    "only some are served",
    "Somebody came from elsewhere, or for another page, and no backend has answered. Whom does "
    "your Caddyfile serve?",
    "A site is for whoever comes. It cannot know beforehand who asks, from where, and for what.",
    "Look at every matcher, and at what becomes of those whom it does not fit.",
)


def refused(bench: Bench, *, guarded: bool) -> Finding | None:
    """What speaks against a Caddyfile, however well it serves the check's own clients.

    They come before anything breaks: to start a container again would take longer than the check.

    Args:
        guarded: whether it may turn strangers away.
    """
    found = _invented(bench) or (None if guarded else _unserved(bench))
    bench.begin()
    return found


def _invented(bench: Bench) -> Finding | None:
    """A finding if an upstream is none of a lab's servers: a lab starts a backend for any name."""
    strangers = [name for name in bench.numbers if not KNOWN.match(name)]
    if not strangers:
        return None
    seen = f"Not there: {', '.join(strangers)}."
    return Finding("The upstreams are the servers that there are.", False, seen, NO_SUCH_SERVER)


def _unserved(bench: Bench) -> Finding | None:
    """A finding if strangers are not served, though all is well."""
    wanted = f"/echo?visit={secrets.token_hex(4)}"
    refused = [request for request in _visits(bench, wanted) if not request.good]
    if not refused and _is_echoed(bench, wanted):
        return None
    met = f" Somebody met {refused[0].status or refused[0].outcome.value}." if refused else ""
    seen = f"Strangers asked for `/echo`, and not each of them had a backend's answer.{met}"
    return Finding("Whoever comes is served.", False, seen, ONLY_SOME, bench.last)


def _visits(bench: Bench, wanted: str) -> list[Request]:
    """What becomes of a question and of an order from each address."""
    people = [Clients(1, address=address) for address in FROM]
    ways = {"GET": b"", "POST": b"a stranger's order"}
    runs = [
        bench.fire(
            1, path=wanted, method=method, body=body, clients=who, timeout=SOON, background=True
        )
        for who in people
        for method, body in ways.items()
    ]
    return [request for run in runs for request in run.wait().requests]


def _is_echoed(bench: Bench, wanted: str) -> bool:
    try:
        page = visit(bench, wanted)
    except httpx.HTTPError:
        return False
    return page.is_success and wanted in page.text and "x_forwarded_for" in page.text


def visit(bench: Bench, path: str) -> httpx.Response:
    """What a browser gets that is none of the lab's clients: its request has no id."""
    with loopback.client(bench.url, timeout=SOON) as client:
        return client.get(path, headers=BROWSER | {"Host": bench.stack.site.host})
