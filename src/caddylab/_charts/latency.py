"""Latency over time: how long each request took, where it was sent."""

from __future__ import annotations

import altair as alt
import pandas as pd

from caddylab._charts import bands, clock, durations, journeys, lanes, points, theme, titles, words

MARKS = 2000
"""So many requests are drawn one by one; more are counted in cells."""
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
    moment = "the intended sending" if intended else "the sending"
    reach = float(timed["y"].min()), float(timed["y"].max())
    log = durations.wide(*reach)
    axis, scale = durations.axis(*reach, f"latency from {moment}", [HEIGHT + top, top])
    y = alt.Y("y:Q", axis=axis, scale=scale)
    x = clock.axis("time", *ends)
    marks = points.single(timed, x, y) if single else points.counted(timed, x, y, ends, log)
    hint = _hint(timed, len(requests) - len(timed), single)
    title = theme.title(titles.latency(timed, spans), hint)
    return theme.picture([*shades, *marks], title, HEIGHT + top)


def _hint(timed: pd.DataFrame, never: int, single: bool) -> str:
    """How to read the picture."""
    many = f"{words.count(len(timed), 'request')} in cells: the fuller the colour, the more"
    said = ["Each mark is a request, at the time when it was sent" if single else many]
    if journeys.failed(timed).any():
        said.append("a cross is a failed request")
    if never:
        said.append(f"{words.count(never, 'request')} never sent and not drawn")
    return "; ".join(said) + "."
