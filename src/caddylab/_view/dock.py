"""A place beside the notebook, where the live view stays in sight."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sidecar import Sidecar

from caddylab._look import last_state
from caddylab._machine.environ import inherited
from caddylab._view.docking import DOCKS
from caddylab._view.view import View

NOTEBOOK = "JPY_SESSION_NAME"
"""The variable in which Jupyter tells a kernel the path of its notebook."""
MIME = "application/vnd.caddylab.docked+json"
"""Says that the view has opened elsewhere: our extension shows the sentence in its place."""
GONE = {
    "again": "This lab is gone: run the cell with lab = Lab() again, and then lab.view(dock=True)."
}


@dataclass(frozen=True)
class Docked:
    """The output of a cell whose view opened beside the notebook.

    Where nothing can open beside it (VS Code, Notebook 7, a page), the output is the view itself.
    """

    view: View

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data, metadata = self.view._repr_mimebundle_()
        return data | {MIME: {}, "text/plain": repr(self)}, metadata

    def __repr__(self) -> str:
        return "Opened the live view beside the notebook. Is it gone? Run this cell again."


def dock(view: View) -> Docked:
    """Show `view` beside the notebook, in place of the view before it."""
    data, metadata = view._repr_mimebundle_()  # `with place` would show nothing from a thread
    data = data | {last_state.MIME: GONE}
    shown = ({"output_type": "display_data", "data": data, "metadata": metadata},)
    DOCKS.put(Sidecar(title=_title(), anchor="right", outputs=shown), view.feed)
    return Docked(view)


def _title() -> str:
    """What the place is called: several notebooks may be open, each with its own.

    In JupyterLab our extension keeps it true: when the notebook is renamed, when its kernel ends.
    """
    notebook = Path(inherited().get(NOTEBOOK, "")).stem
    return f"{notebook}, live" if notebook else "The lab, live"
