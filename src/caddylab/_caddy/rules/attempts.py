"""How often a `reverse_proxy` tries, and what it tries again."""

from __future__ import annotations

import re
from typing import Any

from caddylab._caddy.proxies import Proxy

STICKY = ("first", "ip_hash", "client_ip_hash", "uri_hash", "header", "query", "cookie")
"""Policies that choose the same upstream again as long as it counts as available."""

WITH_BODY = ("POST", "PUT", "PATCH")
_INTERVAL = 250_000_000  # Caddy's own, in nanoseconds, where there is a `lb_try_duration`
_MANY = 1000
_METHOD = re.compile(r"method", re.IGNORECASE)


def attempts(proxy: Proxy, each: int = 0) -> int:
    """How many attempts one request gets at most, if each fails after `each` nanoseconds."""
    retries, budget = (proxy.balancing.get(key, 0) for key in ("retries", "try_duration"))
    most = 1 + retries if retries > 0 else _MANY
    if budget > 0:
        pause = proxy.balancing.get("try_interval", 0) or _INTERVAL
        most = min(most, -(-(budget + pause) // max(1, each + pause)))
    return int(most) if proxy.retries else 1


def timeout(proxy: Proxy) -> int:
    """After how long a backend that answers too slowly is an error; 0 for never."""
    limits = [proxy.transport.get(key, 0) for key in ("response_header_timeout", "read_timeout")]
    return min((limit for limit in limits if limit > 0), default=0)


def retry_sets(proxy: Proxy) -> list[dict[str, Any]]:
    """The blocks of `lb_retry_match`; one of them must match, and the first that breaks ends it."""
    return list(proxy.balancing.get("retry_match", []))


def expression(match: dict[str, Any]) -> str:
    """The expression of a block, if it has one."""
    found = match.get("expression", "")
    return str(found.get("expr", "") if isinstance(found, dict) else found)


def reads_response(match: dict[str, Any]) -> bool:
    """Whether a block asks for what a backend answered."""
    return bool(re.search(r"reverse_proxy\\?\.(status_|header\.)|\{rp\.(status_|header\.)",
                          expression(match)))  # fmt: skip


def breaks_without_response(match: dict[str, Any]) -> bool:
    """Whether a block cannot be judged where there was no answer: Caddy then retries nothing."""
    return reads_response(match) and "is_transport_error" not in expression(match)


def takes(match: dict[str, Any], *methods: str) -> bool:
    """Whether a request with one of `methods` may match a block."""
    if "method" in match:
        return any(method in match["method"] for method in methods)
    refused = {
        m for no in match.get("not", []) for m in no.get("method", []) if set(no) == {"method"}
    }
    if _METHOD.search(expression(match)):
        return any(f'"{m}"' in expression(match) or f"'{m}'" in expression(match) for m in methods)
    return not set(methods) <= refused


def retries_slow_get(proxy: Proxy) -> bool:
    """Whether a GET that ran into a timeout is tried again."""
    if "retry_match" not in proxy.balancing:
        return bool(proxy.retries)
    for match in retry_sets(proxy):
        if breaks_without_response(match):
            return False
        if takes(match, "GET"):
            return bool(proxy.retries)
    return False
