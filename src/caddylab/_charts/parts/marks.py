"""The routing strip, request by request."""

from __future__ import annotations

import altair as alt
import pandas as pd

from caddylab._charts.parts import journeys, lanes, theme
from caddylab._charts.parts.frame import Frame

SPREAD = 0.4
"""The share of the distance between two lanes over which crowded marks are spread."""
SIZES = ((40, 170), (100, 110), (200, 65), (400, 45))
"""Up to how many requests a mark has which area in pixels."""
SMALL = 26
CLEAR = 75
"""A cross is never smaller, however many the requests: nobody may overlook a failure."""


def layers(
    requests: pd.DataFrame, attempts: pd.DataFrame, given_up: pd.DataFrame, frame: Frame
) -> list[alt.Chart]:
    """The ways of the retries, answers, failed requests, failed attempts: from back to front."""
    answers = journeys.placed(requests, attempts, frame.by)
    answers = journeys.told(journeys.traced(answers, attempts))
    steps = journeys.steps(answers, given_up, attempts, frame.by)
    size = next((area for most, area in SIZES if len(requests) <= most), SMALL)
    spread = SPREAD if _crowded(answers, frame, size) else 0.0
    answers = answers.assign(y=_y(answers["lane"], answers["n"], frame, spread))
    steps = steps.assign(
        y=_y(steps["lane"], steps["n"], frame, spread),
        y2=_y(steps["lane2"], steps["n"], frame, spread),
    )
    good = answers["outcome"] == "ok"
    return [
        *_ways(steps, frame),
        *_answers(answers[good], frame, size),
        *_answers(
            answers[~good & (answers["lane"] != lanes.NO_ANSWER)], frame, size * 2.2, full=False
        ),
        *_crosses(answers[journeys.unfinished(answers)], frame, max(size, CLEAR), theme.CADDY),
        *_crosses(answers[journeys.failed(answers)], frame, max(size, CLEAR), theme.ERROR),
        *_crosses(steps, frame, max(size * 0.6, CLEAR * 0.6), theme.ERROR, ["attempt"]),
    ]


def _crowded(answers: pd.DataFrame, frame: Frame, size: float) -> bool:
    """Whether a fifth of the marks would cover half of another one or more."""
    gaps = answers.sort_values("x").groupby("lane")["x"].diff()
    pixels = gaps * theme.WIDTH / max(frame.ends[1] - frame.ends[0], 1e-9)
    return bool((pixels < size**0.5 / 2).mean() > 0.2)


def _y(lane: pd.Series[int], n: pd.Series[int], frame: Frame, spread: float) -> pd.Series[float]:
    """The row of the lane; in a crowd a little above or below it, the same for all of a request."""
    return frame.rows(lane) + spread * (n * theme.GOLDEN % 1 - 0.5)


def _answers(rows: pd.DataFrame, frame: Frame, size: float, full: bool = True) -> list[alt.Chart]:
    """A mark for each; one with a cross in it is hollow: vermilion is not visible on grey."""
    if rows.empty:
        return []
    rows = rows.assign(who=rows["lane"].map(lanes.name))
    chart = _chart(rows, ["x", "y", "who"]).mark_point(filled=full, size=size, opacity=1)
    return [chart.encode(frame.x(), frame.y(), frame.colour, frame.shape, tooltip=_story())]


def _crosses(
    rows: pd.DataFrame, frame: Frame, size: float, colour: str, more: list[str] | None = None
) -> list[alt.Chart]:
    if rows.empty:
        return []
    chart = _chart(rows, ["x", "y", *(more or [])]).mark_point(
        filled=True, shape=theme.CROSS, size=size, color=colour, opacity=1
    )
    return [chart.encode(frame.x(), frame.y(), tooltip=_story(more))]


def _ways(steps: pd.DataFrame, frame: Frame) -> list[alt.Chart]:
    """A thin line from where an attempt failed to where the request went next."""
    if steps.empty:
        return []
    chart = alt.Chart(steps[["x", "y", "x2", "y2"]])
    rule = chart.mark_rule(stroke=theme.ERROR, strokeWidth=1.2, opacity=0.7)
    return [rule.encode(frame.x(), frame.y(), x2="x2:Q", y2="y2:Q")]


def _chart(rows: pd.DataFrame, columns: list[str]) -> alt.Chart:
    """A chart with only the columns that are drawn or shown: it is saved with the notebook."""
    lean = rows[[*columns, *journeys.WHOLE]]
    return alt.Chart(lean.round({"x": 6, "y": 4}))


def _story(more: list[str] | None = None) -> list[alt.Tooltip]:
    return [alt.Tooltip(f"{field}:N") for field in [*(more or []), *journeys.WHOLE]]
