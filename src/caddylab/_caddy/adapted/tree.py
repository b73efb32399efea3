"""Finding and changing things in Caddy's JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

_TCP = re.compile(r"^tcp[46]?/")


def handlers(tree: Any, name: str) -> Iterator[Json]:
    """Every handler called `name`, at whatever depth."""
    if isinstance(tree, dict):
        if tree.get("handler") == name:
            yield tree
        for value in tree.values():
            yield from handlers(value, name)
    elif isinstance(tree, list):
        for value in tree:
            yield from handlers(value, name)


def find(tree: Any, key: str) -> Iterator[Any]:
    """Every value that stands under `key`, at whatever depth."""
    if isinstance(tree, dict):
        if key in tree:
            yield tree[key]
        for value in tree.values():
            yield from find(value, key)
    elif isinstance(tree, list):
        for value in tree:
            yield from find(value, key)


def port_of(listen: str) -> int | None:
    """The TCP port of a listener or a dial address, if it has exactly one."""
    port = listen.rpartition(":")[2]
    return int(port) if port.isdigit() and "/" not in _TCP.sub("", listen) else None


def merge(into: Json, extra: Json) -> None:
    """Add `extra` to `into`, dictionary by dictionary."""
    for key, value in extra.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            merge(into[key], value)
        else:
            into[key] = value


def strings(node: Any) -> Iterator[str]:
    """Every text in a piece of JSON, keys included."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for key, value in node.items():
            yield str(key)
            yield from strings(value)
    elif isinstance(node, list):
        for value in node:
            yield from strings(value)
