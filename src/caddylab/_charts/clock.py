"""The horizontal axis: request numbers, or the time since the run began."""

from __future__ import annotations

from typing import Literal

import altair as alt
import numpy as np
import pandas as pd

By = Literal["n", "time"]

TIMES = "datum.value == 0 ? '0' : abs(datum.value) < 1 ? format(datum.value * 1000, ',~r') + ' ms' : "
TIMES += "format(datum.value, ',~r') + ' s'"
"""Vega's expression for the label of a time in seconds: "20 ms", "1.5 s"."""


def sent(requests: pd.DataFrame) -> pd.Series[float]:
    """When each request was sent, or should have been where it never was."""
    return requests["sent"].fillna(requests["planned"])


def choose(requests: pd.DataFrame, spans: pd.DataFrame) -> By:
    """Time where it tells something: a span begins or ends in the run, or the loop is open."""
    begin, end = _run(requests)
    edges = pd.concat([spans["start"], spans["end"]])
    return "time" if edges.between(begin, end).any() or _open(requests) else "n"


def _open(requests: pd.DataFrame) -> bool:
    """Whether the requests were planned at an even pace."""
    gaps = np.diff(requests["planned"])
    return bool(len(gaps) > 1 and gaps.min() > 0 and np.ptp(gaps) < 0.01 * gaps.mean())


def _run(requests: pd.DataFrame) -> tuple[float, float]:
    at = sent(requests)
    return float(at.min()), float((at + requests["latency"].fillna(0)).max())


def place(requests: pd.DataFrame, spans: pd.DataFrame, by: By) -> pd.DataFrame:
    """The spans with their ends `x` and `x2` on this axis; those outside the run are left out."""
    begin, end = _run(requests)
    inside = spans[(spans["start"] <= end) & ~(spans["end"] < begin)]
    x = inside["start"].clip(lower=begin)
    x2 = inside["end"].fillna(end).clip(upper=end)
    if by == "time":
        return inside.assign(x=x, x2=x2)
    order = np.sort(sent(requests).to_numpy())
    low = np.searchsorted(order, x) + 0.5
    high = np.where(x2 >= end, len(order), np.searchsorted(order, x2)) + 0.5
    hair = np.where(low == high, 0.15, 0)
    return inside.assign(x=low - hair, x2=high + hair)


def axis(by: By, low: float, high: float) -> alt.X:
    """The axis, a little wider than from `low` to `high`."""
    if by == "n":
        whole = alt.Axis(title="request", format=",d", tickMinStep=1, grid=False)
        scale = alt.Scale(domain=[low - 0.5, high + 0.5], nice=False, zero=False)
        return alt.X("x:Q", axis=whole, scale=scale)
    margin = 0.015 * (high - low) or 0.001
    scale = alt.Scale(domain=[low - margin, high + margin], nice=False, zero=False)
    timed = alt.Axis(title="time since the run began", labelExpr=TIMES, grid=False, tickCount=8)
    return alt.X("x:Q", axis=timed, scale=scale)
