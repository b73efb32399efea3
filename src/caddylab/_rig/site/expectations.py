"""What a Caddyfile expects its upstreams to answer, so that backends can do so in their place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from caddylab._caddy.adapted.samples import sample
from caddylab._caddy.adapted.tree import Json, handlers
from caddylab._rig.site.assignment import PROXY, bare


def expected(config: Json, numbers: Mapping[str, int]) -> dict[int, list[dict[str, Any]]]:
    """What each backend must answer to pass the active checks, by its number.

    Args:
        config: Caddy's JSON, with the addresses of the Caddyfile.
        numbers: which backend stands for which upstream.
    """
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for proxy in handlers(config, PROXY):
        active = proxy.get("health_checks", {}).get("active")
        for number in _asked(proxy, active, numbers) if active else ():
            answer = _answer(active)
            if answer not in found[number]:
                found[number].append(answer)
    return found


def _asked(proxy: Json, active: Json, numbers: Mapping[str, int]) -> set[int]:
    """The backends that are judged, and those that are asked in their place."""
    judged = [bare(up["dial"]) for up in proxy.get("upstreams", []) if "dial" in up]
    port = active.get("port")
    elsewhere = [f"{dial.rpartition(':')[0]}:{port}" for dial in judged] if port else []
    names = {*judged, *elsewhere, bare(active.get("upstream", ""))}
    return {numbers[name] for name in names if name in numbers}


def _answer(active: Json) -> dict[str, Any]:
    path = urlsplit(active.get("uri") or active.get("path") or "/").path or "/"
    wanted = int(active.get("expect_status", 200))
    status = wanted if wanted >= 200 else wanted * 100 if 2 <= wanted <= 5 else 200
    return {"path": path, "status": status, "body": sample(active.get("expect_body", ""))}
