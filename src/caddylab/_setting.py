"""What a loaded configuration says about balancing, in the words of the live view."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from caddylab._caddy.tree import handlers

NANO = 1e9


@dataclass(frozen=True)
class Setting:
    """The stage on which requests are shown.

    Attributes:
        backends: how many there are.
        policy: Caddy's name of the load balancing policy.
        check: seconds between two active checks; None without them.
        memory: seconds that Caddy remembers a failure; 0 = it does not.
        used: the numbers of the backends that it names.
        path, status: what an active check asks for, and the status that it wants (0 = any 2xx).
        most: so many remembered failures make a backend a failed one.
    """

    backends: int
    policy: str = "random"
    check: float | None = None
    memory: float = 0.0
    most: int = 1
    used: tuple[int, ...] = ()
    path: str = "/"
    status: int = 0

    def passes(self, entry: dict[str, Any]) -> bool:
        """Whether a request that a backend has executed was an active check that passed."""
        status = entry["status"] or 0
        good = status == self.status if self.status else 200 <= status < 300
        return good and entry["id"] is None and entry["path"] == self.path


def setting(
    config: dict[str, Any], backends: int, backend_at: Callable[[str], int | None]
) -> Setting:
    """Read it from the reverse proxy with the most upstreams in a configuration that Caddy runs.

    Args:
        config: the configuration.
        backends: how many the lab has.
        backend_at: gives the number of the backend at a dial address.
    """
    found = handlers(config, "reverse_proxy")
    proxy = max(found, key=lambda proxy: len(proxy.get("upstreams", [])), default={})
    health = proxy.get("health_checks", {})
    active, passive = health.get("active"), health.get("passive", {})
    policy = proxy.get("load_balancing", {}).get("selection_policy", {}).get("policy", "random")
    check = active.get("interval", 30 * NANO) / NANO if active else None
    memory = passive.get("fail_duration", 0) / NANO
    proxies = handlers(config, "reverse_proxy")
    dials = [up.get("dial", "") for proxy in proxies for up in proxy.get("upstreams", [])]
    used = {number for number in map(backend_at, dials) if number is not None}
    return Setting(
        backends, policy, check, memory, passive.get("max_fails", 1) or 1, tuple(sorted(used)),
        urlsplit((active or {}).get("uri", "/")).path, (active or {}).get("expect_status", 0),
    )  # fmt: skip
