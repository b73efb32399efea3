"""What a widget leaves behind: a still picture of its last state, shown where nothing is live.

Our extension of JupyterLab takes the picture out of the page, from the place that `kept` makes,
whenever the notebook is saved or its kernel ends (`_slides/static/still.js`).
"""

from __future__ import annotations

from typing import Any

import ipywidgets

MIME = "application/vnd.caddylab.live+json"
LAB_IS_GONE = "This lab is gone: run the cell with lab = Lab() again, and then this one."


def bundle(widget: dict[str, Any], still: str, again: str = LAB_IS_GONE) -> dict[str, Any]:
    """A widget's MIME bundle, with its still picture.

    Args:
        widget: its own mime bundle.
        still: HTML; nothing if its mime bundle holds another picture.
        again: how to bring it back.
    """
    picture = {"text/html": still} if still else {}
    return widget | picture | {MIME: {"again": again}}


def kept(still: str, *, hidden: bool = False) -> str:
    """HTML in the page that is the still picture."""
    return f'<div class="caddylab-still"{" hidden" if hidden else ""}>{still}</div>'


class StillPicture(ipywidgets.HTML):  # type: ignore[misc]
    """An invisible part of a widget that holds the still picture of the whole."""

    def __init__(self, still: str = "") -> None:
        super().__init__(layout={"display": "none"})
        self.keep(still)

    def keep(self, still: str) -> None:
        """Make this the picture from now on."""
        self.still = still
        self.value = kept(still, hidden=True)
