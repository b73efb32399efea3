"""The axis of latencies: seconds or their parts, on a log scale where they lie far apart."""

from __future__ import annotations

import math

import altair as alt

from caddylab._charts.parts import clock

WIDE = 30
"""Latencies further apart than this factor are drawn on a log scale."""
LOG = "a log scale: each ×10 takes equal room"
"""What the axis says about the scale."""


def wide(low: float, high: float) -> bool:
    """Whether latencies that differ so much need a log scale."""
    return high > WIDE * low


def axis(low: float, high: float, title: str, pixels: list[float]) -> tuple[alt.Axis, alt.Scale]:
    """The axis with its title, and its scale, for latencies from `low` to `high`.

    Args:
        low, high: the extreme latencies in seconds, above 0.
        title: the title of the axis.
        pixels: where the scale begins and ends.
    """
    log = wide(low, high)
    ticks = {"values": _ticks(low, high)} if log else {"tickCount": 6}
    domain = [low * 0.8, high * 1.25] if log else [0, high * 1.08]
    kind = "log" if log else "linear"
    return (
        alt.Axis(title=[title, LOG] if log else title, labelExpr=clock.UNITS, **ticks),
        alt.Scale(type=kind, domain=domain, range=pixels, nice=False),  # type: ignore[arg-type]
    )


def _ticks(low: float, high: float) -> list[float]:
    """Powers of ten, with 2 and 5 between them where they are few."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    parts = (1, 2, 5) if math.log10(high / low) < 2.5 else (1,)
    return [float(f"{part}e{power}") for power in powers for part in parts]
