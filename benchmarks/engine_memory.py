"""How much memory one of the engine's records takes."""

from __future__ import annotations

import gc
import tracemalloc

from benchmarks._row import Row
from benchmarks._static import static_caddy
from caddylab._engine.engine import Address, Engine
from caddylab._engine.plan import Plan

MOST = 1000


def run() -> list[Row]:
    """Bytes per record, for runs of two sizes: the same if memory grows linearly."""
    engine = Engine()
    try:
        with static_caddy() as caddy:
            _bytes_a_record(engine, caddy.address, 100)
            small, large = (_bytes_a_record(engine, caddy.address, n) for n in (5_000, 50_000))
    finally:
        engine.close()
    return [
        Row("memory a record, 50,000 requests", f"{large:.0f} B", f"{MOST} B (the bar)",
            large / MOST, "≤ 1.0", large <= MOST),
        Row("memory a record, 50,000 requests beside 5,000", f"{large:.0f} B",
            f"{small:.0f} B (5,000 requests)", large / small, "≤ 1.1", large / small <= 1.1),
    ]  # fmt: skip


def _bytes_a_record(engine: Engine, site: Address, count: int) -> float:
    tracemalloc.start()
    try:
        run = engine.start(Plan(count=count, concurrency=16), site)
        run.wait()
        gc.collect()
        return tracemalloc.get_traced_memory()[0] / len(run.requests)
    finally:
        tracemalloc.stop()


if __name__ == "__main__":
    print(*run(), sep="\n")
