"""What choosing an upstream costs Caddy: processor time per request, with few and with many."""

from __future__ import annotations

from benchmarks._row import Row
from caddylab import policy_costs

FEW, MANY, REQUESTS = 2, 1000, 4000


def run() -> list[Row]:
    """In turn; the best of each."""
    costs = policy_costs((FEW, MANY), requests=REQUESTS)
    return [row(policy, costs.of(policy, MANY), costs.of(policy, FEW)) for policy in costs.policies]


def row(policy: str, many: float, few: float) -> Row:
    """One policy."""
    return Row(
        f"Caddy's processor time a request, `{policy}`: {MANY:,} upstreams / {FEW}",
        f"{many:.0f} µs", f"{few:.0f} µs", many / few,
    )  # fmt: skip
