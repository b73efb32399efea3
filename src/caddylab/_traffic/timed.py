"""Tables whose times are shown with their units; their numbers stay seconds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import pandas as pd

from caddylab._look.html_table import headed
from caddylab._look.spoken import ms

TIMES = ("at", "planned", "sent", "latency", "latency_intended", "start", "duration", "end")
"""The columns that are seconds."""
FIGURES = ("mean", "p50", "p99")
"""Columns that are seconds where a row is what many requests took."""


class Timed(pd.DataFrame):
    """A data frame that a notebook shows as people read times: "2.4 ms", "1.20 s"."""

    _times: ClassVar[tuple[str, ...]] = TIMES

    @property
    def _constructor(self) -> Callable[..., Timed]:
        return type(self)

    def __repr__(self) -> str:
        return repr(self._told())

    def _repr_html_(self) -> Any:
        shown: Any = self._told()._repr_html_()  # type: ignore[operator]
        return headed(shown) if shown else shown

    def _told(self) -> pd.DataFrame:
        told = pd.DataFrame(self)
        numbers = told.select_dtypes("float64").columns
        times = [name for name in self._times if name in numbers]
        whole = told.select_dtypes("Int64").columns  # of which some may be missing
        texts = {name: told[name].map(_time) for name in times}
        return told.assign(**texts, **{name: told[name].map(_number) for name in whole})


class TimedFigures(Timed):
    """The same for figures of how long requests took, each of which has a column."""

    _times = (*TIMES, *FIGURES)


def _time(seconds: float) -> str:
    return "" if pd.isna(seconds) else ms(seconds)


def _number(number: Any) -> str:
    return "" if pd.isna(number) else str(number)
