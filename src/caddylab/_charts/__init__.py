"""Pictures of what happened: tables in, Altair charts out.

Importing this package takes a second (Altair and pandas) and makes our renderer and theme
those of every Altair chart in this process; so it is imported when the first chart is asked
for, and `import caddylab` does without.
"""

from collections.abc import Callable, Mapping
from inspect import signature
from typing import Any

import pandas as pd

import caddylab._charts.parts.lean  # noqa: F401
from caddylab._charts.comparison import Side, compare
from caddylab._charts.inflight import in_flight
from caddylab._charts.latency import latency
from caddylab._charts.live import Live
from caddylab._charts.parts import renderer, theme
from caddylab._charts.percentiles import percentiles
from caddylab._charts.routing import routing
from caddylab._charts.shares import shares
from caddylab._charts.sticky import sticky
from caddylab._charts.timeline import timeline
from caddylab._errors import TrafficError
from caddylab._look import called

__all__ = [
    "PICTURES", "Live", "Side", "compare", "draw", "in_flight", "latency", "percentiles",
    "routing", "shares", "sticky", "timeline",
]  # fmt: skip

renderer.enable()


TABLES = ("requests", "attempts", "spans")
DRAWN: dict[str, Callable[..., theme.Picture]] = {
    "routing": routing,
    "shares": shares,
    "latency": latency,
    "percentiles": percentiles,
    "sticky": sticky,
    "in flight": in_flight,
    "timeline": timeline,
}
PICTURES: dict[str, Callable[..., theme.Picture]] = {
    "routing": lambda tables, options: routing(*tables, **options),
    "shares": lambda tables, options: shares(tables[0], **options),
    "latency": lambda tables, options: latency(tables[0], tables[2], **options),
    "percentiles": lambda tables, options: percentiles(tables[0], **options),
    "sticky": lambda tables, options: sticky(*tables[:2], **options),
    "in flight": lambda tables, options: in_flight(*tables, **options),
    "timeline": lambda tables, options: timeline(*tables, **options),
}


def draw(
    kind: str,
    requests: pd.DataFrame,
    attempts: pd.DataFrame,
    spans: pd.DataFrame,
    *,
    now: float | None = None,
    names: called.Names | None = None,
    **options: Any,
) -> theme.Picture:
    """The picture of that name, one of `PICTURES`, with its own options.

    Args:
        kind: its name.
        requests, attempts, spans: what happened.
        now: seconds since the run began, if it still goes on.
        names: the names of backends that have one of their own, by number.
        options: the picture's own options.

    Raises:
        TrafficError: there is no such picture, or it has no such option.
    """
    if kind not in PICTURES:
        *others, last = (f"“{name}”" for name in PICTURES)
        known = f"{', '.join(others)} or {last}"
        raise TrafficError(f"There is no picture “{kind}”: expected {known}.")
    _check_options(kind, options)
    if now is not None:
        requests = _so_far(requests, now)
    with called.by(names or {}):
        return PICTURES[kind]((requests, attempts, spans), options)


def _check_options(kind: str, options: Mapping[str, Any]) -> None:
    known = [name for name in signature(DRAWN[kind]).parameters if name not in TABLES]
    for name in options:
        if name not in known:
            has = f"it has {', '.join(known)}" if known else "it has none"
            raise TrafficError(f"The picture “{kind}” has no option {name!r}: {has}.")


def _so_far(requests: pd.DataFrame, now: float) -> pd.DataFrame:
    """The requests; pending ones have the time that they have taken so far."""
    pending = requests["outcome"] == "pending"
    return requests.assign(
        latency=requests["latency"].mask(pending, now - requests["sent"]),
        latency_intended=requests["latency_intended"].mask(pending, now - requests["planned"]),
    )
