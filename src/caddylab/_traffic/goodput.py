"""Several runs as one picture: how much is answered in time as the load grows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from caddylab._border import border
from caddylab._errors import TrafficError
from caddylab._machine.late import ensure
from caddylab._traffic.traffic import Traffic

if TYPE_CHECKING:
    from caddylab._charts.parts.theme import Picture


@border(TrafficError)
def goodput(**series: Sequence[Traffic]) -> Picture:
    """A picture of how many requests a second were answered well, against how many came.

    Args:
        series: runs at a rate, such as `before=[…], after=[…]`; each name is a line.

    Raises:
        TrafficError: there are none, or one of them is no run at a rate.
    """
    if not any(series.values()):
        raise TrafficError("goodput() wants runs to draw, such as goodput(before=[…], after=[…]).")
    rows = list(_rows(series.items()))
    ensure("caddylab._charts")
    import pandas as pd

    from caddylab._charts.goodput import goodput as draw

    return draw(pd.DataFrame(rows))


def _rows(series: Iterable[tuple[str, Sequence[Traffic]]]) -> Iterator[dict[str, Any]]:
    for name, runs in series:
        for run in runs:
            if not run.run.plan.open:
                raise TrafficError(
                    f"goodput() draws runs at a rate, and one of “{name}” is none: "
                    "lab.fire(rate=40, duration=2)."
                )
            seconds = run.wanted / float(run.run.plan.rate or 1)
            yield {
                "series": name.replace("_", " "),
                "load": run.wanted / seconds,
                "good": run.good / seconds,
            }
