"""The cells of the sticky matrix: a row for each client, a column for each of its requests."""

from __future__ import annotations

import json
from dataclasses import dataclass

import altair as alt
import pandas as pd

from caddylab._charts.parts import journeys, lanes, theme

TALL, LOW, FULL = 30.0, 11.0, 420.0
"""Height of a row in pixels where there are few, where there are many, and of all of them."""
WIDE = 36.0
"""The greatest width of a column in pixels."""
ROOMY = 17.0
"""A cell of this size in pixels has its backend's number written in it."""
GAP = 0.04
"""The gap between a cell and its frame, as a share of the cell."""


@dataclass(frozen=True)
class Matrix:
    """The axes of the matrix, and the content of its cells.

    Args:
        clients: the numbers of the clients, from top to bottom.
        ends: the first and the last column, as the number of a request among its client's.
    """

    clients: list[int]
    ends: tuple[int, int]

    @property
    def _cell(self) -> tuple[float, float]:
        """Width and height in pixels."""
        columns = self.ends[1] - self.ends[0] + 1
        tall = max(LOW, min(TALL, FULL / len(self.clients)))
        return min(WIDE, theme.WIDTH / columns), tall

    @property
    def height(self) -> int:
        """The height of the whole matrix in pixels."""
        return round(self._cell[1] * len(self.clients))

    def layers(self, told: pd.DataFrame) -> list[alt.Chart]:
        """Cells, backends' numbers where they fit, crosses on the lost sessions."""
        rows = {client: float(row) for row, client in enumerate(self.clients)}
        cells = told.assign(row=told["client_number"].map(rows))
        lost = cells[cells["lost"]]
        roomy = min(self._cell) >= ROOMY
        return [self._fills(cells), *(self._numbers(cells) if roomy else []), *self._crosses(lost)]

    def _x(self) -> alt.X:
        first, last = self.ends
        pixels = [0.0, self._cell[0] * (last - first + 1)]
        scale = alt.Scale(domain=[first - 0.5, last + 0.5], range=pixels, nice=False, zero=False)
        values = list(range(first, last + 1)) if self._cell[0] >= ROOMY else alt.Undefined
        axis = alt.Axis(
            title="request of the client", format=",d", values=values, grid=False,
            ticks=False, domain=False, labelFlush=False, titleAnchor="start",
        )  # fmt: skip
        return alt.X("x:Q", axis=axis, scale=scale)

    def _y(self) -> alt.Y:
        names = json.dumps([f"client {client}" for client in self.clients])
        axis = alt.Axis(
            title=None, values=list(range(len(self.clients))), labelExpr=f"{names}[datum.value]",
            grid=False, ticks=False, domain=False, labelPadding=8, labelOverlap=True,
        )  # fmt: skip
        scale = alt.Scale(
            domain=[-0.5, len(self.clients) - 0.5], range=[0, self.height], nice=False, zero=False
        )
        return alt.Y("y:Q", axis=axis, scale=scale)

    def _fills(self, cells: pd.DataFrame) -> alt.Chart:
        half, looks = 0.5 - GAP, _looks(cells)
        rows = cells[["who", "session", *journeys.WHOLE]].assign(
            x=cells["k"] - half, x2=cells["k"] + half, y=cells["row"] - half,
            y2=cells["row"] + half, look=_look(cells),
        )  # fmt: skip
        scale = alt.Scale(domain=list(looks), range=list(looks.values()))
        legend = alt.Legend(title=None, columns=6, symbolType="square")
        colour = alt.Color("look:N", scale=scale, legend=legend)
        rect = alt.Chart(rows).mark_rect()
        layer: alt.Chart = rect.encode(
            self._x(), self._y(), colour, x2="x2:Q", y2="y2:Q", tooltip=_story()
        )
        return layer

    def _numbers(self, cells: pd.DataFrame) -> list[alt.Chart]:
        """The backends' numbers, for readers who cannot tell the colours apart."""
        named = cells[(cells["lane"] > 0) & ~cells["lost"]]
        inks = {lane: theme.ink_on(lanes.colour(lane)) for lane in set(named["lane"])}
        ink = named["lane"].map(inks)
        return [self._text(named[ink == colour], colour) for colour in sorted(set(ink))]

    def _text(self, cells: pd.DataFrame, ink: str) -> alt.Chart:
        rows = pd.DataFrame({"x": cells["k"], "y": cells["row"], "label": cells["lane"]})
        text = alt.Chart(rows).mark_text(color=ink, fontSize=12, tooltip=None)
        layer: alt.Chart = text.encode(self._x(), self._y(), text="label:N")
        return layer

    def _crosses(self, lost: pd.DataFrame) -> list[alt.Chart]:
        """A vermilion cross on white, seen on every backend's colour."""
        if lost.empty:
            return []
        rows = lost[["who", "session", *journeys.WHOLE]].assign(x=lost["k"], y=lost["row"])
        area = max(40.0, (0.62 * min(self._cell)) ** 2)
        marks = ((1.9 * area, "circle", theme.PAPER), (area, theme.CROSS, theme.ERROR))
        return [
            alt.Chart(rows)
            .mark_point(filled=True, shape=shape, size=size, color=colour, opacity=1)
            .encode(self._x(), self._y(), tooltip=_story())
            for size, shape, colour in marks
        ]


def _look(cells: pd.DataFrame) -> pd.Series[str]:
    """Who answered, or that it failed; a lost session is no failure, and Caddy's answers are."""
    plain = cells["lost"] | (cells["lane"] == lanes.CADDY)
    return cells["who"].mask(journeys.failed(cells) & ~plain, "failed")


def _looks(cells: pd.DataFrame) -> dict[str, str]:
    """The colour of each look, backends first."""
    colours = {lanes.name(k): lanes.colour(k) for k in lanes.present(cells["lane"])}
    seen = set(_look(cells))
    return {name: c for name, c in (colours | {"failed": theme.ERROR}).items() if name in seen}


def _story() -> list[alt.Tooltip]:
    return [
        alt.Tooltip("who:N", title="answered by"),
        *(alt.Tooltip(f"{field}:N") for field in ["session", *journeys.WHOLE]),
    ]
