"""A game day: good requests and the error budget over time, incidents and what was done."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

from caddylab._charts.parts import clock, theme

HEIGHT, LINE = 260, 20
MOST = 120
"""The most columns."""
NARROW = 0.02
"""Deeds within this share of the axis share a line."""
GOOD, PAGE, BAD = theme.COLOURS[2], theme.COLOURS[4], theme.ERROR
HINTS = (
    "Columns: what became of the requests of each second. "
    "Line: the error budget, 100 % at the beginning.",
    "Shaded: what happened, from its beginning on. Numbers: what you did, in order.",
)


def gameday(
    requests: Sequence[tuple[float, float]],
    incidents: Sequence[tuple[float, str]],
    deeds: Sequence[tuple[float, str]],
    *,
    allowed: float,
    seconds: float,
    title: str,
) -> theme.Picture:
    """Draw a game.

    Args:
        requests: when each was sent, and its cost: 0 = good, 1 = bad, in between = a page.
        incidents: when each began, and its name.
        deeds: when the learner did something, and what.
        allowed: how many bad requests the budget is for.
        seconds: how long the game went on.
        title: the result.
    """
    table = pd.DataFrame(requests, columns=["at", "cost"], dtype=float)
    if table.empty:
        return theme.nothing()
    ends, top = (0.0, seconds), LINE * (len(incidents) + 1)
    layers = [
        *_incidents(incidents, ends, top),
        _columns(table, ends, top),
        *_budget(table, allowed, ends, top),
        *_deeds(deeds, ends, top),
    ]
    return theme.picture(layers, theme.title(title, *HINTS), HEIGHT + top)


def _y(field: str, top: int) -> alt.Y:
    """Percentages, from the foot to `top` pixels below the upper edge."""
    full = (HEIGHT + top) / HEIGHT
    axis = alt.Axis(title=None, format="%", values=[0, 0.25, 0.5, 0.75, 1], grid=False)
    scale = alt.Scale(domain=[0, full], nice=False, zero=True)
    return alt.Y(f"{field}:Q", axis=axis, scale=scale)


def _pixels(field: str) -> alt.Y:
    """A place in pixels from the top."""
    return alt.Y(f"{field}:Q", scale=None, axis=None)


def _columns(table: pd.DataFrame, ends: tuple[float, float], top: int) -> alt.Chart:
    step = max(1.0, np.ceil(ends[1] / MOST))
    words = np.select([table["cost"] == 0, table["cost"] < 1], ["good", "a page"], "bad")
    counted = (
        table.assign(x=table["at"] // step * step, what=words)
        .groupby(["x", "what"], as_index=False)
        .size()
    )
    counted["share"] = counted["size"] / counted.groupby("x")["size"].transform("sum")
    counted["order"] = counted["what"].map({"good": 0, "a page": 1, "bad": 2})
    counted = counted.sort_values(["x", "order"])
    counted["y2"] = counted.groupby("x")["share"].cumsum()
    counted["y"] = counted["y2"] - counted["share"]
    counted["x2"] = (counted["x"] + 0.94 * step).clip(upper=ends[1])
    rows = counted[counted["x"] < ends[1]].round(4)
    scale = alt.Scale(domain=["good", "a page", "bad"], range=[GOOD, PAGE, BAD])
    colour = alt.Color("what:N", scale=scale, legend=alt.Legend(title="requests"))
    told = [alt.Tooltip("what:N"), alt.Tooltip("size:Q", title="requests")]
    chart = alt.Chart(rows[["x", "x2", "y", "y2", "what", "size"]]).mark_rect(opacity=0.6)
    x, y = clock.axis("time", *ends), _y("y", top)
    columns: alt.Chart = chart.encode(x, y, colour, x2="x2:Q", y2="y2:Q", tooltip=told)
    return columns


def _budget(
    table: pd.DataFrame, allowed: float, ends: tuple[float, float], top: int
) -> list[alt.Chart]:
    marks = np.linspace(*ends, MOST + 1)
    ordered = table.sort_values("at")
    spent = np.concatenate([[0.0], ordered["cost"].cumsum()])
    found = spent[np.searchsorted(ordered["at"].to_numpy(), marks, side="right")]
    left = np.clip(1 - found / allowed, 0, 1)
    rows = pd.DataFrame({"x": marks, "y": left}).round(4)
    last = rows.tail(1).assign(label="budget")
    x, y = clock.axis("time", *ends), _y("y", top)
    line = alt.Chart(rows).mark_line(strokeWidth=3).encode(x, y)
    text = alt.Chart(last).mark_text(align="right", dy=-9, dx=-4, fontWeight=600)
    return [line, text.encode(x, y, text="label:N")]


def _incidents(
    incidents: Sequence[tuple[float, str]], ends: tuple[float, float], top: int
) -> list[alt.Chart]:
    if not incidents:
        return []
    rows = pd.DataFrame(incidents, columns=["x", "label"]).assign(x2=ends[1])
    rows["top"] = [float(LINE * (k + 1)) for k in range(len(rows))]
    rows["bottom"] = float(HEIGHT + top)
    x, y = clock.axis("time", *ends), _pixels("top")
    rect = alt.Chart(rows).mark_rect(fill=theme.ERROR, opacity=0.16)
    text = alt.Chart(rows).mark_text(align="left", dx=5, dy=9, fontWeight=600)
    return [
        rect.encode(x, y, x2="x2:Q", y2="bottom:Q", tooltip=["label:N"]),
        text.encode(x, y, text="label:N"),
    ]


def _deeds(
    deeds: Sequence[tuple[float, str]], ends: tuple[float, float], top: int
) -> list[alt.Chart]:
    if not deeds:
        return []
    done = pd.DataFrame(deeds, columns=["x", "what"])
    done["number"] = [str(k + 1) for k in range(len(done))]
    close = (done["x"].diff() > NARROW * ends[1]).cumsum()
    rows = done.groupby(close).agg(
        x=("x", "first"), what=("what", ", ".join), number=("number", ", ".join)
    )
    rows = rows.assign(top=18.0, bottom=float(HEIGHT + top), middle=9.0)
    x = clock.axis("time", *ends)
    rule = alt.Chart(rows).mark_rule(strokeWidth=1.5, strokeDash=[4, 3])
    text = alt.Chart(rows).mark_text(fontWeight=600)
    return [
        rule.encode(x, _pixels("top"), y2="bottom:Q", tooltip=["what:N"]),
        text.encode(x, _pixels("middle"), text="number:N", tooltip=["what:N"]),
    ]
