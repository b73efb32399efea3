"""The frame of a picture with lanes: numbers or time across, a lane for each answerer down."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

import altair as alt
import numpy as np
import pandas as pd

from caddylab._charts.parts import clock, lanes

TALL, LOW, FULL = 68, 44, 400
HALF = 0.46
"""Half the height of a lane's band, in parts of the distance between two lanes."""
STRIP = 0.22
"""Height of the strip at the foot of a lane that holds Caddy's opinion."""


@dataclass(frozen=True)
class Frame:
    """The axes and scales that all layers share.

    Args:
        by: what the horizontal axis shows.
        order: the lanes from top to bottom.
        ends: the first and the last request number, or the beginning and the end in seconds.
        notes: by lane, a second line under its name.
    """

    by: clock.By
    order: list[int]
    ends: tuple[float, float]
    notes: dict[int, str] = field(default_factory=dict)

    @property
    def height(self) -> int:
        """Pixels: tall lanes where there are few."""
        return len(self.order) * max(LOW, min(TALL, FULL // len(self.order)))

    def x(self, field: str = "x") -> alt.X:
        """Request numbers or time."""
        return clock.axis(self.by, *self.ends, field)

    def y(self, field: str = "y") -> alt.Y:
        """The lanes by name, the first at the top."""
        lines = [[lanes.name(lane), self.notes[lane]] for lane in self.order if self.notes]
        names = json.dumps(lines or self._names, ensure_ascii=False)
        axis = alt.Axis(
            title=None, values=list(range(len(self.order))), labelExpr=f"{names}[datum.value]",
            ticks=False, domain=False, labelPadding=10,
        )  # fmt: skip
        ends = [-0.5, len(self.order) - 0.5]
        scale = alt.Scale(domain=ends, reverse=True, nice=False, zero=False)
        return alt.Y(f"{field}:Q", axis=axis, scale=scale)

    @property
    def colour(self) -> alt.Color:
        """The colour of the answerer in field `who`."""
        colours = [lanes.colour(lane) for lane in self.order]
        return alt.Color("who:N", scale=alt.Scale(domain=self._names, range=colours), legend=None)

    @property
    def shape(self) -> alt.Shape:
        """The shape of the answerer in field `who`."""
        shapes = [lanes.shape(lane) for lane in self.order]
        return alt.Shape("who:N", scale=alt.Scale(domain=self._names, range=shapes), legend=None)

    @property
    def _names(self) -> list[str]:
        return [lanes.name(lane) for lane in self.order]

    def rows(self, column: pd.Series[int]) -> pd.Series[float]:
        """The place of each lane, counted from 0 at the top."""
        return column.map({lane: float(row) for row, lane in enumerate(self.order)})

    def banded(self, spans: pd.DataFrame) -> pd.DataFrame:
        """Spans over their backend's lane: a fault over all of it, an opinion at its foot."""
        row = self.rows(spans["backend"])
        top = np.where(spans["source"] == "fault", row - HALF, row + HALF - STRIP)
        return spans.assign(top=top, bottom=row + HALF)
