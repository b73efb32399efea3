"""The case of lab 05.3: people are logged in behind `ip_hash`; one backend hangs for a while."""

from __future__ import annotations

from caddylab._engine.clients import Clients, address_of
from caddylab._exercises.bench import Bench
from caddylab._exercises.chapters.sticky import People
from caddylab._traffic.traffic import Traffic

HANGS = """
:80 {
	reverse_proxy backend1:8080 backend2:8080 backend3:8080 {
		lb_policy ip_hash
		lb_retries 2
		fail_duration 500ms
		transport http {
			response_header_timeout 500ms
		}
	}
}
"""
RESIDENTS = {1: 3, 2: 5, 3: 4}
"""So many people live at each backend in the case."""


def outing(bench: Bench) -> Traffic:
    """People are logged in; one backend hangs for a while, and keeps its memory."""
    bench.load(HANGS)
    homes = bench.fire(60, clients=Clients(60), concurrency=10).backends
    chosen = [
        k
        for number, count in RESIDENTS.items()
        for k in [k for k, home in enumerate(homes) if home == number][:count]
    ]
    people = People([address_of(k) for k in sorted(chosen)])
    bench.fire(len(people), path="/login?user=ann", method="POST", clients=people)
    run = bench.fire(rate=48, duration=4, path="/me", clients=people, timeout=10, background=True)
    bench.pause(0.8)
    bench.backend(3).hung()
    bench.pause(1.2)
    bench.restore()
    return run.wait()
