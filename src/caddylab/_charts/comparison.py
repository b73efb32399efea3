"""Two runs side by side, on the same axes."""

from __future__ import annotations

from dataclasses import dataclass, field

import altair as alt
import pandas as pd

from caddylab._charts import latency
from caddylab._charts.parts import bands, clock, theme, titles
from caddylab._look import called

WIDTH = 400
LONGEST = 46
"""The most characters of a title above one of the two."""


@dataclass(frozen=True)
class Side:
    """One of the two runs.

    Args:
        name: its name in the picture.
        requests: one row a request.
        spans: faults and Caddy's opinions of the backends.
        names: the names of backends, by number.
    """

    name: str
    requests: pd.DataFrame
    spans: pd.DataFrame
    names: called.Names = field(default_factory=dict)


def compare(first: Side, second: Side) -> theme.Picture | theme.Pair:
    """Draw the latencies of two runs over time, side by side on the same axes."""
    sides = [side for side in (first, second) if not latency.timed(side.requests).empty]
    if len(sides) < 2:
        return theme.nothing("Nothing to compare: one of the two runs sent no requests")
    told = {side.name: latency.timed(side.requests) for side in sides}
    ends, reach = _axes(sides, told)
    spans = {side.name: clock.cut(side.spans, clock.extent(side.requests)) for side in sides}
    room = max(bands.rows_height(each) for each in spans.values())
    panels = []
    for side in sides:
        own = told[side.name], spans[side.name]
        with called.by(side.names):
            layers, height = latency.panel(*own, ends, reach, room=room)
            text = f"{side.name}: {titles.latency(*own)}"
        panels.append(_panel(layers, text, height))
    each = alt.Resolve(scale=alt.ScaleResolveMap(color="independent", shape="independent"))
    text = titles.compare({side.name: side.requests for side in sides})
    hint = "Both have the same axes: what is higher took longer. A cross is a failed request."
    return theme.Pair(hconcat=panels, spacing=36, resolve=each, title=theme.title(text, hint))


def _axes(
    sides: list[Side], told: dict[str, pd.DataFrame]
) -> tuple[tuple[float, float], tuple[float, float]]:
    """The extent in time and in latency that holds both."""
    times = [clock.extent(side.requests) for side in sides]
    reaches = [latency.reach(each) for each in told.values()]
    lows, highs = zip(*times, strict=True)
    shortest, longest = zip(*reaches, strict=True)
    return (min(lows), max(highs)), (min(shortest), max(longest))


def _panel(layers: list[alt.Chart], text: str, height: int) -> alt.LayerChart:
    title = alt.TitleParams(theme.lines(text, LONGEST), fontSize=15, lineHeight=19, offset=8)
    return alt.LayerChart(layer=layers).properties(title=title, width=WIDTH, height=height)
