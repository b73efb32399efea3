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
    memories: tuple[tuple[int, float, int], ...] = ()
    """Backends whose proxies all remember alike, but not as the one that is shown: the backend,
    its `fail_duration` in seconds, its `max_fails`."""

    def memory(self, backend: int) -> tuple[float, int]:
        """How many seconds a failure of a backend is remembered, and how many make it failed."""
        own = {number: (seconds, most) for number, seconds, most in self.memories}
        return own.get(backend, (self.fail_duration, self.max_fails))

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
    active = health.get("active")
    policy = proxy.get("load_balancing", {}).get("selection_policy", {}).get("policy", "random")
    interval = active.get("interval", 30 * NANO) / NANO if active else None
    here, most = _memory(proxy)
    memories = _memories(found, backend_at)
    alike = {number: next(iter(known)) for number, known in memories.items() if len(known) == 1}
    used = {*listed, *(number for proxy in found for number in _numbers(proxy, backend_at))}
    asked = tuple(_asked(found, backend_at))
    return Setting(
        backends, policy, interval, here, most,
        tuple(sorted(used)),
        urlsplit((active or {}).get("uri", "/")).path, (active or {}).get("expect_status", 0),
        tuple(sorted(memories.keys() - alike)), asked, tuple((names or {}).items()),
        tuple((number, *own) for number, own in sorted(alike.items()) if own != (here, most)),
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


def _memory(proxy: Json) -> tuple[float, int]:
    passive = proxy.get("health_checks", {}).get("passive", {})
    return passive.get("fail_duration", 0) / NANO, passive.get("max_fails") or 1


def _memories(
    proxies: Sequence[Json], backend_at: BackendAt
) -> Mapping[int, set[tuple[float, int]]]:
    """How the proxies that name a backend remember its failures."""
    found: dict[int, set[tuple[float, int]]] = defaultdict(set)
    for proxy in proxies:
        for number in _numbers(proxy, backend_at):
            found[number].add(_memory(proxy))
    return found
