"""Who answered a request: a backend, Caddy itself, or nobody; and a lane of the picture each.

A lane is a whole number: the backend's own from 1, and these four.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from caddylab._charts import theme

ELSEWHERE, CADDY, NOBODY, WAITING = -2, 0, -1, -3
NAMES = {
    ELSEWHERE: "elsewhere", CADDY: "Caddy itself", NOBODY: "nobody", WAITING: "waiting",
}  # fmt: skip
OF_CADDY = (502, 503, 504)

Lanes = NDArray[np.int64]


def name(lane: int) -> str:
    """What the lane is called in pictures."""
    return NAMES.get(lane, f"backend {lane}")


def colour(lane: int) -> str:
    """The lane's colour: a backend's own, grey for Caddy, vermilion where nobody answered."""
    if lane > 0:
        return theme.colour(lane)
    return theme.ERROR if lane == NOBODY else theme.CADDY


def shape(lane: int) -> str:
    """The lane's shape: a backend's own, else a square."""
    return theme.shape(lane) if lane > 0 else "square"


def answered(requests: pd.DataFrame) -> Lanes:
    """For each request the lane of whoever answered it.

    A 502, 503 or 504 without a backend's name is Caddy's own; any other answer without one
    comes from elsewhere: an upstream that is no backend of the lab, or another handler.
    """
    status = _numbers(requests["status"], -1)
    backend = _numbers(requests["backend"], CADDY)
    own = np.where(np.isin(status, OF_CADDY), CADDY, ELSEWHERE)
    return np.where(backend > 0, backend, np.where(status < 0, NOBODY, own))


def tried(attempts: pd.DataFrame) -> Lanes:
    """For each attempt the lane of the upstream that it went to."""
    return _numbers(attempts["backend"], ELSEWHERE)


def present(lanes: Iterable[int], backends: int = 0) -> list[int]:
    """The lanes of a picture from top to bottom; `backends` of them even if they got nothing."""
    found = {int(lane) for lane in lanes}
    numbered = sorted({lane for lane in found if lane > 0} | set(range(1, backends + 1)))
    return [*numbered, *(lane for lane in (ELSEWHERE, CADDY, NOBODY, WAITING) if lane in found)]


def _numbers(column: pd.Series, missing: int) -> Lanes:
    filled = column.astype("Float64").fillna(missing)
    return np.asarray(filled, dtype=np.int64)
