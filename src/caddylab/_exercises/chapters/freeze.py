"""Both backends hang for a second: who measures that, and who hardly notices."""

from __future__ import annotations

from caddylab._exercises.bench import Bench
from caddylab._traffic.traffic import Traffic

TURNS = """
:80 {
	reverse_proxy backend1:8080 backend2:8080 {
		lb_policy round_robin
	}
}
"""


def frozen(bench: Bench, run: Traffic) -> Traffic:
    bench.wait_until(lambda: len(run) > 40, 10)
    with bench.backend(1).hung(), bench.backend(2).hung():
        bench.pause(1)
    return run.wait()


def felt(run: Traffic) -> int:
    """How many requests took longer than half a second, from when they were meant to be sent."""
    patient = not run.run.plan.open
    times = (r.latency if patient else r.latency_intended for r in run.requests)
    return sum(took > 0.5 for took in times)
