"""Goodput against load: how many of the arriving requests are answered in time."""

from __future__ import annotations

import altair as alt
import pandas as pd

from caddylab._charts.parts import theme

HEIGHT = 300
ALL = "if all were answered"


def goodput(runs: pd.DataFrame) -> theme.Picture:
    """Draw a line for each series of runs.

    Args:
        runs: one row a run: `series`, `load` and `good` (both per second).
    """
    if runs.empty:
        return theme.nothing("Nothing to draw: there are no runs")
    most = float(runs["load"].max())
    ideal = pd.DataFrame({"load": [0.0, most], "good": [0.0, most]})
    x = alt.X("load:Q", title="requests a second that come")
    y = alt.Y("good:Q", title="of them answered well, and in time")
    dashed = alt.Chart(ideal).mark_line(strokeDash=[4, 4], color="#8a8f98").encode(x=x, y=y)
    names = list(dict.fromkeys(runs["series"]))
    color = alt.Color(
        "series:N",
        title=None,
        scale=alt.Scale(domain=names, range=theme.COLOURS[: len(names)]),
        legend=alt.Legend(orient="top") if len(names) > 1 else None,
    )
    shown = alt.Chart(runs).encode(x=x, y=y, color=color, tooltip=["series", "load", "good"])
    layers = [dashed, shown.mark_line(), shown.mark_point(filled=True, size=80)]
    return theme.picture(layers, theme.title(_told(runs), f"Dashed: {ALL}."), HEIGHT)


def _told(runs: pd.DataFrame) -> str:
    """What the picture shows, as a sentence."""
    last = runs[runs["load"] == runs["load"].max()]
    said = ", ".join(f"{row.good:.0f} with {row.series}" for row in last.itertuples())
    return f"Of {last['load'].iloc[0]:.0f} a second are answered: {said}"
