"""Levels over time: how many things were going on at once, as a filled step in each lane."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import altair as alt
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from caddylab._charts.parts import lanes
from caddylab._charts.parts.frame import HALF, Frame

STEPS = 400
"""Up to this many steps of a lane are drawn one by one; with more, the average in columns."""
COLUMNS = 240
ROOM = 0.74
"""Height of the highest level, in parts of the distance between two lanes."""

Times = NDArray[np.float64]


@dataclass(frozen=True)
class Level:
    """How many there were from each time to the next; none before the first and after the last."""

    times: Times
    counts: Times

    @classmethod
    def of(cls, begin: Times, end: Times) -> Level:
        """The level of things with these beginnings and ends."""
        times = np.concatenate([begin, end])
        steps = np.concatenate([np.ones(len(begin)), -np.ones(len(end))])
        at, place = np.unique(times, return_inverse=True)
        counts = np.cumsum(np.bincount(place, steps, len(at)))
        return cls(at, counts.round().astype(float))

    @property
    def most(self) -> int:
        """The largest number at once."""
        return int(self.counts.max(initial=0))

    def average(self, ends: tuple[float, float]) -> Level:
        """Its averages in columns of time."""
        edges = np.linspace(*ends, COLUMNS + 1)
        spent = np.concatenate([[0.0], np.cumsum(self.counts[:-1] * np.diff(self.times))])
        share = np.diff(np.interp(edges, self.times, spent)) / np.diff(edges)
        return Level(edges, np.append(share, 0.0))


def averaged(levels: Mapping[int, Level]) -> bool:
    """Whether one of the levels has too many steps to draw them all."""
    return any(len(level.times) > STEPS for level in levels.values())


def drawn(levels: Mapping[int, Level], ends: tuple[float, float]) -> dict[int, Level]:
    """The levels step by step, or all of them averaged."""
    many = averaged(levels)
    return {lane: level.average(ends) if many else level for lane, level in levels.items()}


def full(levels: Mapping[int, Level]) -> float:
    """The highest level of all, which takes the whole height of a lane."""
    return max((float(level.counts.max(initial=0)) for level in levels.values()), default=0) or 1.0


def layers(levels: Mapping[int, Level], frame: Frame) -> list[alt.Chart]:
    """A filled step for each lane, all on one scale."""
    top = full(levels)
    return [_fill(lane, level, top, frame) for lane, level in levels.items()]


def _fill(lane: int, level: Level, top: float, frame: Frame) -> alt.Chart:
    foot = float(frame.rows(pd.Series([lane])).iloc[0]) + HALF - 0.02
    rows = pd.DataFrame({
        "x": level.times[:-1], "x2": level.times[1:], "y2": foot,
        "y": foot - ROOM * level.counts[:-1] / top, "size": level.counts[:-1],
    })  # fmt: skip
    rows = rows[rows["size"] > 0].round({"x": 6, "x2": 6, "y": 4, "y2": 4, "size": 2})
    told = [
        alt.Tooltip("who:N"),
        alt.Tooltip("size:Q", title="in flight", format=",.3~r"),
        alt.Tooltip("x:Q", title="from (s)", format=".3f"),
        alt.Tooltip("x2:Q", title="to (s)", format=".3f"),
    ]
    fill = lanes.colour(lane)
    rect = alt.Chart(rows.assign(who=lanes.name(lane))).mark_rect(
        fill=fill, stroke=fill, strokeWidth=0.6
    )
    layer: alt.Chart = rect.encode(frame.x(), frame.y(), x2="x2:Q", y2="y2:Q", tooltip=told)
    return layer
