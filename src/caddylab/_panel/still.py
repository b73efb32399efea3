"""The panel's last state, for where nothing can be clicked."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from caddylab._look.html_table import Markup, element, table

if TYPE_CHECKING:
    from caddylab._rig.rig import Rig
    from caddylab._traffic.traffic import Traffic

HEAD = ("", "in truth", "Caddy thought", "answered")


def still(lab: Rig, traffic: Traffic | None, answered: Counter[int]) -> str:
    """What it showed, in HTML.

    Args:
        lab: whose panel it is.
        traffic: what was fired last.
        answered: how many requests each backend has answered.
    """
    opinion = lab.stack.journal.opinion  # asking Caddy anew could block
    rows = ((b.name, b.state, opinion(b.number), f"{answered[b.number]:,}") for b in lab.backends)
    sent = (
        f"The latest traffic: {len(traffic):,} requests sent." if traffic else "Nothing was sent."
    )
    text = element("pre", str(lab.caddyfile), style="tab-size:4")
    summary = element("summary", "The Caddyfile in force")
    return element(
        "div",
        _title(),
        table(HEAD, rows, "margin-left:0"),
        element("p", sent),
        element("details", summary, text),
    )


def _title() -> Markup:
    return element("p", element("b", "The control panel, as it was last"))
