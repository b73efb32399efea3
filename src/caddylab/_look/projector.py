"""One switch for a lecture room: what is drawn from now on can be read from the back."""

from __future__ import annotations

import os

from caddylab._border import border
from caddylab._errors import ArgumentError

VARIABLE = "CADDYLAB_PROJECTOR"
ENLARGED = 1.25
"""How much larger charts are: as much as fits JupyterLab on a screen of 1280 pixels."""

_on = os.environ.get(VARIABLE, "") not in ("", "0")


@border(ArgumentError)
def projector(on: bool = True) -> None:
    """Draw charts, surveys, panels, views and replays large from now on, or not any more.

    The environment variable CADDYLAB_PROJECTOR=1 does the same from the start.

    Args:
        on: False goes back to the size for one person's screen.
    """
    global _on
    _on = bool(on)


def wanted(large: bool | None = None) -> bool:
    """Whether to draw large: as `large` says, or else as the switch does."""
    return _on if large is None else large
