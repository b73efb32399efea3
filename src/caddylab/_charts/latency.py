"""Latency over time: how long each request took, where it was sent."""

from __future__ import annotations

import altair as alt
import pandas as pd

from caddylab._border import border
from caddylab._charts.parts import (
    bands,
    clock,
    durations,
    journeys,
    lanes,
    points,
    theme,
    titles,
)
from caddylab._errors import TrafficError
from caddylab._look.counted import counted

MARKS = 2000
"""Up to this many requests are drawn one by one; more are counted in cells."""
HEIGHT = 300
SEEN = 0.05
"""Seconds between the intended and the actual sending from which on the difference matters."""


@border(TrafficError)
def latency(requests: pd.DataFrame, spans: pd.DataFrame, *, intended: bool = True) -> theme.Picture:
    """Draw how long each request took over the time when it was sent.

    Args:
        requests: one row a request; those never sent are left out, and the picture says so.
        spans: faults and Caddy's opinions of the backends, as bands.
        intended: count from the moment when the request should have been sent, which
            charges a late sender's waiting to the requests; else from the actual sending.
    """
    told = timed(requests, intended)
    if told.empty:
        return theme.nothing()
    ends = clock.extent(requests)
    spans = clock.cut(spans, ends)
    layers, height = panel(told, spans, ends, reach(told), intended=intended)
    hint = _hint(told, len(requests) - len(told), len(told) <= MARKS)
    return theme.picture(layers, theme.title(titles.latency(told, spans), hint), height)


def timed(requests: pd.DataFrame, intended: bool = True) -> pd.DataFrame:
    """The requests that were sent, at their place `x` and `y`, with their `lane` and `who`."""
    field = "latency_intended" if intended else "latency"
    told = requests.assign(lane=lanes.answered(requests), x=requests["sent"], y=requests[field])
    told = told[told["x"].notna() & told["y"].notna()]
    return told.assign(y=told["y"].clip(lower=1e-6), who=points.who(told))


def reach(told: pd.DataFrame) -> tuple[float, float]:
    """The shortest and the longest latency."""
    return float(told["y"].min()), float(told["y"].max())


def panel(
    told: pd.DataFrame,
    spans: pd.DataFrame,
    ends: tuple[float, float],
    reach: tuple[float, float],
    *,
    intended: bool = True,
    room: int = 0,
) -> tuple[list[alt.Chart], int]:
    """The layers of the picture on axes of this extent, and its height.

    `room` is the least height of the rows above it in pixels.
    """
    shades, top = bands.above(spans, ends, HEIGHT, room)
    log = durations.wide(*reach)
    axis, scale = durations.axis(*reach, _named(told, intended), [HEIGHT + top, top])
    x, y = clock.axis("time", *ends), alt.Y("y:Q", axis=axis, scale=scale)
    single = len(told) <= MARKS
    marks = points.single(told, x, y) if single else points.counted(told, x, y, ends, log)
    return [*shades, *marks], HEIGHT + top


def _named(told: pd.DataFrame, intended: bool) -> str:
    """Name the moment that latencies count from only where it makes a difference."""
    late = (told["latency_intended"] - told["latency"]).max()
    if late < SEEN:
        return "latency"
    return f"latency from the {'intended sending' if intended else 'sending'}"


def _hint(timed: pd.DataFrame, never: int, single: bool) -> str:
    """How to read the picture."""
    many = f"{counted(len(timed), 'request')} in cells: the fuller the colour, the more"
    said = ["Each mark is a request, at the time when it was sent" if single else many]
    if journeys.failed(timed).any():
        said.append("a cross is a failed request")
    if never:
        said.append(f"{counted(never, 'request')} never sent and not drawn")
    return "; ".join(said) + "."
