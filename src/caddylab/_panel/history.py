"""“What did I just do?”: the panel's clicks as calls of the library."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import ipywidgets

from caddylab._panel import html as panel_html
from caddylab._panel.desk import Entry

HINT = "Each line does in a cell what the click did here; a click on the line selects it."
LABEL = "The calls that the panel made, the newest last"


class HistoryPart:
    """The latest calls, the newest last."""

    def __init__(self) -> None:
        self.list = panel_html.classed(ipywidgets.HTML(), "history")
        self.refresh([])
        self.box = ipywidgets.VBox([panel_html.heading("What did I just do?", HINT), self.list])

    def refresh(self, made: Sequence[Entry]) -> None:
        """Show these calls."""
        lines = "".join(map(_line, made)) or "<div>Nothing yet.</div>"
        self.list.value = (
            f'<div tabindex="0" role="group" aria-label="{escape(LABEL)}"><div>{lines}</div></div>'
        )


def _line(entry: Entry) -> str:
    failed = f" <small># {escape(entry.failed)}</small>" if entry.failed else ""
    return f"<div><code>{escape(entry.text)}</code>{failed}</div>"
