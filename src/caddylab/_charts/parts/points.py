"""The requests of the latency picture: one by one, or counted in cells."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from caddylab._charts.parts import bins, journeys, lanes, theme, words

FAILED, STOPPED = "failed", "not finished"
SIZES = ((150, 90), (600, 45))
"""Up to how many requests a mark has which area in pixels."""
SMALL = 24
STRIP, GAP = 8, 5
"""Width in pixels of a backend's strip in a column of time, and of the gap between columns."""
ROWS = 36
"""How many cells lie above one another."""


def who(timed: pd.DataFrame) -> pd.Series[str]:
    """What each request counts as: its answerer, or failed, or not finished."""
    named = timed["lane"].map(lanes.name).mask(journeys.failed(timed), FAILED)
    return named.mask(journeys.unfinished(timed), STOPPED)


def single(timed: pd.DataFrame, x: alt.X, y: alt.Y) -> list[alt.Chart]:
    """A mark for each request; the failed ones lie in front."""
    rows = journeys.told(timed.sort_values("who", key=lambda who: who == FAILED))
    rows["answered by"] = rows["lane"].map(lanes.name)
    rows["from intended"] = [words.seconds(value) for value in rows["latency_intended"]]
    told = [*journeys.STORY, "from intended", "answered by"]
    size = next((area for most, area in SIZES if len(rows) <= most), SMALL)
    chart = alt.Chart(rows[["x", "y", "who", *told]].round({"x": 6, "y": 7}))
    marks = chart.mark_point(filled=True, size=size, opacity=1)
    return [marks.encode(x, y, *_scales(timed), tooltip=[f"{field}:N" for field in told])]


def counted(
    timed: pd.DataFrame, x: alt.X, y: alt.Y, ends: tuple[float, float], log: bool
) -> list[alt.Chart]:
    """In each column of time a strip for each backend, fuller of colour where there were more.

    Failed requests are counted apart, as crosses.
    """
    table = cells(timed, ends, log)
    crossed = table["who"].isin([FAILED, STOPPED])
    colour, shape = _scales(timed)
    fullness = alt.Opacity("size:Q", scale=alt.Scale(type="sqrt", range=[0.3, 1]), legend=None)
    rects = alt.Chart(table[~crossed]).mark_rect()
    points = alt.Chart(table[crossed]).mark_point(filled=True, size=50, opacity=1)
    return [
        rects.encode(x, y, colour, fullness, x2="x2:Q", y2="y2:Q", tooltip=_tally()),
        points.encode(x, y, colour, shape, tooltip=_tally()),
    ]


def _tally() -> list[alt.Tooltip]:
    return [
        alt.Tooltip("who:N"),
        alt.Tooltip("size:Q", title="requests", format=","),
        alt.Tooltip("x:Q", title="sent about (s)", format=".3f"),
        alt.Tooltip("y:Q", title="latency from (s)", format=".4f"),
        alt.Tooltip("y2:Q", title="to (s)", format=".4f"),
    ]


def _looks(timed: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """The colour and the shape of everything in `who`, backends first."""
    looks = {lanes.name(k): (lanes.colour(k), lanes.shape(k)) for k in lanes.present(timed["lane"])}
    looks |= {FAILED: (theme.ERROR, theme.CROSS), STOPPED: (theme.CADDY, theme.CROSS)}
    seen = set(timed["who"])
    return {name: look for name, look in looks.items() if name in seen}


def _scales(timed: pd.DataFrame) -> tuple[alt.Color, alt.Shape]:
    """Colours and shapes, with one legend for both."""
    looks, legend = _looks(timed), alt.Legend(title=None, columns=6)
    colours, shapes = zip(*looks.values(), strict=True)
    names = list(looks)
    return (
        alt.Color("who:N", scale=alt.Scale(domain=names, range=list(colours)), legend=legend),
        alt.Shape("who:N", scale=alt.Scale(domain=names, range=list(shapes)), legend=legend),
    )


def cells(timed: pd.DataFrame, ends: tuple[float, float], log: bool) -> pd.DataFrame:
    """How many requests each cell of time, latency and answerer holds."""
    place = {name: k for k, name in enumerate(_looks(timed))}
    width = STRIP * len(place) + GAP
    across = bins.edges(*ends, whole=False, columns=max(4, theme.WIDTH // width))
    height = np.log10(timed["y"]) if log else timed["y"]
    up = bins.edges(float(height.min()), float(height.max()), whole=False, columns=ROWS)
    rows = timed[["x", "who"]].assign(row=bins.index(height, up))
    table = bins.count(rows, across, ["row", "who"])
    strip = (across[1] - across[0]) * STRIP / width
    x = table["x"] + table["who"].map(place) * strip
    # A cross stands in the middle of its strip, a rectangle begins at its left edge.
    x += np.where(table["who"].isin([FAILED, STOPPED]), strip / 2, 0)
    y, y2 = up[table["row"]], up[table["row"] + 1]
    ends_of = {"y": 10**y, "y2": 10**y2} if log else {"y": y, "y2": y2}
    return table[["who", "size"]].assign(x=x, x2=x + strip, **ends_of).round(6)
