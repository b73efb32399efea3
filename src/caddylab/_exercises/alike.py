"""Whether a Caddyfile prefers a backend, so that a check may come out by luck."""

from __future__ import annotations

import json
from typing import Any

_ORDERED = ("first", "weighted_round_robin")
"""Policies for which the order of the upstreams matters."""


def treats_alike(config: dict[str, Any], backends: int) -> bool:
    """Whether nothing in Caddy's JSON distinguishes the backends.

    Each proxy has all of them, with a policy that prefers none, and nothing else names one. Where
    that is not certain the answer is no.
    """
    pools: list[list[str]] = []
    rest = json.dumps(_without_pools(config, pools)).lower()
    every = {len(set(pool)) == len(pool) == backends for pool in pools} == {True}
    ordered = any(f'"policy": "{policy}"' in rest for policy in _ORDERED)
    same = len({frozenset(pool) for pool in pools}) == 1
    return every and same and not ordered and not _names_one(rest)


def _names_one(rest: str) -> bool:
    """Whether a matcher or a placeholder may be about a single backend."""
    return "backend" in rest or "reverse_proxy.upstream" in rest


def _without_pools(node: Any, pools: list[list[str]]) -> Any:
    """The JSON without its lists of upstreams, which go into `pools`."""
    if isinstance(node, list):
        return [_without_pools(item, pools) for item in node]
    if not isinstance(node, dict):
        return node
    if "upstreams" in node:
        pools.append([str(upstream.get("dial")) for upstream in node["upstreams"]])
    return {k: _without_pools(v, pools) for k, v in node.items() if k != "upstreams"}
