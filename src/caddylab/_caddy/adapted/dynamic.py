"""Dynamic upstreams: which backends stand behind a name, and how Caddy comes to ask the lab."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from caddylab._caddy.adapted.tree import Json

EACH = 2
"""How many backends stand behind a name: two are enough to show what happens to a pool."""
COURSE = re.compile(r"backend[1-9]\d*")
DOMAIN = "caddylab.internal"
"""The domain below which the targets of services are named."""
PORT = 80
"""Caddy's own, where a source of addresses names none."""


@dataclass
class Pool:
    """What the name server is to answer for one name.

    Attributes:
        alias: the name that Caddy asks for; new, so that no answer to an earlier Caddyfile counts.
        service: whether the answer is a list of targets rather than of addresses.
        members: the backends.
    """

    alias: str
    service: bool = False
    members: list[int] = field(default_factory=list)


def sources(proxy: Json) -> Iterator[Json]:
    """The name server's parts of a proxy's dynamic upstreams; of no others."""
    yield from _flat(proxy.get("dynamic_upstreams") or {})


def _flat(source: Json) -> Iterator[Json]:
    if source.get("source") == "multi":
        for one in source.get("sources") or []:
            yield from _flat(one)
    elif source.get("source") in ("a", "srv"):
        yield source


def asked(source: Json) -> str:
    """The name that Caddy asks for."""
    name = str(source.get("name") or "")
    if source["source"] == "srv" and (source.get("service") or source.get("proto")):
        name = f"_{source.get('service', '')}._{source.get('proto', '')}.{name}"
    return name.rstrip(".").lower()


def upstreams(source: Json) -> list[str]:
    """What the lab calls the upstreams behind a source: "app:8080 #1", "app:8080 #2"."""
    name = asked(source)
    label = name if source["source"] == "srv" else f"{name}:{source.get('port') or PORT}"
    if COURSE.fullmatch(name) and ":" in label:
        return [label]
    return [f"{label} #{k}" for k in range(1, EACH + 1)]


def is_told(upstream: str) -> bool:
    """Whether this is the lab's name for an upstream that a name server lists."""
    return "#" in upstream


def target(number: int) -> str:
    """The name of a backend as the target of a service."""
    return f"backend{number}.{DOMAIN}"


def alias(name: str) -> str:
    """A name that has never been asked for: Caddy remembers answers across sites.

    One that depends on the request becomes the same for all requests.
    """
    name = "any" if "{" in name else name
    return f"{name}.{secrets.token_hex(3)}.{DOMAIN}"


def ask_here(proxy: Json, pools: Mapping[str, Pool], resolver: str, port: int) -> None:
    """Have a proxy ask the lab's name server, for addresses at the lab's port."""
    here = {"addresses": [resolver]}
    for source in sources(proxy):
        source["name"] = pools[asked(source)].alias
        source["resolver"] = dict(here)
        if source["source"] == "a":
            source["port"] = str(port)
        else:
            source.pop("service", None)
            source.pop("proto", None)
            transport = proxy.setdefault("transport", {"protocol": "http"})
            if transport.get("protocol") == "http":
                transport["resolver"] = dict(here)
