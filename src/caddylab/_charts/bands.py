"""Faults and Caddy's opinions as shaded bands behind the requests."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from caddylab._charts import theme

OPINION = "Caddy: "
WIDE = 0.12
"""A band this wide, in parts of the axis, has room for its own label."""


def layers(placed: pd.DataFrame, x: alt.X, y: alt.Y, ends: tuple[float, float]) -> list[alt.Chart]:
    """Shades and labels for spans that have `x`, `x2`, `top` and `bottom` already."""
    if placed.empty:
        return []
    shown = _told(placed, ends)
    shades = [_shade(part, x, y, source) for source, part in shown.groupby("source")]
    return [*shades, *_labels(shown, x, y, ends)]


def _told(placed: pd.DataFrame, ends: tuple[float, float]) -> pd.DataFrame:
    """The bands with their labels: the first of each kind, and those with room for one."""
    said = placed["kind"].where(placed["source"] == "fault", OPINION + placed["kind"])
    first = ~placed.duplicated(["backend", "kind", "source"])
    wide = placed["x2"] - placed["x"] > WIDE * (ends[1] - ends[0])
    what = "backend " + placed["backend"].astype(str) + " " + said
    columns = ["backend", "source", "kind", "start", "end", "x", "x2", "top", "bottom"]
    return placed[columns].assign(what=what, label=said.where(first | wide, ""))


def _shade(part: pd.DataFrame, x: alt.X, y: alt.Y, source: str) -> alt.Chart:
    fill, opacity = (theme.ERROR, 0.16) if source == "fault" else (theme.CADDY, 0.35)
    story = ["what:N", alt.Tooltip("start:Q", format=".3f", title="from (s)"),
             alt.Tooltip("end:Q", format=".3f", title="to (s)")]  # fmt: skip
    mark = alt.Chart(part).mark_rect(fill=fill, opacity=opacity, clip=True)
    return mark.encode(x=x, x2="x2:Q", y=y, y2="bottom:Q", tooltip=story)


def _labels(shown: pd.DataFrame, x: alt.X, y: alt.Y, ends: tuple[float, float]) -> list[alt.Chart]:
    """Labels begin where their band begins, those near the right edge end where it ends."""
    late = (shown["x"] - ends[0]) > 0.8 * (ends[1] - ends[0])
    shown = shown.assign(x=np.where(late, shown["x2"], shown["x"]))[shown["label"] != ""]
    sides = {"left": shown[~late], "right": shown[late]}
    return [
        alt.Chart(rows)
        .mark_text(align=side, dx=5 if side == "left" else -5, dy=9)  # type: ignore[arg-type]
        .encode(x=x, y=y, text="label:N")
        for side, rows in sides.items()
        if len(rows)
    ]
