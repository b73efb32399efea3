"""Shares: how many of the requests each backend answered."""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt
import numpy as np
import pandas as pd

from caddylab._border import Lanes, border
from caddylab._charts.parts import journeys, lanes, theme, who_answered, words
from caddylab._errors import TrafficError

TALL, THICK = 56, 34
ROOM = 240
"""Pixels to the right of the longest bar, for its label."""
PERCENT = "format(datum.value * 100, '~r') + ' %'"


@border(TrafficError)
def shares(
    requests: pd.DataFrame,
    expected: Mapping[int, float] | None = None,
    *,
    backends: Lanes = 0,
) -> theme.Picture:
    """Draw the share of all requests that each backend answered.

    Args:
        requests: one row a request.
        expected: backend → its expected share or weight; only their proportions matter.
        backends: how many the lab has, so that one that got nothing has its bar too.
    """
    if requests.empty:
        return theme.nothing()
    answered = requests.assign(lane=lanes.answered(requests))
    order = lanes.present([*answered["lane"].unique(), *(expected or {})], backends)
    parts = _parts(answered)
    sums = _sums(answered, order, expected or {})
    y = alt.Y("who:N", title=None, sort=[lanes.name(k) for k in order],
              axis=alt.Axis(ticks=False, domain=False, labelPadding=10))  # fmt: skip
    top = min(1.0, 1.05 * float(np.nanmax(sums[["share", "expected"]].to_numpy())))
    layers = [_bars(parts, y, top), *([_ticks(sums, y)] if expected else []), _labels(sums, y)]
    title = theme.title(who_answered.shares(requests, backends), *_hints(parts, bool(expected)))
    return theme.picture(layers, title, TALL * len(order))


def _parts(answered: pd.DataFrame) -> pd.DataFrame:
    """A row for each lane and outcome: good answers first, the rest behind them."""
    parts = answered.groupby(["lane", "outcome"], as_index=False).size()
    parts = parts.assign(good=parts["outcome"] == "ok", share=parts["size"] / len(answered))
    parts = parts.sort_values(["lane", "good", "size"], ascending=[True, False, False])
    end = parts.groupby("lane")["share"].cumsum()
    return parts.assign(
        x=end - parts["share"],
        x2=end,
        who=parts["lane"].map(lanes.name),
        fill=[journeys.fill(*pair) for pair in zip(parts["lane"], parts["outcome"], strict=True)],
    )


def _sums(answered: pd.DataFrame, order: list[int], expected: Mapping[int, float]) -> pd.DataFrame:
    """A row for each lane, with its label and its expected share (none: NaN)."""
    lane = pd.Series(order)
    size = lane.map(answered["lane"].value_counts()).fillna(0).astype(int)
    total = size.sum()
    weight = sum(expected.values()) or 1.0
    hopes = [expected.get(k, np.nan) / weight for k in order]
    labels = [
        _label(answered[answered["lane"] == k], hope, total)
        for k, hope in zip(order, hopes, strict=True)
    ]
    return pd.DataFrame({
        "who": lane.map(lanes.name),
        "share": size / total,
        "expected": hopes,
        "label": labels,
    })  # fmt: skip


def _label(own: pd.DataFrame, hope: float, total: int) -> str:
    """ "8 · 50 %, 3 × 500 (expected 25 %)"."""
    text = f"{len(own):,} · {words.percent(len(own) / total)}"
    bad = own[own["outcome"] != "ok"]
    if len(bad):
        text += f", {words.endings(bad, len(own))}"
    return text if np.isnan(hope) else f"{text} (expected {words.percent(hope)})"


def _bars(parts: pd.DataFrame, y: alt.Y, top: float) -> alt.Chart:
    axis = alt.Axis(title="share of all requests", labelExpr=PERCENT, tickCount=6, labelFlush=False)
    x = alt.X("x:Q", axis=axis, scale=alt.Scale(domain=[0, top], range=[0, theme.WIDTH - ROOM]))
    told = [alt.Tooltip("who:N", title="answered by"), "outcome:N",
            alt.Tooltip("size:Q", title="requests", format=","),
            alt.Tooltip("share:Q", format=".2%")]  # fmt: skip
    bars = alt.Chart(parts.drop(columns=["lane", "good"])).mark_bar(size=THICK)
    fill = alt.Color("fill:N", scale=None)
    layer: alt.Chart = bars.encode(x, y, x2="x2:Q", color=fill, tooltip=told)
    return layer


def _ticks(sums: pd.DataFrame, y: alt.Y) -> alt.Chart:
    known = sums[sums["expected"].notna()][["who", "expected"]]
    tick = alt.Chart(known).mark_tick(size=THICK + 14, thickness=3, opacity=1, orient="vertical")
    told = alt.Tooltip("expected:Q", format=".1%", title="expected share")
    layer: alt.Chart = tick.encode(alt.X("expected:Q"), y, tooltip=[told])
    return layer


def _labels(sums: pd.DataFrame, y: alt.Y) -> alt.Chart:
    """To the right of the bar, and of the tick of what was expected."""
    end = sums[["share", "expected"]].max(axis=1)
    text = alt.Chart(sums[["who", "label"]].assign(end=end)).mark_text(align="left", dx=10)
    layer: alt.Chart = text.encode(alt.X("end:Q"), y, text="label:N")
    return layer


def _hints(parts: pd.DataFrame, expected: bool) -> list[str]:
    """How to read the picture."""
    signs = []
    if (parts["fill"] == theme.ERROR).any():
        signs.append("Dark orange: failed.")
    if said := lanes.hints(parts["lane"]):
        signs.append(said)
    if expected:
        signs.append("Upright line: the expected share.")
    said = "Each bar is the share of all requests that one of them answered."
    return [said, " ".join(signs)] if signs else [said]
