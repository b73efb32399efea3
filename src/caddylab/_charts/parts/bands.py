"""Faults and Caddy's opinions as shaded bands behind the requests."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from caddylab._charts.parts import clock, theme
from caddylab._look.called import called

OPINION = "Caddy thinks: "
WIDE, WIDE_NAMED = 0.17, 0.27
"""The share of the axis that a label needs; a band that begins sooner shares the last label."""
AGAIN = 0.6
"""The share of the axis after which a label is written again though it says the same."""
LINE = 20
"""Height in pixels of a row for spans above a picture."""
LATE = 0.72
"""A label that would begin beyond this part of the axis ends at its band's end instead."""


def layers(
    placed: pd.DataFrame, x: alt.X, y: alt.Y, ends: tuple[float, float], named: bool = False
) -> list[alt.Chart]:
    """Shades, and labels in their upper corners.

    Args:
        placed: spans that have their `x`, `x2`, `top` and `bottom` already.
        x: the encoding of `x`.
        y: the encoding of `top`.
        ends: where the axis begins and ends.
        named: whether a label names the backend too.
    """
    if placed.empty:
        return []
    shades = [_shade(part, x, y, str(source)) for source, part in placed.groupby("source")]
    rows = placed.sort_values("x").groupby(["backend", "source", "top"])
    labels = [_labels(row, named, ends[1] - ends[0]) for _, row in rows]
    return [*shades, *_written(pd.concat(labels, ignore_index=True), x, y, ends)]


def above(
    placed: pd.DataFrame, ends: tuple[float, float], height: int, room: int = 0
) -> tuple[list[alt.Chart], int]:
    """Bands over a picture of this height, labelled in rows above it; and the rows' height.

    Each kind of opinion has a row of its own, since they overlap. A fault's band reaches down to
    the foot of the picture. The rows take `room` or more.
    """
    key = _rows(placed)
    row = key.rank(method="dense").astype(int) - 1
    high = max(room, rows_height(placed))
    top = row * LINE
    bottom = np.where(placed["source"] == "fault", height + high, top + LINE - 2)
    pixels = alt.Y("top:Q", scale=None, axis=None)
    placed = placed.assign(top=top, bottom=bottom)
    return layers(placed, clock.axis("time", *ends), pixels, ends, named=True), high


def rows_height(spans: pd.DataFrame) -> int:
    """The height of the rows that these spans need above a picture, in pixels."""
    return LINE * int(_rows(spans).nunique())


def _rows(spans: pd.DataFrame) -> pd.Series[str]:
    opinion = spans["source"] != "fault"
    return spans["backend"].astype(str) + spans["kind"].where(opinion, "")


def _shade(part: pd.DataFrame, x: alt.X, y: alt.Y, source: str) -> alt.Chart:
    fill, opacity = (theme.ERROR, 0.16) if source == "fault" else (theme.CADDY, 0.35)
    said = "" if source == "fault" else OPINION
    rows = part[["x", "x2", "top", "bottom", "start", "end"]].assign(
        what=said + part["backend"].map(called) + " " + part["kind"]
    )
    told = [
        "what:N",
        alt.Tooltip("start:Q", format=".3f", title="from (s)"),
        alt.Tooltip("end:Q", format=".3f", title="to (s)"),
    ]
    rect = alt.Chart(rows).mark_rect(fill=fill, opacity=opacity)
    layer: alt.Chart = rect.encode(x=x, x2="x2:Q", y=y, y2="bottom:Q", tooltip=told)
    return layer


def _labels(row: pd.DataFrame, named: bool, length: float) -> pd.DataFrame:
    """The labels of one backend's bands: those that begin close together share one."""
    first = row.iloc[0]
    group = (row["x"].diff() > (WIDE_NAMED if named else WIDE) * length).cumsum()
    shared = row.groupby(group).agg(
        x=("x", "first"), x2=("x2", "last"), top=("top", "first"),
        label=("kind", lambda kinds: ", ".join(dict.fromkeys(kinds))),
    )  # fmt: skip
    said = "" if first["source"] == "fault" else OPINION
    said += f"{called(first['backend'])} " if named else ""
    again = (shared["label"] == shared["label"].shift()) & (shared["x"].diff() < AGAIN * length)
    return shared.assign(label=said + shared["label"])[~again]


def _written(
    labels: pd.DataFrame, x: alt.X, y: alt.Y, ends: tuple[float, float]
) -> list[alt.Chart]:
    length = ends[1] - ends[0]
    is_late = labels["x"] > ends[0] + LATE * length
    # What ends where its band does begins sooner than that, where another label may still stand.
    crowded = labels.groupby("top")["x"].diff() < 2 * WIDE * length
    labels, is_late = labels[~(is_late & crowded)], is_late[~(is_late & crowded)]
    late = labels[is_late]
    return [
        *_text(labels[~is_late], x, y, "left"),
        *_text(late.assign(x=late["x2"]), x, y, "right"),
    ]


def _text(rows: pd.DataFrame, x: alt.X, y: alt.Y, side: str) -> list[alt.Chart]:
    if rows.empty:
        return []
    text = alt.Chart(rows[["x", "top", "label"]])
    mark = text.mark_text(align=side, dx=5 if side == "left" else -5, dy=9)  # type: ignore[arg-type]
    return [mark.encode(x=x, y=y, text="label:N")]
