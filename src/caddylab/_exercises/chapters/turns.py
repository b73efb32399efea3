"""How long to watch before a backend that must get nothing has surely had its turn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from caddylab._exercises.bench import Bench
from caddylab._exercises.chapters.calm import attempts_on, often
from caddylab._traffic.traffic import Traffic

ENOUGH = 60
MOST = 1000
"""How many requests a check can send in its time."""


def watch(bench: Bench, number: int) -> Traffic:
    """Send enough requests that a backend must have been met if it has any share at all."""
    count = min(max(ENOUGH, turn(bench, number)), MOST)
    return bench.fire(count, concurrency=12, clients=count, timeout=5)


def unmet(bench: Bench, number: int, run: Traffic) -> tuple[bool, str]:
    """Whether a backend had none of the requests, nor will have one by its weights; in words."""
    tried, due = attempts_on(run.requests, number), turn(bench, number)
    seen = f"Backend {number} was tried {often(tried)} for {len(run)} requests."
    if due > len(run):
        seen += f" By your weights it has its turn within {due} requests."
    return tried == 0 and due <= len(run), seen


def turn(bench: Bench, number: int) -> int:
    """After how many requests its weights give a backend one; 0 where it has no weight."""
    dial = bench.dial(number)
    return max((sum(w.values()) for w in _weights(bench.config()) if w.get(dial)), default=0)


def _weights(config: Any) -> Iterator[dict[str, int]]:
    """The weight of each upstream (by its dial address), for each proxy that has weights."""
    if isinstance(config, dict):
        policy = config.get("load_balancing", {}).get("selection_policy", {})
        weights = policy.get("fallback", policy).get("weights", [])
        dials = [upstream["dial"] for upstream in config.get("upstreams", [])]
        if weights:
            yield dict(zip(dials, weights, strict=False))
        config = list(config.values())
    if isinstance(config, list):
        for part in config:
            yield from _weights(part)
