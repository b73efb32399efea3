"""What a loaded configuration says about balancing, in the words of the live view."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from caddylab._caddy.adapted.judges import matches
from caddylab._caddy.adapted.tree import Json, handlers

NANO = 1e9
BackendAt = Callable[[str], int | None]
"""Gives the number of the backend at a dial address."""


@dataclass(frozen=True)
class Setting:
    """How the configuration balances, as the live view shows it.

    Attributes:
        backends: how many there are.
        policy: Caddy's name of the load balancing policy.
        health_interval: seconds between two active checks; None without them.
        fail_duration: seconds that Caddy remembers a failure; 0 = it does not.
        used: the numbers of the backends that the configuration names.
        path, status: what an active check asks for, and the status that it wants (0 = any 2xx).
        max_fails: how many remembered failures make a backend count as failed.
        torn: the backends whose failures proxies remember differently, in number or for how
            long: when all is forgotten is not known.
    """

    backends: int
    policy: str = "random"
    health_interval: float | None = None
    fail_duration: float = 0.0
    max_fails: int = 1
    used: tuple[int, ...] = ()
    path: str = "/"
    status: int = 0
    torn: tuple[int, ...] = ()
    asked: tuple[tuple[int, str, int], ...] = ()
    """Every active check: the backend that is asked, the path, the status wanted."""
    names: tuple[tuple[int, str], ...] = ()
    """The names of backends that have a name of their own in the Caddyfile."""

    def passes(self, backend: int, entry: dict[str, Any]) -> bool:
        """Whether a request that a backend has executed was an active check that passed."""
        if entry["id"] is not None:
            return False
        wanted = [(path, status) for number, path, status in self.asked if number == backend]
        return any(
            entry["path"] == path and matches(entry["status"] or 0, status)
            for path, status in wanted
        )


def setting(
    config: Json,
    backends: int,
    backend_at: BackendAt,
    names: Mapping[int, str] | None = None,
    listed: Iterable[int] = (),
) -> Setting:
    """Read it from the reverse proxy with the most upstreams in a configuration that Caddy runs.

    Args:
        config: the configuration.
        backends: how many the lab has.
        backend_at: gives the number of the backend at a dial address.
        names: what backends are called, by their numbers.
        listed: the numbers of backends that a dynamic source of upstreams names.
    """
    found = list(handlers(config, "reverse_proxy"))
    proxy = max(found, key=lambda proxy: len(proxy.get("upstreams", [])), default={})
    health = proxy.get("health_checks", {})
    active, passive = health.get("active"), health.get("passive", {})
    policy = proxy.get("load_balancing", {}).get("selection_policy", {}).get("policy", "random")
    interval = active.get("interval", 30 * NANO) / NANO if active else None
    fail_duration = passive.get("fail_duration", 0) / NANO
    used = {*listed, *(number for proxy in found for number in _numbers(proxy, backend_at))}
    asked = tuple(_asked(found, backend_at))
    return Setting(
        backends, policy, interval, fail_duration, passive.get("max_fails", 1) or 1,
        tuple(sorted(used)),
        urlsplit((active or {}).get("uri", "/")).path, (active or {}).get("expect_status", 0),
        tuple(_torn(found, backend_at)), asked, tuple((names or {}).items()),
    )  # fmt: skip


def _numbers(proxy: Json, backend_at: BackendAt) -> set[int]:
    """The backends that a proxy names."""
    found = map(backend_at, (up.get("dial", "") for up in proxy.get("upstreams", [])))
    return {number for number in found if number is not None}


def _asked(proxies: Sequence[Json], backend_at: BackendAt) -> Iterator[tuple[int, str, int]]:
    for proxy in proxies:
        if active := proxy.get("health_checks", {}).get("active"):
            path = urlsplit(active.get("uri") or active.get("path") or "/").path or "/"
            for number in sorted(_numbers(proxy, backend_at)):
                yield number, path, active.get("expect_status", 0)


def _torn(proxies: Sequence[Json], backend_at: BackendAt) -> Iterator[int]:
    memories: dict[int, set[tuple[float, int]]] = defaultdict(set)
    for proxy in proxies:
        passive = proxy.get("health_checks", {}).get("passive", {})
        remembered = passive.get("fail_duration", 0), passive.get("max_fails") or 1
        for number in _numbers(proxy, backend_at):
            memories[number].add(remembered)
    yield from sorted(number for number, found in memories.items() if len(found) > 1)
