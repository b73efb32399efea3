"""Pictures of what happened: tables in, Altair charts out.

Importing this package takes a second (Altair and pandas) and makes our renderer and theme
those of every Altair chart in this process; so it is imported when the first chart is asked
for, and `import caddylab` does without.
"""

from collections.abc import Callable
from typing import Any

import pandas as pd

from caddylab._charts import renderer, theme
from caddylab._charts.inflight import in_flight
from caddylab._charts.latency import latency
from caddylab._charts.percentiles import percentiles
from caddylab._charts.routing import routing
from caddylab._charts.shares import shares
from caddylab._charts.sticky import sticky
from caddylab._charts.timeline import timeline
from caddylab._errors import TrafficError

__all__ = ["draw", "in_flight", "latency", "percentiles", "routing", "shares", "sticky", "timeline"]

renderer.enable()


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
    **options: Any,
) -> theme.Picture:
    """The picture of that name, one of `PICTURES`, with its own options.

    Raises:
        TrafficError: there is no such picture.
    """
    if kind not in PICTURES:
        *names, last = (f"“{name}”" for name in PICTURES)
        known = f"{', '.join(names)} or {last}"
        raise TrafficError(f"There is no picture “{kind}”: expected {known}.")
    return PICTURES[kind]((requests, attempts, spans), options)
