"""What a loaded configuration says about balancing, in the words of the live view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from caddylab._caddy.config import handlers

NANO = 1e9


@dataclass(frozen=True)
class Setting:
    """The stage on which requests are shown.

    Attributes:
        backends: how many there are.
        policy: Caddy's name of the load balancing policy.
        check: seconds between two active checks; None without them.
        memory: seconds that Caddy remembers a failure; 0 = it does not.
        path, status: what an active check asks for, and the status that it wants (0 = any 2xx).
        most: so many remembered failures make a backend a failed one.
    """

    backends: int
    policy: str = "random"
    check: float | None = None
    memory: float = 0.0
    most: int = 1
    path: str = "/"
    status: int = 0

    def passes(self, entry: dict[str, Any]) -> bool:
        """Whether a request that a backend has executed was an active check that passed."""
        status = entry["status"] or 0
        good = status == self.status if self.status else 200 <= status < 300
        return good and entry["id"] is None and entry["path"] == self.path


def setting(config: dict[str, Any], backends: int) -> Setting:
    """Read it from the first reverse proxy of a configuration that Caddy runs."""
    proxy = next(handlers(config, "reverse_proxy"), {})
    health = proxy.get("health_checks", {})
    active, passive = health.get("active"), health.get("passive", {})
    policy = proxy.get("load_balancing", {}).get("selection_policy", {}).get("policy", "random")
    check = active.get("interval", 30 * NANO) / NANO if active else None
    memory = passive.get("fail_duration", 0) / NANO
    return Setting(
        backends, policy, check, memory, passive.get("max_fails", 1) or 1,
        urlsplit((active or {}).get("uri", "/")).path, (active or {}).get("expect_status", 0),
    )  # fmt: skip
