"""The routes of a configuration: which requests come to which proxy, and its upstreams."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from types import MappingProxyType
from typing import Any

from caddylab._caddy.adapted import https
from caddylab._caddy.adapted.dynamic import sources, upstreams
from caddylab._caddy.adapted.https import Ports
from caddylab._caddy.adapted.letting_in import UPGRADE, addresses, headers, only_asks
from caddylab._caddy.adapted.matching import Asked
from caddylab._caddy.adapted.routes import USUAL_PATH, Way, way
from caddylab._caddy.adapted.samples import sample
from caddylab._caddy.adapted.tree import Json, port_of

HTTPS_PORT = 443
TOLD = {"host", "path", "path_regexp", "method", "not", "protocol", "header", "header_regexp",
        "remote_ip", "client_ip"}  # fmt: skip
"""Matchers for which it is known whether a request fits."""
NO_HEADERS: Mapping[str, str] = MappingProxyType({})


PERHAPS = "(perhaps)"
"""Said of a route that a condition may close which nobody can foresee."""


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
        address: the IP address that a client must have, where not everybody is let in; else "".
        headers: those that the request must have.
        asks: whether the answer only decides who is let in (`forward_auth`), and others answer.
    """

    host: str
    path: str
    pattern: str
    method: str
    port: int
    scheme: str
    upstreams: tuple[str, ...]
    sure: bool = True
    address: str = ""
    headers: Mapping[str, str] = field(default_factory=lambda: NO_HEADERS, hash=False)
    asks: bool = False

    @property
    def authority(self) -> str:
        """The `Host` to ask for: with the port where that is not the usual one."""
        return (self.host or "localhost") + self._port

    @property
    def _port(self) -> str:
        """The port in an address, where that is not the usual one."""
        usual = self.port in (0, Ports().usual(self.scheme == "https"))
        return "" if usual else f":{self.port}"

    @property
    def sockets(self) -> bool:
        """Whether only WebSockets come there."""
        return UPGRADE in self.headers

    def __str__(self) -> str:
        site = f"{self.scheme}://{self.host or '*'}{self._port}"
        to = ", ".join(self.upstreams) or "upstreams that a name server tells"
        others = [f"{name}: {value}" for name, value in self.headers.items() if name != UPGRADE]
        needs = [*(["WebSockets"] if self.sockets else []), *others]
        needs += [f"from {self.address}"] if self.address else []
        only = f" ({', '.join(needs)})" if needs else ""
        to += ", which only lets in" if self.asks else ""
        perhaps = "" if self.sure else f" {PERHAPS}"
        path = "" if self.pattern == "*" else f"/{self.pattern.lstrip('/')}"
        return f"{self.method} {site}{path}{only} → {to}{perhaps}"


@dataclass(frozen=True)
class _Narrowed:
    """The requests that have come so far."""

    hosts: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=lambda: NO_HEADERS)
    others: bool = False


def routes(config: Json) -> list[Route]:
    """The routes of every site that lead to a proxy, in the order of the configuration.

    Args:
        config: Caddy's JSON, as it was adapted.
    """
    return list(dict.fromkeys(route for route, _ in routed(config)))


def without_proxy(config: Json) -> list[str]:
    """The hosts of the sites that pass nothing on."""
    servers = config.get("apps", {}).get("http", {}).get("servers", {})
    hosts = dict.fromkeys(
        host for server in servers.values() for route in server.get("routes", [])
        if not any(_proxies([route], _Narrowed()))
        for host in _narrow(_Narrowed(), route.get("match")).hosts
    )  # fmt: skip
    return list(hosts)


def routed(config: Json) -> Iterator[tuple[Route, Json]]:
    """Every route that leads to a proxy, with that proxy."""
    app = config.get("apps", {}).get("http", {})
    tls = config.get("apps", {}).get("tls", {}).get("certificates") or {}
    certified = next(iter(tls.get("automate") or []), "").replace("*", "www")
    for server in app.get("servers", {}).values():
        port = next(filter(None, map(port_of, server.get("listen", []))), 0)
        secure = bool(port) and https.is_secure(server, port, Ports.of(app))
        for narrowed, proxy in _proxies(server.get("routes", []), _Narrowed()):
            host = _host(narrowed) or (certified if secure else "")
            scheme = "https" if secure else "http"
            place = Route(host, "", "", "", port, scheme, ())
            yield _route(server, place, narrowed, proxy), proxy


def _route(server: Json, place: Route, narrowed: _Narrowed, proxy: Json) -> Route:
    pattern = narrowed.paths[0] if narrowed.paths else "*"
    method = narrowed.methods[0] if narrowed.methods else "GET"
    asked = [
        Asked(place.host or "localhost", path, method, address, narrowed.headers)
        for address, path in product(addresses(server), _examples(pattern))
    ]
    ends = [way(server, one, proxy) for one in asked]
    there = [n for n, end in enumerate(ends) if end is Way.PROXY]
    if only_asks(proxy):  # who is let in is to meet somebody who answers
        there.sort(key=lambda n: way(server, asked[n], {}) is not Way.ANOTHER)
    surest = next(iter(there), 0)
    told = [name for source in sources(proxy) for name in upstreams(source)]
    dials = (*told, *(up["dial"] for up in proxy.get("upstreams", []) if "dial" in up))
    sure = ends[surest] is Way.PROXY and not narrowed.others
    usual = asked[surest].address == asked[0].address
    return replace(
        place, path=asked[surest].path, pattern=pattern, method=method, upstreams=dials, sure=sure,
        address="" if usual else asked[surest].address or "",
        headers={name: value for name, value in narrowed.headers.items() if name != "host"},
        asks=only_asks(proxy),
    )  # fmt: skip


def _host(narrowed: _Narrowed) -> str:
    """A host that fits; for a wildcard, one that a pattern for `Host` lets in as well."""
    host = next((name for name in narrowed.hosts if "{" not in name), "")
    label = narrowed.headers.get("host", "").partition(".")[0]
    return host.replace("*", label or "www")


def _examples(pattern: str) -> list[str]:
    if pattern == "*":
        return [USUAL_PATH, "/", "/index.html"]
    usual = USUAL_PATH.strip("/")
    tries = [pattern.replace("*", usual, 1).replace("*", "x"), pattern.replace("*", "")]
    if pattern == "*.php":  # the one page that certainly exists
        tries.insert(0, "index.php")
    return [f"/{path.lstrip('/')}" for path in tries]


def _proxies(chain: Any, narrowed: _Narrowed) -> Iterator[tuple[_Narrowed, Json]]:
    for route in chain or []:
        inner = _narrow(narrowed, route.get("match"))
        for handler in route.get("handle", []):
            if handler.get("handler") == "reverse_proxy":
                yield inner, handler
            yield from _proxies(handler.get("routes"), inner)


def _narrow(narrowed: _Narrowed, sets: list[Json] | None) -> _Narrowed:
    """The requests that a route's matchers let through; the first set of them stands for all."""
    first = (sets or [{}])[0]
    pattern = sample((first.get("path_regexp") or {}).get("pattern", ""))
    return _Narrowed(
        tuple(first.get("host", narrowed.hosts)),
        tuple(first.get("path") or ([pattern] if pattern else narrowed.paths)),
        tuple(first.get("method", narrowed.methods)),
        {**narrowed.headers, **headers(first)},
        narrowed.others or bool(set(first) - TOLD),
    )


def first(found: list[Route]) -> Route | None:
    """The route to send requests to unless told otherwise: the first that is sure, and answers.

    At the usual ports first, HTTPS above all.
    """
    usual = [HTTPS_PORT, 80]

    def rank(one: Route) -> tuple[bool, bool, bool, int]:
        port = usual.index(one.port) if one.port in usual else 2
        return one.asks, one.sockets, not one.sure, port

    return min(found, default=None, key=rank)
