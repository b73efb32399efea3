"""A place beside the notebook, where the live view stays in sight."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sidecar import Sidecar

from caddylab._machine.environ import inherited
from caddylab._view.docking import DOCKS
from caddylab._view.view import View

NOTEBOOK = "JPY_SESSION_NAME"
"""The variable in which Jupyter tells a kernel the path of its notebook."""
MIME = "application/vnd.caddylab.docked+json"
"""For a page without a kernel, where nothing has opened: what it would have shown."""


@dataclass(frozen=True)
class Docked:
    """The output of a cell whose view opened beside the notebook."""

    view: View

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {MIME: {"still": self.view.still()}, "text/plain": repr(self)}

    def __repr__(self) -> str:
        return "Opened the live view beside the notebook. Is it gone? Run this cell again."


def dock(view: View) -> Docked:
    """Show `view` beside the notebook, in place of the view before it."""
    place = Sidecar(title=_title(), anchor="right")
    DOCKS.put(place, view.feed)
    data, metadata = view._repr_mimebundle_()  # `with place` would show nothing from a thread
    place.outputs = ({"output_type": "display_data", "data": data, "metadata": metadata},)
    return Docked(view)


def _title() -> str:
    """What the place is called: several notebooks may be open, each with its own."""
    notebook = Path(inherited().get(NOTEBOOK, "")).stem
    return f"{notebook}, live" if notebook else "The lab, live"
