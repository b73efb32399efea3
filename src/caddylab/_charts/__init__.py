"""Pictures of what happened: tables in, Altair charts out.

Importing this package takes a second (Altair and pandas) and makes our renderer and theme
those of every Altair chart in this process; so it is imported when the first chart is asked
for, and `import caddylab` does without.
"""

from typing import Any

import altair as alt
import pandas as pd

from caddylab._charts import renderer
from caddylab._charts.latency import latency
from caddylab._charts.routing import routing
from caddylab._charts.shares import shares
from caddylab._errors import TrafficError

__all__ = ["draw", "latency", "routing", "shares"]

renderer.enable()


def draw(
    kind: str,
    requests: pd.DataFrame,
    attempts: pd.DataFrame,
    spans: pd.DataFrame,
    **options: Any,
) -> alt.LayerChart:
    """The picture of that name: "routing", "shares" or "latency", with its own options.

    Raises:
        TrafficError: there is no such picture.
    """
    if kind == "routing":
        return routing(requests, attempts, spans, **options)
    if kind == "shares":
        return shares(requests, **options)
    if kind == "latency":
        return latency(requests, spans, **options)
    raise TrafficError(f"There is no picture “{kind}”: expected “routing”, “shares” or “latency”.")
