"""How fast an error budget burns, over time."""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt
import pandas as pd

from caddylab._charts.parts import theme

HEIGHT = 260
HINT = "Dashed: an alert rings beyond it. Each curve looks back over so much time."


def burning(curves: Mapping[str, pd.DataFrame], burn: float) -> theme.Picture:
    """Draw burn rates.

    Args:
        curves: by the name of its window, `at` and `burn_rate`.
        burn: the burn rate beyond which an alert rings.
    """
    rows = pd.concat(
        [found.assign(window=name) for name, found in curves.items()], ignore_index=True
    )
    if rows.empty:
        return theme.nothing("Nothing to draw: the log has no lines")
    names = list(curves)
    x = alt.X("at:Q", axis=alt.Axis(title="seconds", tickCount=8))
    y = alt.Y("burn_rate:Q", title="burn rate")
    color = alt.Color(
        "window:N", title="window", scale=alt.Scale(domain=names, range=theme.COLOURS[: len(names)])
    )
    shown = ["at", "burn_rate", "window"]
    lines = alt.Chart(rows[shown].round(3)).mark_line(interpolate="step-after", strokeWidth=2.5)
    ends = pd.DataFrame({"at": [rows["at"].min(), rows["at"].max()], "burn_rate": [burn, burn]})
    dashed = alt.Chart(ends).mark_line(strokeDash=[6, 4], color=theme.ERROR)
    layers = [lines.encode(x=x, y=y, color=color, tooltip=shown), dashed.encode(x=x, y=y)]
    return theme.picture(layers, theme.title(_told(curves, burn), HINT), HEIGHT)


def _told(curves: Mapping[str, pd.DataFrame], burn: float) -> str:
    """What the picture shows, as a sentence."""
    loud = [name for name, found in curves.items() if (found["burn_rate"] > burn).any()]
    most = max(float(found["burn_rate"].max()) for found in curves.values())
    rang = f"the alert rings over {' and over '.join(loud)}" if loud else "no alert rings"
    return f"The budget burns up to {most:.0f} times too fast; {rang}"
