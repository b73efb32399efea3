"""Percentiles: which share of all requests had a good answer within which time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from caddylab._border import border
from caddylab._charts.parts import durations, journeys, theme, titles, words
from caddylab._errors import TrafficError
from caddylab._look.counted import counted

HEIGHT = 300
ROOM = 230
"""Pixels to the right of the curves, for the table of the percentiles."""
STEPS, TAIL = 300, 60
"""How many steps a curve needs, and how many more for its upper end."""
SIDES = {"intended": "latency_intended", "actual": "latency"}
"""The sending that a curve counts from → the column of its latency."""
MARKS = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}
SHAPES = ["circle", "square", "triangle-up", "diamond"]
PERCENT = "format(datum.value * 100, '~r') + ' %'"
COLUMNS = {"intended": 92, "actual": 172}
"""Pixels from the curves to the columns of the table."""
LINE = 26

NO_GOOD_ANSWER = "no good answer"

Latencies = NDArray[np.float64]


@border(TrafficError)
def percentiles(requests: pd.DataFrame) -> theme.Picture:
    """Draw the share of the requests that had a good answer within each time.

    A request that failed never had one, and a page of Caddy's own is none: they count to the
    whole, so that the curve ends below 100 % and a percentile may be missing. A request that was
    cancelled or is pending does not count.

    Args:
        requests: one row a request. Those of an open loop have two curves: from the moment
            when they should have been sent, and from the actual sending.
    """
    over = requests[~journeys.unfinished(requests)]
    good = over[journeys.good(over) & over["sent"].notna()]
    if requests.empty or good.empty:
        return theme.nothing("No request was answered well" if len(requests) else theme.NONE)
    planned = bool((good["latency_intended"] != good["latency"]).any())
    curves = {
        side: np.sort(good[column].to_numpy(float).clip(1e-6))
        for side, column in SIDES.items()
        if planned or side == "actual"
    }
    text = titles.percentiles(len(over), next(iter(curves.values())), curves["actual"])
    title = theme.title(text, *_hints(requests, over, planned))
    missing = "failed" if journeys.failed(over).sum() == len(over) - len(good) else NO_GOOD_ANSWER
    return theme.picture(_Plot(curves, len(over), missing).layers(), title, HEIGHT)


def _hints(requests: pd.DataFrame, over: pd.DataFrame, planned: bool) -> list[str]:
    """How to read the picture."""
    said = "The curve says which share of all requests had a good answer within a time."
    if planned:
        lines = "Solid: from when a request should have been sent. Dashed: from the actual sending."
    else:
        lines = "One curve: a closed loop sends when it can, so that no other time was intended."
    stopped = len(requests) - len(over)
    left = f"{counted(stopped, 'request')} not finished and not counted." if stopped else ""
    return [line for line in (said, lines, left) if line]


@dataclass(frozen=True)
class _Plot:
    """The curves and their table.

    Args:
        curves: by the sending that they count from, the sorted latencies of the good answers.
        whole: how many requests there were.
        missing: what became of those that are on no curve, in words.
    """

    curves: dict[str, Latencies]
    whole: int
    missing: str

    def layers(self) -> list[alt.Chart]:
        """The failed requests' share, the curves, the percentiles on them, and the table."""
        marks = pd.concat([self._marks(side) for side in self.curves], ignore_index=True)
        return [
            *self._missing(),
            *(self._curve(side) for side in self.curves),
            *(self._points(marks[marks["side"] == side], side) for side in self.curves),
            *self._table(marks),
        ]

    @property
    def _x(self) -> alt.X:
        low = float(min(curve[0] for curve in self.curves.values()))
        high = float(max(curve[-1] for curve in self.curves.values()))
        moment = "sending" if len(self.curves) == 1 else "intended or actual sending"
        pixels = [0.0, float(theme.WIDTH - ROOM)]
        axis, scale = durations.axis(low, high, f"latency from the {moment}", pixels)
        return alt.X("x:Q", axis=axis, scale=scale)

    def _y(self, field: str = "y") -> alt.Y:
        axis = alt.Axis(
            title="share of all requests", values=[0, 0.25, 0.5, 0.75, 0.9, 1],
            labelExpr=PERCENT, grid=False,
        )  # fmt: skip
        return alt.Y(f"{field}:Q", axis=axis, scale=alt.Scale(domain=[0, 1], nice=False))

    def _curve(self, side: str) -> alt.Chart:
        values = self.curves[side]
        tail = np.arange(max(0, len(values) - TAIL), len(values))
        kept = np.union1d(np.linspace(0, len(values) - 1, STEPS).astype(int), tail)
        end = max(curve[-1] for curve in self.curves.values())
        rows = pd.DataFrame({
            "x": [values[0], *values[kept], end],
            "y": [0, *(kept + 1) / self.whole, len(values) / self.whole],
        })  # fmt: skip
        dashed: dict[str, Any] = (
            {"strokeDash": [5, 4], "color": theme.CADDY} if self._second(side) else {}
        )
        line = alt.Chart(rows.round(6)).mark_line(
            interpolate="step-after", strokeWidth=2.5, **(dashed if self._second(side) else {})
        )
        layer: alt.Chart = line.encode(self._x, self._y())
        return layer

    def _second(self, side: str) -> bool:
        return side == "actual" and len(self.curves) > 1

    def _missing(self) -> list[alt.Chart]:
        """A band above the curves for the requests without a good answer."""
        answered = len(self.curves["actual"])
        rest = self.whole - answered
        if not rest:
            return []
        label = f"{rest:,} {self.missing} ({words.percent(rest / self.whole)})"
        share = answered / self.whole
        rows = pd.DataFrame([{"x": 0, "x2": theme.WIDTH - ROOM, "y": share, "y2": 1.0}])
        pixels = alt.X("x:Q", scale=None, axis=None)
        shade = alt.Chart(rows).mark_rect(fill=theme.ERROR, opacity=0.16)
        text = alt.Chart(rows.assign(label=label)).mark_text(align="left", dx=8, dy=9)
        return [
            shade.encode(pixels, self._y(), x2="x2:Q", y2="y2:Q"),
            text.encode(pixels, self._y("y2"), text="label:N"),
        ]

    def _marks(self, side: str) -> pd.DataFrame:
        """The percentiles of a curve; one without `x` is at a request without a good answer."""
        values = self.curves[side]
        places = [math.ceil(share * self.whole) - 1 for share in MARKS.values()]
        found = [float(values[k]) if k < len(values) else math.nan for k in places]
        return pd.DataFrame({
            "mark": list(MARKS), "side": side, "x": found, "y": list(MARKS.values()),
            "label": [self.missing if math.isnan(x) else words.seconds(x) for x in found],
            "row": range(len(MARKS)),
        })  # fmt: skip

    def _points(self, marks: pd.DataFrame, side: str) -> alt.Chart:
        told = [alt.Tooltip("mark:N", title="percentile"),
                alt.Tooltip("side:N", title="from the sending"),
                alt.Tooltip("label:N", title="latency")]  # fmt: skip
        lean = marks[marks["x"].notna()].drop(columns="row").round({"x": 6})
        grey: dict[str, Any] = {"color": theme.CADDY} if self._second(side) else {}
        points = alt.Chart(lean).mark_point(filled=True, size=110, opacity=1, **grey)
        layer: alt.Chart = points.encode(self._x, self._y(), _shape(), tooltip=told)
        return layer

    def _table(self, marks: pd.DataFrame) -> list[alt.Chart]:
        """To the right of the curves: a row for each percentile, a column for each curve."""
        left, top = theme.WIDTH - ROOM, 70
        row = top + LINE * (marks["row"] + 1)
        names = marks.assign(x=left + 46, y=row, label=marks["mark"]).drop_duplicates("mark")
        many = len(self.curves) > 1
        columns = {side: left + COLUMNS[side if many else "intended"] for side in self.curves}
        heads = pd.DataFrame({"label": list(columns) if many else ["latency"],
                              "x": list(columns.values()), "y": top})  # fmt: skip
        signs = _at(names.drop(columns="label").assign(x=left + 34))
        return [
            signs.mark_point(filled=True, size=110, opacity=1).encode(*_pixels(), _shape()),
            _text(names),
            _text(marks.assign(x=marks["side"].map(columns), y=row)),
            _text(heads, fontWeight=600),
        ]


def _pixels() -> tuple[alt.X, alt.Y]:
    return alt.X("x:Q", scale=None, axis=None), alt.Y("y:Q", scale=None, axis=None)


def _at(rows: pd.DataFrame) -> alt.Chart:
    return alt.Chart(rows[[name for name in ("x", "y", "mark", "label") if name in rows]])


def _text(rows: pd.DataFrame, **look: Any) -> alt.Chart:
    text = _at(rows).mark_text(align="left", fontSize=14, **look)
    layer: alt.Chart = text.encode(*_pixels(), text="label:N")
    return layer


def _shape() -> alt.Shape:
    return alt.Shape("mark:N", scale=alt.Scale(domain=list(MARKS), range=SHAPES), legend=None)
