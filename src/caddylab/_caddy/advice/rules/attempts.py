"""How often a `reverse_proxy` makes an attempt, and after what it retries."""

from __future__ import annotations

from typing import Any

from caddylab._caddy.adapted.proxies import Proxy
from caddylab._caddy.advice.rules.expressions import Truth, outcomes, reads_response

STICKY = ("first", "ip_hash", "client_ip_hash", "uri_hash", "header", "query", "cookie")
"""Policies that choose the same upstream again as long as it counts as available."""

WITH_BODY = ("POST", "PUT", "PATCH")
INTERVAL = 250_000_000  # Caddy's own, in nanoseconds, where there is a `lb_try_duration`
_MANY = 1000


def attempts(proxy: Proxy, each: int = 0) -> int:
    """How many attempts one request gets at most, if each fails after `each` nanoseconds."""
    retries, budget = (proxy.balancing.get(key, 0) for key in ("retries", "try_duration"))
    most = 1 + retries if retries > 0 else _MANY
    if budget > 0:
        pause = proxy.balancing.get("try_interval", 0) or INTERVAL
        most = min(most, -(-(budget + pause) // max(1, each + pause)))
    return int(most) if proxy.retries else 1


def timeout(proxy: Proxy) -> int:
    """After how long a slow answer counts as an error, in nanoseconds; 0 for never."""
    limits = [proxy.transport.get(key, 0) for key in ("response_header_timeout", "read_timeout")]
    return min((limit for limit in limits if limit > 0), default=0)


def retry_sets(proxy: Proxy) -> list[dict[str, Any]]:
    """The blocks of `lb_retry_match`; one must match, and none is tried after one that breaks."""
    return list(proxy.balancing.get("retry_match", []))


def expression(match: dict[str, Any]) -> str:
    """The expression of a block, if it has one."""
    found = match.get("expression", "")
    return str(found.get("expr", "") if isinstance(found, dict) else found)


def asks_for_response(match: dict[str, Any]) -> bool:
    """Whether a block asks for what a backend answered."""
    return reads_response(expression(match))


def breaks(match: dict[str, Any], method: str = "GET") -> bool:
    """Whether a block cannot be judged where there was no answer: Caddy then retries nothing."""
    text = expression(match)
    broken = bool(text) and outcomes(text, method, answered=False) == frozenset({Truth.ERROR})
    return broken and match.keys() <= {"expression", "method"}


def takes_error(match: dict[str, Any], method: str) -> bool:
    """Whether a request with this method may match a block after an error."""
    text = expression(match)
    possible = not text or Truth.YES in outcomes(text, method, answered=False)
    return possible and _admits(match, method)


def takes_response(match: dict[str, Any], method: str) -> bool:
    """Whether a request with this method may match a block by a backend's answer.

    Caddy asks only the blocks that have an expression.
    """
    text = expression(match)
    possible = bool(text) and Truth.YES in outcomes(text, method, answered=True)
    return possible and _admits(match, method)


def _admits(match: dict[str, Any], method: str) -> bool:
    if "method" in match and method not in match["method"]:
        return False
    alone = [no for no in match.get("not", []) if set(no) == {"method"}]
    return not any(method in no["method"] for no in alone)


def retries_timeout(proxy: Proxy, method: str) -> bool:
    """Whether a request with this method that ran into a timeout is tried again."""
    if "retry_match" not in proxy.balancing:
        return bool(proxy.retries) and method == "GET"
    for match in retry_sets(proxy):
        if breaks(match, method):
            return False
        if takes_error(match, method):
            return bool(proxy.retries)
    return False


def retries_response(proxy: Proxy, method: str) -> bool:
    """Whether a request with this method is tried again because of some answer."""
    sets = [match for match in retry_sets(proxy) if asks_for_response(match)]
    return bool(proxy.retries) and any(takes_response(match, method) for match in sets)
