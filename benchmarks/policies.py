"""What choosing an upstream costs Caddy: processor time a request, with few upstreams and many."""

from __future__ import annotations

import statistics
from collections import defaultdict

import psutil

from benchmarks._fleet import fleet
from benchmarks._row import Row
from benchmarks._static import static_caddy
from caddylab._engine.clients import Clients
from caddylab._engine.engine import Engine
from caddylab._engine.plan import Plan

POLICIES = ("round_robin", "random", "least_conn", "ip_hash")
FEW, MANY = 2, 1000
ROUNDS, WARM, COUNT, AT_ONCE = 3, 2500, 4000, 8


def run() -> list[Row]:
    """In turns, three times; medians."""
    spent: dict[tuple[str, int], list[float]] = defaultdict(list)
    engine = Engine()
    try:
        with fleet(MANY) as dials:
            for _ in range(ROUNDS):
                for policy in POLICIES:
                    for size in (FEW, MANY):
                        spent[policy, size].append(cost(engine, policy, dials[:size]))
    finally:
        engine.close()
    return [
        row(policy, *(statistics.median(spent[policy, n]) for n in (MANY, FEW)))
        for policy in POLICIES
    ]


def row(policy: str, many: float, few: float) -> Row:
    """One policy."""
    return Row(
        f"Caddy's processor time a request, `{policy}`: {MANY:,} upstreams / {FEW}",
        f"{many:.0f} µs", f"{few:.0f} µs", many / few,
    )  # fmt: skip


def cost(engine: Engine, policy: str, dials: list[str]) -> float:
    """Microseconds of Caddy's for each request."""
    site = f"reverse_proxy {' '.join(dials)} {{\n\tlb_policy {policy}\n}}"
    with static_caddy(site) as caddy:
        process = psutil.Process(caddy.process.pid)
        _send(engine, caddy.address, WARM)  # connections are kept from here on
        before = process.cpu_times()
        _send(engine, caddy.address, COUNT)
        after = process.cpu_times()
    used = (after.user + after.system) - (before.user + before.system)
    return used / COUNT * 1e6


def _send(engine: Engine, address: tuple[str, int], count: int) -> None:
    engine.start(Plan(count=count, concurrency=AT_ONCE), address, Clients(proxy=False)).wait()
