"""Who answered a request, in pictures: a backend, Caddy in one of its roles, or nobody.

A lane is a whole number: a backend's own, from 1, or one of these. What the records say about who
answered (`Answerer`) becomes a lane here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from caddylab import _records
from caddylab._charts.parts import theme
from caddylab._look.called import called
from caddylab._records import Answerer

CADDY, NO_ANSWER, ELSEWHERE, WAITING, PAGE, NOBODY, UNKNOWN = 0, -1, -2, -3, -4, -5, -6
OF = {
    Answerer.UNKNOWN: UNKNOWN, Answerer.CADDY: PAGE, Answerer.NO_BACKEND: CADDY,
    Answerer.NOBODY: NOBODY, Answerer.NONE: NO_ANSWER,
}  # fmt: skip
NAMES = {ELSEWHERE: "elsewhere"} | {lane: _records.NAMES[who] for who, lane in OF.items()}
NAMES[WAITING] = "waiting"
"""From top to bottom, below the backends."""
HINTS = {
    UNKNOWN: "Not known: Caddy's log does not say who answered.",
    PAGE: "Caddy's own page: an answer that Caddy makes on purpose, and no backend.",
    CADDY: "Grey square, Caddy itself: no backend gave it an answer, or it had none to ask.",
    NOBODY: "Nobody: no handler of the Caddyfile took the request, so Caddy sent an empty 200.",
}
CADDYS = (CADDY, PAGE, NOBODY)
"""Lanes of answers that Caddy made itself."""

Lanes = NDArray[np.int64]


def name(lane: int) -> str:
    """The name of the lane in pictures."""
    return NAMES.get(lane) or called(lane)


def colour(lane: int) -> str:
    """The lane's colour: a backend's own, Caddy's two greys, vermilion where nobody answered."""
    if lane > 0:
        return theme.colour(lane)
    if lane == PAGE:
        return theme.PAGE
    return theme.ERROR if lane in (NOBODY, NO_ANSWER) else theme.CADDY


def shape(lane: int) -> str:
    """The lane's shape: a backend's own, a sheet for a page of Caddy's, else a square."""
    if lane == PAGE:
        return theme.SHEET
    return theme.shape(lane) if lane > 0 else "square"


def answered(requests: pd.DataFrame) -> Lanes:
    """For each request the lane of whoever answered it.

    A backend that has answered is one of the lab's; before Caddy's log tells who it was, the
    number that the answer itself gives stands for it.
    """
    backend = _numbers(requests["backend"], ELSEWHERE)
    lane = requests["answerer"].map(OF).fillna(ELSEWHERE).to_numpy(np.int64)
    return np.where(backend > 0, backend, lane)


def tried(attempts: pd.DataFrame) -> Lanes:
    """For each attempt the lane of the upstream that it went to."""
    return _numbers(attempts["backend"], ELSEWHERE)


def present(lanes: Iterable[int], backends: int = 0) -> list[int]:
    """The lanes of a picture from top to bottom; `backends` of them even if they got nothing."""
    found = {int(lane) for lane in lanes}
    numbered = sorted({lane for lane in found if lane > 0} | set(range(1, backends + 1)))
    return [*numbered, *(lane for lane in NAMES if lane in found)]


def hints(lanes: Iterable[int]) -> str:
    """What the lanes that are no backends stand for, as far as their names do not tell."""
    return " ".join(HINTS[lane] for lane in NAMES if lane in HINTS and lane in set(lanes))


def _numbers(column: pd.Series, missing: int) -> Lanes:
    filled = column.astype("Float64").fillna(missing)
    return np.asarray(filled, dtype=np.int64)
