"""Many requests counted in bins before they are drawn; the counts always add up."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

COLUMNS = 120


def edges(low: float, high: float, whole: bool, columns: int = COLUMNS) -> NDArray[np.float64]:
    """The edges of at most `most` bins that hold everything from `low` to `high`.

    Bins of whole numbers begin half a step before one, so that each holds equally many.
    """
    if not whole:
        return np.linspace(low, high if high > low else low + 1e-3, columns + 1)
    step = max(1, -(-int(high - low + 1) // columns))
    return np.arange(low - 0.5, high + 0.5 + step, step)


def index(values: pd.Series[float], marks: NDArray[np.float64]) -> NDArray[np.int64]:
    """The number of each value's bin, from 0; values outside count to the outermost bin."""
    found = np.searchsorted(marks, values.to_numpy(float), side="right") - 1
    return np.clip(found, 0, len(marks) - 2)


def count(table: pd.DataFrame, marks: NDArray[np.float64], keys: list[str]) -> pd.DataFrame:
    """How many rows each bin of `x` holds for each combination of `keys`, with its ends."""
    bins = table[keys].assign(bin=index(table["x"], marks))
    counted = bins.groupby(["bin", *keys], as_index=False, observed=True).size()
    return counted.assign(x=marks[counted["bin"]], x2=marks[counted["bin"] + 1])
