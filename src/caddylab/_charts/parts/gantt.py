"""The rows of the attempt timeline: from a request's sending to its end, attempts inside."""

from __future__ import annotations

import json
from dataclasses import dataclass

import altair as alt
import numpy as np
import pandas as pd

from caddylab._charts.parts import clock, journeys, lanes, theme, words

TALL, FULL, LEAST = 26.0, 360.0, 2.4
"""Height of a row in pixels where there are few, of all rows where there are many (so that title,
legend and axis are on one screen), at least."""
HAIR = 2.5
"""The least width of a bar in pixels: a millisecond's attempt is visible in a minute's run."""
NUMBERED = 30
"""Up to this many rows, each has its number."""
WORDED = 40
"""Up to this many rows, failed requests have words beside them."""
LATE, EARLY = 0.88, 0.12
"""Words that would begin beyond the first part of the axis stand before their bar instead; if
the bar itself begins before the second one, inside it."""
THIN, THICK = 0.13, 0.37
"""Half the height of a bar, of a waiting client and of an attempt, in rows."""


def layers(
    requests: pd.DataFrame, attempts: pd.DataFrame, ends: tuple[float, float], top: int
) -> list[alt.Chart]:
    """Waiting clients, attempts, crosses and words, from back to front.

    Args:
        requests: one row a request.
        attempts: the attempts for these requests.
        ends: where the axis of time begins and ends.
        top: how many pixels above the first row are taken by something else.
    """
    told = journeys.told(journeys.traced(requests, attempts)).assign(
        row=np.arange(len(requests)),
        x=requests["sent"],
        x2=requests["sent"] + requests["latency"],
    )
    rows = Rows([int(n) for n in requests["n"]], ends, top)
    tries = _tries(attempts, told)
    failed, stopped = journeys.failed(told), journeys.unfinished(told)
    return [
        *rows.waits(told),
        *rows.attempts(tries),
        *rows.crosses(tries[tries["bad"]], rows.area, theme.ERROR, ["attempt"]),
        *rows.crosses(told[stopped], 1.7 * rows.area, theme.CADDY),
        *rows.crosses(told[failed], 1.7 * rows.area, theme.ERROR),
        *rows.endings(told[failed | stopped]),
    ]


def _tries(attempts: pd.DataFrame, told: pd.DataFrame) -> pd.DataFrame:
    """The attempts with their bars, and the story of their requests."""
    columns = (attempts[name] for name in ("attempt", "error", "status", "duration"))
    lane = lanes.tried(attempts)
    tries = attempts[["n"]].assign(
        lane=lane,
        who=[lanes.name(k) for k in lane],
        bad=attempts.index.isin(journeys.given_up(attempts).index),
        x=attempts["start"],
        x2=attempts["start"] + attempts["duration"],
        attempt=[words.ended(*row) for row in zip(*columns, strict=True)],
    )
    return tries.merge(told[["n", "row", *journeys.WHOLE]], on="n")


@dataclass(frozen=True)
class Rows:
    """The axes of the rows, and what can be drawn in them.

    Args:
        numbers: the request of each row, from top to bottom.
        ends: where the axis of time begins and ends.
        top: pixels above the first row.
    """

    numbers: list[int]
    ends: tuple[float, float]
    top: int = 0

    @property
    def row(self) -> float:
        """Height of a row in pixels."""
        return max(LEAST, min(TALL, FULL / len(self.numbers)))

    @property
    def height(self) -> int:
        """Height of all rows in pixels."""
        return round(self.row * len(self.numbers))

    @property
    def area(self) -> float:
        """The area of a small cross, in pixels; never so small that it is overlooked."""
        return max(45.0, 12 + 2.6 * self.row)

    @property
    def x(self) -> alt.X:
        """Time."""
        return clock.axis("time", *self.ends)

    def y(self, field: str = "y") -> alt.Y:
        """The rows, by the numbers of their requests."""
        few, last = len(self.numbers) <= NUMBERED, len(self.numbers) - 1
        places = range(last + 1) if few else sorted({round(last * k / 10) for k in range(11)})
        names = json.dumps({str(place): f"{self.numbers[place]:,}" for place in places})
        axis = alt.Axis(
            title="request number", values=list(places), labelExpr=f"{names}[datum.value]",
            grid=False, ticks=False, domain=False, labelPadding=6,
        )  # fmt: skip
        scale = alt.Scale(
            domain=[-0.5, last + 0.5], range=[self.top, self.top + self.height],
            nice=False, zero=False,
        )  # fmt: skip
        return alt.Y(f"{field}:Q", axis=axis, scale=scale)

    def waits(self, told: pd.DataFrame) -> list[alt.Chart]:
        """From the sending to the end."""
        bars = self._bars(told, THIN, []).mark_rect(fill=theme.CADDY, opacity=0.5)
        return [bars.encode(self.x, self.y(), x2="x2:Q", y2="y2:Q", tooltip=_story())]

    def attempts(self, tries: pd.DataFrame) -> list[alt.Chart]:
        """From an attempt's beginning to its end, in its backend's colour; pale if it failed."""
        if tries.empty:
            return []
        tries = tries.assign(pale=np.where(tries["bad"], 0.4, 1.0))
        present = lanes.present(tries["lane"])
        scale = alt.Scale(
            domain=[lanes.name(k) for k in present], range=[lanes.colour(k) for k in present]
        )
        legend = alt.Legend(title=None, columns=6, symbolType="square", symbolOpacity=1)
        bars = self._bars(tries, THICK, ["who", "attempt", "pale"]).mark_rect()
        colour = alt.Color("who:N", scale=scale, legend=legend)
        pale = alt.Opacity("pale:Q", scale=None, legend=None)
        told = _story(["who", "attempt"])
        return [bars.encode(self.x, self.y(), colour, pale, x2="x2:Q", y2="y2:Q", tooltip=told)]

    def crosses(
        self, rows: pd.DataFrame, area: float, colour: str, more: list[str] | None = None
    ) -> list[alt.Chart]:
        """A cross where the bar ends."""
        rows = rows[rows["x2"] <= self.ends[1]]
        if rows.empty:
            return []
        lean = rows[["x2", "row", *(more or []), *journeys.WHOLE]].rename(columns={"x2": "x"})
        cross = alt.Chart(lean.round({"x": 6})).mark_point(
            filled=True, shape=theme.CROSS, size=area, color=colour, opacity=1
        )
        return [cross.encode(self.x, self.y("row"), tooltip=_story(more))]

    def endings(self, told: pd.DataFrame) -> list[alt.Chart]:
        """How a request failed, in a word beside its end, where there is room for words."""
        if len(self.numbers) > WORDED:
            return []
        low, high = self.ends
        late = told["x2"] > low + LATE * (high - low)
        long = late & (told["x"] < low + EARLY * (high - low))
        return [
            *self._words(told[long].assign(x=lambda rows: rows["x2"]), "right", -12),
            *self._words(told[late & ~long], "right", -6),
            *self._words(told[~late].assign(x=lambda rows: rows["x2"]), "left", 10),
        ]

    def _words(self, rows: pd.DataFrame, align: str, dx: int) -> list[alt.Chart]:
        if rows.empty:
            return []
        text = alt.Chart(rows[["row", "outcome"]].assign(x=rows["x"].clip(*self.ends)))
        mark = text.mark_text(align=align, dx=dx, fontSize=12)  # type: ignore[arg-type]
        return [mark.encode(self.x, self.y("row"), text="outcome:N")]

    def _bars(self, rows: pd.DataFrame, half: float, more: list[str]) -> alt.Chart:
        """A chart of bars inside the axis, none narrower than the least width."""
        low, high = self.ends
        hair = HAIR / theme.WIDTH * (high - low)
        x = rows["x"].clip(low, high)
        x2 = rows["x2"].clip(x + hair, np.maximum(high, x + hair))
        lean = rows[[*more, *journeys.WHOLE]].assign(
            x=x, x2=x2, y=rows["row"] - half, y2=rows["row"] + half
        )
        return alt.Chart(lean.round({"x": 6, "x2": 6}))


def _story(more: list[str] | None = None) -> list[alt.Tooltip]:
    return [alt.Tooltip(f"{field}:N") for field in [*(more or []), *journeys.WHOLE]]
