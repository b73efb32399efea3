"""The horizontal axis: request numbers, or the time since the run began."""

from __future__ import annotations

from typing import Literal

import altair as alt
import numpy as np
import pandas as pd

By = Literal["n", "time"]

FEW = 30
"""Up to this many requests, each has its number on the axis."""
UNITS = (
    "datum.value == 0 ? '0' : abs(datum.value) < 1"
    " ? format(datum.value * 1000, ',.3~r') + ' ms' : format(datum.value, ',.3~r') + ' s'"
)
"""Vega's expression for the label of a time in seconds: "20 ms", "1.5 s"."""


def sent(requests: pd.DataFrame) -> pd.Series[float]:
    """When each request was sent, or should have been if it never was."""
    return requests["sent"].fillna(requests["planned"])


def extent(requests: pd.DataFrame) -> tuple[float, float]:
    """From the first request's sending to the last one's end, in seconds."""
    at = sent(requests)
    return float(at.min()), float((at + requests["latency"].fillna(0)).max())


def choose(requests: pd.DataFrame, spans: pd.DataFrame) -> By:
    """Time where it is informative: a span begins or ends in the run, or the loop is open."""
    turns = pd.concat([spans["start"], spans["end"]])
    return "time" if turns.between(*extent(requests)).any() or _open(requests) else "n"


def _open(requests: pd.DataFrame) -> bool:
    """Whether the requests were planned at an even pace."""
    gaps = np.diff(requests["planned"])
    return bool(len(gaps) > 1 and gaps.min() > 0 and np.ptp(gaps) < 0.01 * gaps.mean())


def touching(spans: pd.DataFrame, requests: pd.DataFrame) -> pd.DataFrame:
    """The spans without those that were over before the run or began after it."""
    low, high = extent(requests)
    return spans[(spans["start"] <= high) & ~(spans["end"] < low)]


def cut(spans: pd.DataFrame, ends: tuple[float, float]) -> pd.DataFrame:
    """The spans that touch this time, with their ends `x` and `x2` inside it, in seconds."""
    low, high = ends
    found = spans[(spans["start"] <= high) & ~(spans["end"] < low)]
    end = found["end"].fillna(high).clip(upper=high)
    return found.assign(x=found["start"].clip(lower=low), x2=end)


def place(spans: pd.DataFrame, requests: pd.DataFrame, by: By) -> pd.DataFrame:
    """The spans with their ends `x` and `x2` on this axis, cut at the ends of the run."""
    low, high = extent(requests)
    timed = cut(spans, (low, high))
    if by == "time":
        return timed
    order = np.sort(sent(requests).to_numpy())
    first = np.searchsorted(order, timed["x"]) + 0.5
    last = np.where(timed["x2"] >= high, len(order), np.searchsorted(order, timed["x2"])) + 0.5
    hair = np.where(first == last, 0.15, 0)
    return timed.assign(x=first - hair, x2=last + hair)


def axis(by: By, low: float, high: float, field: str = "x") -> alt.X:
    """The axis from a little before `low` to a little after `high`."""
    if by == "n":
        values = list(range(int(low), int(high) + 1)) if high - low < FEW else alt.Undefined
        whole = alt.Axis(
            title="request number", format=",d", values=values, grid=False, labelFlush=False
        )
        return alt.X(f"{field}:Q", axis=whole, scale=_scale([low - 0.5, high + 0.5]))
    margin = 0.012 * (high - low) or 0.001
    timed = alt.Axis(title="time since the run began", labelExpr=UNITS, grid=False, tickCount=8)
    return alt.X(f"{field}:Q", axis=timed, scale=_scale([low - margin, high + margin]))


def _scale(domain: list[float]) -> alt.Scale:
    return alt.Scale(domain=domain, nice=False, zero=False)
