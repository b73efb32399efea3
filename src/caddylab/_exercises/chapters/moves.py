"""Who has to move under `ip_hash` when the upstreams change."""

from __future__ import annotations

from caddylab._engine.clients import Clients
from caddylab._exercises.bench import Bench
from caddylab._traffic.traffic import Traffic

HASHED = """
:80 {
	reverse_proxy UPSTREAMS {
		lb_policy ip_hash
	}
}
"""


SAMPLE = 120
"""So many people show what happens; 600 would take a busy machine too long."""


def spread(bench: Bench, order: str) -> Traffic:
    upstreams = " ".join(f"backend{number}:8080" for number in order.split())
    bench.load(HASHED.replace("UPSTREAMS", upstreams))
    return bench.fire(SAMPLE, concurrency=20, clients=Clients(SAMPLE))


def moved(before: Traffic, after: Traffic) -> int:
    return sum(a != b for a, b in zip(before.backends, after.backends, strict=True))
