"""One line of the benchmarks' table."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """What was measured, beside something real that was measured in the same run.

    Args:
        name: what was measured.
        ours: our figure with its unit.
        other: the figure it is compared with, and whose it is.
        ratio: ours / other.
        bar: what is asked for; empty for a line that is there for context.
        ok: whether ours meets the bar.
    """

    name: str
    ours: str
    other: str
    ratio: float
    bar: str = ""
    ok: bool = True
