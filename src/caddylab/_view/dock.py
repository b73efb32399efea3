"""A place beside the notebook, where the live view stays in sight."""

from __future__ import annotations

from dataclasses import dataclass

from IPython.display import display
from sidecar import Sidecar

from caddylab._view.view import View

TITLE = "The lab, live"
_open: list[Sidecar] = []
"""What is docked: at most one a notebook."""


@dataclass(frozen=True)
class Docked:
    """What a cell shows whose view went beside the notebook."""

    view: View

    def __repr__(self) -> str:
        return "Opened the live view beside the notebook. Is it gone? Run this cell again."


def dock(view: View) -> Docked:
    """Show `view` beside the notebook, in place of what stood there."""
    while _open:
        _open.pop().close()
    place = Sidecar(title=TITLE, anchor="right")
    _open.append(place)
    with place:
        display(view)  # type: ignore[no-untyped-call]
    return Docked(view)
