"""A survey's table: in HTML, where colour and sign say the same, and in plain text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from caddylab._look import projector
from caddylab._look.html_table import LEFT, Markup, element, row
from caddylab._look.palette import COLOURS, ERROR
from caddylab._survey.trial import Trial

Columns = Mapping[str, Mapping[str, Trial]]

TINTS = {"✓": COLOURS[0], "◐": COLOURS[1], "✗": ERROR}
"""Blue, orange and vermilion: told apart by colour-blind eyes, too."""
LEGEND = "✓ backends answered all quickly · ◐ some waited or went without · ✗ no good answer"
EMPTY = "Nothing has been tried yet: .add(name, caddyfile) tries a strategy."
LARGE = "font-size:19px"
"""For a room: five strategies fill a screen of 1280 pixels."""
BREAK = Markup("<br>")
NEWEST = "direction:rtl;overflow-x:auto;width:fit-content;max-width:100%"
"""Where not all strategies have room, the one that was tried last is in sight."""
CELL = "text-align:left;vertical-align:top;padding:.4em .8em"


def text(faults: Sequence[str], columns: Columns) -> str:
    """The table for a terminal."""
    if not columns:
        return EMPTY
    rows = [["", *columns]]
    rows += [[fault, *(repr(column[fault]) for column in columns.values())] for fault in faults]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("   ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    return "\n".join([*lines, LEGEND])


def html(faults: Sequence[str], columns: Columns, caption: str) -> str:
    """The table for a notebook. A cell is filled as far as its clients were answered."""
    if not columns:
        return EMPTY
    head = [_heading(name, "col") for name in ["what happens", *columns]]
    rows = ([_heading(f, "row"), *(_cell(c[f]) for c in columns.values())] for f in faults)
    title = element("div", element("b", caption), BREAK, LEGEND, style=f"{LEFT};margin:.4em 0")
    size = LARGE if projector.wanted() else ""
    named = {"aria-label": caption}
    grid = element("table", row(head), *map(row, rows), style=f"direction:ltr;{size}", **named)
    return element("div", title, element("div", grid, style=NEWEST))


def _heading(name: str, scope: str) -> Markup:
    return element("th", name, scope=scope, style=CELL)


def _cell(trial: Trial) -> Markup:
    tint, share = TINTS[trial.sign], trial.good / trial.total
    trouble = [trial.trouble, BREAK] if trial.trouble else []
    # The eighth of the colour lets the page's own ink be read on it, light or dark.
    fill = f"linear-gradient(to right,{tint}40 {share:.0%},transparent {share:.0%})"
    good = element("b", f"{trial.sign} {trial.good} of {trial.total}")
    slowest = element("small", f"slowest {trial.slowest:.2f} s", style="white-space:nowrap")
    style = f"{CELL};border-left:5px solid {tint};background:{fill}"
    return element("td", good, BREAK, *trouble, slowest, style=style)
