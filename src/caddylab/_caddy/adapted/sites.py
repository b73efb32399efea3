"""The routes of a configuration: which requests come to which proxy, and its upstreams."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from caddylab._caddy.adapted.dynamic import sources, upstreams
from caddylab._caddy.adapted.https import Ports, is_secure
from caddylab._caddy.adapted.routes import USUAL_PATH, Asked, Way, way
from caddylab._caddy.adapted.tree import Json, port_of


@dataclass(frozen=True)
class Route:
    """What a request must ask for to come to a proxy.

    Attributes:
        host: a name that the site answers for; "" if it answers for all.
        path: a path that fits.
        pattern: the paths that fit, as the Caddyfile has them; "*" = all.
        method: a method that fits.
        port: where the site listens, by the Caddyfile.
        scheme: "https" where Caddy speaks it there, else "http".
        upstreams: their addresses, as the Caddyfile has them; none if they are looked up.
        sure: whether it is certain that such a request comes there.
    """

    host: str
    path: str
    pattern: str
    method: str
    port: int
    scheme: str
    upstreams: tuple[str, ...]
    sure: bool = True

    def __str__(self) -> str:
        port = "" if self.port == Ports().usual(self.scheme == "https") else f":{self.port}"
        site = f"{self.scheme}://{self.host or '*'}{port}"
        to = ", ".join(self.upstreams) or "upstreams that a name server tells"
        perhaps = "" if self.sure else " (perhaps)"
        return f"{self.method} {site}{'' if self.pattern == '*' else self.pattern} → {to}{perhaps}"


@dataclass(frozen=True)
class _Narrowed:
    """The requests that have come so far."""

    hosts: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    others: bool = False


def routes(config: Json) -> list[Route]:
    """The routes of every site that lead to a proxy, in the order of the configuration.

    Args:
        config: Caddy's JSON, as it was adapted.
    """
    return list(dict.fromkeys(route for route, _ in routed(config)))


def routed(config: Json) -> Iterator[tuple[Route, Json]]:
    """Every route that leads to a proxy, with that proxy."""
    app = config.get("apps", {}).get("http", {})
    for server in app.get("servers", {}).values():
        port = next(filter(None, map(port_of, server.get("listen", []))), 0)
        for narrowed, proxy in _proxies(server.get("routes", []), _Narrowed()):
            scheme = "https" if is_secure(server, port, Ports.of(app)) else "http"
            yield _route(server, port, scheme, narrowed, proxy), proxy


def _route(server: Json, port: int, scheme: str, narrowed: _Narrowed, proxy: Json) -> Route:
    host = next((h for h in narrowed.hosts if "{" not in h), "").replace("*", "www")
    pattern = narrowed.paths[0] if narrowed.paths else "*"
    method = narrowed.methods[0] if narrowed.methods else "GET"
    asked = [Asked(host or "localhost", path, method) for path in _examples(pattern)]
    ends = [way(server, one) for one in asked]
    surest = next((n for n, end in enumerate(ends) if end is Way.PROXY), 0)
    told = [name for source in sources(proxy) for name in upstreams(source)]
    dials = (*told, *(up["dial"] for up in proxy.get("upstreams", []) if "dial" in up))
    sure = ends[surest] is Way.PROXY and not narrowed.others
    return Route(host, asked[surest].path, pattern, method, port, scheme, dials, sure)


def _examples(pattern: str) -> list[str]:
    if pattern == "*":
        return [USUAL_PATH, "/", "/index.html"]
    usual = USUAL_PATH.strip("/")
    tries = (pattern.replace("*", usual, 1).replace("*", "x"), pattern.replace("*", ""))
    return [f"/{path.lstrip('/')}" for path in tries]


def _proxies(chain: Any, narrowed: _Narrowed) -> Iterator[tuple[_Narrowed, Json]]:
    for route in chain or []:
        inner = _narrow(narrowed, route.get("match"))
        for handler in route.get("handle", []):
            if handler.get("handler") == "reverse_proxy":
                yield inner, handler
            yield from _proxies(handler.get("routes"), inner)


def _narrow(narrowed: _Narrowed, sets: list[Json] | None) -> _Narrowed:
    """What is left behind a route's matchers, of which the first set speaks for all."""
    first = (sets or [{}])[0]
    return _Narrowed(
        tuple(first.get("host", narrowed.hosts)),
        tuple(first.get("path", narrowed.paths)),
        tuple(first.get("method", narrowed.methods)),
        narrowed.others or bool(set(first) - {"host", "path", "method", "not", "protocol"}),
    )


def first(found: list[Route]) -> Route | None:
    """The route to send requests to unless told otherwise: the first that is sure."""
    return next((route for route in found if route.sure), found[0] if found else None)
