"""The routing strip of many requests: counted in columns, as bars along each lane."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from caddylab._charts.parts import bins, journeys, lanes, theme
from caddylab._charts.parts.frame import HALF, Frame

ROOM = 0.72
"""Height of the tallest bar, in parts of the distance between two lanes."""
LEAST = 0.05
"""The least height of a bar of failed requests: a single one is visible beside thousands."""
ROWS = 1500
"""About how many bars and crosses a browser can draw."""

Edges = NDArray[np.float64]


def layers(
    requests: pd.DataFrame, attempts: pd.DataFrame, given_up: pd.DataFrame, frame: Frame
) -> list[alt.Chart]:
    """Bars of answers with the failed ones on top, and crosses where attempts failed."""
    marks = edges(frame)
    bars = _bars(journeys.placed(requests, attempts, frame.by), marks, frame)
    return [bars, *_crosses(given_up, marks, frame)]


def edges(frame: Frame) -> Edges:
    """Where one column ends and the next begins."""
    most = min(bins.COLUMNS, ROWS // (2 * len(frame.order)))
    return bins.edges(*frame.ends, whole=frame.by == "n", columns=most)


def _bars(answers: pd.DataFrame, marks: Edges, frame: Frame) -> alt.Chart:
    rows = _stacked(bins.count(answers, marks, ["lane", "outcome"]), frame)
    bar = alt.Chart(rows).mark_rect()
    layer: alt.Chart = bar.encode(
        frame.x(), frame.y(), x2="x2:Q", y2="y2:Q", color=alt.Color("fill:N", scale=None),
        tooltip=[alt.Tooltip("who:N", title="answered by"), "outcome:N",
                 alt.Tooltip("size:Q", title="requests", format=","), *_extent(frame)],
    )  # fmt: skip
    return layer


def _stacked(counted: pd.DataFrame, frame: Frame) -> pd.DataFrame:
    """Each outcome's bar upon the one below it: good answers at the foot."""
    rows = counted.assign(good=counted["outcome"] == "ok")
    rows = rows.sort_values(["bin", "lane", "good"], ascending=[True, True, False])
    cell = rows.groupby(["bin", "lane"])["size"]
    tall = ROOM * rows["size"] / cell.transform("sum").max()
    tall = tall.where(rows["good"], tall.clip(lower=LEAST))
    top = tall.groupby([rows["bin"], rows["lane"]]).cumsum()
    foot = frame.rows(rows["lane"]) + HALF - 0.02
    return rows.assign(
        y=(foot - top + tall).round(4),
        y2=(foot - top).round(4),
        fill=[journeys.fill(*pair) for pair in zip(rows["lane"], rows["outcome"], strict=True)],
        who=rows["lane"].map(lanes.name),
    ).drop(columns=["bin", "lane", "good"])


def _crosses(given_up: pd.DataFrame, marks: Edges, frame: Frame) -> list[alt.Chart]:
    """One cross in the middle of a column for all the attempts that failed there."""
    if given_up.empty:
        return []
    x = given_up["n"] if frame.by == "n" else given_up["start"]
    rows = bins.count(given_up.assign(x=x, lane=lanes.tried(given_up)), marks, ["lane"])
    rows = rows.assign(middle=(rows["x"] + rows["x2"]) / 2, y=frame.rows(rows["lane"]))
    cross = alt.Chart(rows.drop(columns=["bin", "lane"])).mark_point(
        filled=True, shape=theme.CROSS, size=60, color=theme.ERROR, opacity=1
    )
    tally = alt.Tooltip("size:Q", title="failed attempts", format=",")
    return [cross.encode(frame.x("middle"), frame.y(), tooltip=[tally, *_extent(frame)])]


def _extent(frame: Frame) -> list[alt.Tooltip]:
    number = ".1f" if frame.by == "n" else ".3f"
    unit = "request" if frame.by == "n" else "s"
    return [alt.Tooltip("x:Q", title=f"from ({unit})", format=number),
            alt.Tooltip("x2:Q", title=f"to ({unit})", format=number)]  # fmt: skip
