"""What a request must have besides host, path and method to be let in: headers, an address."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from caddylab._caddy.adapted.samples import sample
from caddylab._caddy.adapted.tree import Json, find

USUAL = "203.0.113.1"
"""The address of a lab's first client."""
UPGRADE = "upgrade"
"""The header that only the handshake of a WebSocket has."""
NOBODYS = {"connection", "content-length", "transfer-encoding", "x-request-id"}
"""Headers that a request of a lab cannot set freely."""


def only_asks(proxy: Json) -> bool:
    """Whether this is what Caddy makes of `forward_auth`: a GET that is answered yes or no."""
    return "handle_response" in proxy and (proxy.get("rewrite") or {}).get("method") == "GET"


def addresses(server: Json) -> list[str]:
    """Addresses to try: the usual one, then one of each network that a server asks about."""
    networks = (
        network for kind in ("remote_ip", "client_ip") for matcher in find(server, kind)
        if isinstance(matcher, dict) for network in matcher.get("ranges") or []
    )  # fmt: skip
    return list(dict.fromkeys([USUAL, *filter(None, map(_member, networks))]))


def _member(network: str) -> str:
    """An IPv4 address within a network; "" where there is none."""
    try:
        found = ipaddress.ip_network(network, strict=False)
    except ValueError:
        return ""
    if found.version != 4:
        return ""
    return str(found[1] if found.num_addresses > 2 else found[0])


def headers(matcher: Json) -> dict[str, str]:
    """Headers that fit a matcher, by their names in lower case."""
    return {name: value for name, value in _headers(matcher) if name not in NOBODYS}


def _headers(matcher: Json) -> Iterator[tuple[str, str]]:
    for name, wanted in (matcher.get("header") or {}).items():
        if name.lower() == "connection" and "upgrade" in str(wanted).lower():
            yield UPGRADE, "websocket"
        if wanted is not None:
            yield name.lower(), wanted[0].replace("*", "") or "1" if wanted else "1"
    for name, wanted in (matcher.get("header_regexp") or {}).items():
        if text := sample(wanted.get("pattern", "")):
            yield name.lower(), text
