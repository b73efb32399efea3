"""Latency over time: how long each request took, where it was sent."""

from __future__ import annotations

import math

import altair as alt
import pandas as pd

from caddylab._charts import bands, clock, journeys, lanes, points, theme, titles, words

MARKS = 2000
"""So many requests are drawn one by one; more are counted in cells."""
WIDE = 30
"""Latencies further apart than this factor are drawn on a log scale."""
HEIGHT = 300


def latency(requests: pd.DataFrame, spans: pd.DataFrame, *, intended: bool = True) -> theme.Picture:
    """Draw how long each request took over the time when it was sent.

    Args:
        requests: one row a request; those never sent are left out, and the picture says so.
        spans: faults and Caddy's opinions of the backends, as bands.
        intended: count from the moment when the request should have been sent, which
            charges a late sender's waiting to the requests; else from the actual sending.
    """
    field = "latency_intended" if intended else "latency"
    timed = requests.assign(lane=lanes.answered(requests), x=requests["sent"], y=requests[field])
    timed = timed[timed["x"].notna() & timed["y"].notna()]
    if timed.empty:
        return theme.nothing()
    timed = timed.assign(y=timed["y"].clip(lower=1e-6), who=points.who(timed))
    ends, single = clock.extent(requests), len(timed) <= MARKS
    spans = clock.cut(spans, ends)
    shades, top = bands.above(spans, ends, HEIGHT)
    log = timed["y"].max() > WIDE * timed["y"].min()
    y = _axis(timed["y"], log, top, "intended " if intended else "")
    x = clock.axis("time", *ends)
    marks = points.single(timed, x, y) if single else points.counted(timed, x, y, ends, log)
    hint = _hint(timed, len(requests) - len(timed), single)
    title = theme.title(titles.latency(timed, spans), hint)
    return theme.picture([*shades, *marks], title, HEIGHT + top)


def _axis(y: pd.Series[float], log: bool, top: int, moment: str) -> alt.Y:
    """Seconds or their parts, from `top` pixels below the upper edge down."""
    low, high = float(y.min()), float(y.max())
    ticks = {"values": _ticks(low, high)} if log else {"tickCount": 6}
    axis = alt.Axis(title=f"latency from the {moment}sending", labelExpr=clock.UNITS, **ticks)
    scale = alt.Scale(
        type="log" if log else "linear",
        domain=[low * 0.8, high * 1.25] if log else [0, high * 1.08],
        range=[HEIGHT + top, top],
        nice=False,
    )
    return alt.Y("y:Q", axis=axis, scale=scale)


def _ticks(low: float, high: float) -> list[float]:
    """Powers of ten, with 2 and 5 between them where they are few."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    parts = (1, 2, 5) if math.log10(high / low) < 2.5 else (1,)
    return [float(f"{part}e{power}") for power in powers for part in parts]


def _hint(timed: pd.DataFrame, never: int, single: bool) -> str:
    """How to read the picture."""
    many = f"{words.count(len(timed), 'request')} in cells: the fuller the colour, the more"
    said = ["Each mark is a request, at the time when it was sent" if single else many]
    if journeys.failed(timed).any():
        said.append("a cross is a failed request")
    if never:
        said.append(f"{words.count(never, 'request')} never sent and not drawn")
    return "; ".join(said) + "."
