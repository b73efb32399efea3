"""Proxies that send a request back to where it came from, for ever.

Such a request takes memory with each round, as long as its client waits. What is certain to loop
is refused. What may loop, since it is rewritten on its way or a header decides, is ended after
some rounds by a route that the lab adds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from caddylab._caddy.adapted.tree import Json, handlers

ROUNDS = "X-Caddylab-Rounds"
MOST_ROUNDS = 20
SAME_NEXT_TIME = {"host", "path", "path_regexp", "method", "query", "not"}
"""Conditions that a request forwarded unchanged meets the next time as well."""


@dataclass(frozen=True)
class Hop:
    """A proxy that forwards one site's requests to a site of the same Caddy.

    Attributes:
        site: the port of the site that it stands in.
        to: the port that it dials.
        dial: the address that it dials.
        matchers: the conditions around it, as text.
        changes: whether the request may be different the next time.
    """

    site: int
    to: int
    dial: str
    matchers: frozenset[str]
    changes: bool


def loop(hops: Iterable[Hop]) -> Sequence[Hop]:
    """Hops on which a request is certain to go round for ever; empty if there are none."""
    endless = [hop for hop in hops if not hop.changes]
    return next((way for hop in endless if (way := _round([hop], endless))), [])


def _round(way: Sequence[Hop], hops: Sequence[Hop]) -> Sequence[Hop]:
    if way[-1].to == way[0].site:
        return way
    onward = (hop for hop in hops if hop.site == way[-1].to and hop not in way)
    takes_it = (hop for hop in onward if hop.matchers <= way[0].matchers)
    return next((found for hop in takes_it if (found := _round([*way, hop], hops))), [])


def hops(sites: Mapping[int, Json], target: Mapping[str, int]) -> Iterator[Hop]:
    """Each way from a site of this Caddy to one of its own sites.

    Args:
        sites: the sites by their ports.
        target: by dial address, the port of Caddy's own site that it leads to.
    """
    for port, server in sites.items():
        for proxy, matchers, changes in _proxies(server.get("routes")):
            for upstream in proxy.get("upstreams", []):
                dial = upstream.get("dial", "")
                if dial in target:
                    yield Hop(port, target[dial], dial, matchers, changes)


def _proxies(
    routes: Any, matchers: frozenset[str] = frozenset(), changes: bool = False
) -> Iterator[tuple[Json, frozenset[str], bool]]:
    for route in routes or []:
        sets = route.get("match") or []
        around = matchers | {json.dumps(match, sort_keys=True) for match in sets}
        fickle = any(set(match) - SAME_NEXT_TIME for match in sets)
        inside = route.get("handle") or []
        rewritten = any(handler.get("handler") == "rewrite" for handler in inside)
        for handler in inside:
            other = changes or fickle or rewritten
            if handler.get("handler") == "reverse_proxy":
                yield handler, around, other or _alters(handler)
            elif handler.get("handler") == "subroute":
                yield from _proxies(handler.get("routes"), around, other)
        changes = changes or rewritten


def _alters(proxy: Json) -> bool:
    request = proxy.get("headers", {}).get("request", {})
    names = {name.lower() for change in ("set", "add") for name in request.get(change) or {}}
    return bool(proxy.get("rewrite")) or "host" in names


def end_rounds(servers: Mapping[str, Json], dials: Iterable[str]) -> None:
    """Answer 508 to a request that has come by too often, whatever changes on its way."""
    own = set(dials)
    found = False
    for proxy in handlers(dict(servers), "reverse_proxy"):
        if any(upstream.get("dial") in own for upstream in proxy.get("upstreams", [])):
            request = proxy.setdefault("headers", {}).setdefault("request", {})
            request.setdefault("set", {})[ROUNDS] = [f"{{http.request.header.{ROUNDS}}}+"]
            found = True
    if found:
        for server in servers.values():
            server.setdefault("routes", []).insert(0, _end())


def _end() -> Json:
    too_often = {"header_regexp": {ROUNDS: {"pattern": rf"\+{{{MOST_ROUNDS}}}"}}}
    body = f"This request has passed {MOST_ROUNDS} proxies of this Caddy: it goes round."
    answer = {"handler": "static_response", "status_code": 508, "body": body}
    return {"match": [too_often], "handle": [answer], "terminal": True}
