"""The routing strip: who answered each request, and what happened on the way."""

from __future__ import annotations

import numpy as np
import pandas as pd

from caddylab._border import Lanes, border
from caddylab._charts.parts import (
    bands,
    clock,
    columns,
    journeys,
    lanes,
    marks,
    theme,
    titles,
)
from caddylab._charts.parts.frame import Frame
from caddylab._errors import TrafficError
from caddylab._look.counted import counted

MARKS = 2000
"""Up to this many marks are drawn one by one; more are counted in columns."""


@border(TrafficError)
def routing(
    requests: pd.DataFrame,
    attempts: pd.DataFrame,
    spans: pd.DataFrame,
    *,
    by: clock.By | None = None,
    backends: Lanes = 0,
) -> theme.Picture:
    """Draw each request in the lane of the backend that answered it.

    Args:
        requests: one row a request.
        attempts: one row for each of Caddy's attempts.
        spans: faults and Caddy's opinions of the backends.
        by: "n" for request numbers, "time" for the time since the run began; by itself it is
            time where a span begins or ends in the run or the requests came at a fixed rate.
        backends: how many the lab has, so that one that got nothing has its lane too.
    """
    if requests.empty:
        return theme.nothing()
    spans = clock.touching(spans, requests)
    given_up = journeys.given_up(attempts, journeys.cancelled(requests))
    frame = _frame(requests, given_up, spans, by or clock.choose(requests, spans), backends)
    single = len(requests) + len(given_up) <= MARKS
    draw = marks.layers if single else columns.layers
    shades = frame.banded(clock.place(spans, requests, frame.by))
    hints = [*_hints(requests, given_up, single), lanes.hints(frame.order)]
    title = theme.title(titles.routing(requests, given_up, spans, backends), *filter(None, hints))
    layer = [
        *bands.layers(shades, frame.x(), frame.y("top"), frame.ends),
        *draw(requests, attempts, given_up, frame),
    ]
    return theme.picture(layer, title, frame.height)


def _frame(
    requests: pd.DataFrame, given_up: pd.DataFrame, spans: pd.DataFrame, by: clock.By, backends: int
) -> Frame:
    seen = np.concatenate([lanes.answered(requests), lanes.tried(given_up), spans["backend"]])
    ends = (1.0, float(requests["n"].max())) if by == "n" else clock.extent(requests)
    return Frame(by, lanes.present(np.unique(seen), backends), ends)


def _hints(requests: pd.DataFrame, given_up: pd.DataFrame, single: bool) -> list[str]:
    """How to read the picture."""
    if single:
        said = "Each mark is a request, in the lane of whoever answered it."
        attempt = "Small cross: a failed attempt, with a line to where the request went next. "
        failure = "Large cross: a failed request."
    else:
        said = f"{counted(len(requests), 'request')}, counted in columns."
        attempt = "Cross: failed attempts. "
        failure = "Dark orange: failed requests; grey: those for which Caddy had no backend."
    failed = bool(journeys.failed(requests).any())
    signs = attempt * bool(len(given_up)) + failure * failed
    return [line for line in (said, signs, _incomplete(requests)) if line]


def _incomplete(requests: pd.DataFrame) -> str:
    missing = int((~requests["complete"].astype(bool)).sum())
    if not missing:
        return ""
    return f"{counted(missing, 'trace')} not complete: Caddy's log has not closed them."
