"""Sites without their passwords: in a lab, nobody knows those of the site's users."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from caddylab._caddy.adapted.tree import Json
from caddylab._caddy.completion.substitution import Substitution
from caddylab._caddy.text.tokens import parse

AUTHENTICATION = "authentication"
WORDS = {"basic_auth", "basicauth"}


def open_doors(config: Json, text: str) -> list[Substitution]:
    """Let everybody in: take `basic_auth` out of a configuration, and report it."""
    removed = sum(_without(config))
    lines: list[int | None] = [s.line for s in parse(text).walk() if s.name in WORDS]
    means = "Everybody is let in: the passwords are not known."
    where = lines or [None] if removed else []
    return [Substitution(line, "basic_auth", "", means) for line in where]


def _without(node: Any) -> Iterator[int]:
    """Take the handlers out of each route; returns how many there were."""
    if isinstance(node, list):
        for item in node:
            yield from _without(item)
    elif isinstance(node, dict):
        chain = node.get("handle")
        if isinstance(chain, list):
            kept = [h for h in chain if h.get("handler") != AUTHENTICATION]
            yield len(chain) - len(kept)
            node["handle"] = kept
        for value in node.values():
            yield from _without(value)
