"""How long `caddylab test` takes: a pair with HTTPS and nothing that spares its users, all rows."""

from __future__ import annotations

import statistics
from pathlib import Path

from benchmarks._row import Row
from caddylab import rehearse

SITE = Path(__file__).parents[1] / "tests" / "sites" / "pair.caddyfile"
ROUNDS = 3
MOST = 60.0
"""Seconds that it may take on two cores."""


def run() -> list[Row]:
    """With advice and without, in turn; medians of three."""
    rounds = [(_took(advice=True), _took(advice=False)) for _ in range(ROUNDS)]
    whole, table = (statistics.median(column) for column in zip(*rounds, strict=True))
    each = ", ".join(f"{one:.0f} s" for one, _ in rounds)
    return [
        Row("`caddylab test` of a pair with HTTPS, its advice proved, processes",
            f"{whole:.0f} s (of {ROUNDS} rounds: {each})", f"{table:.0f} s (`--no-advice`)",
            whole / table, f"≤ {MOST:g} s", whole <= MOST),
    ]  # fmt: skip


def _took(*, advice: bool) -> float:
    return rehearse(SITE, runtime="process", advice=advice).took


if __name__ == "__main__":
    print(*run(), sep="\n")
