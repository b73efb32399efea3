"""The panel's own HTML: its look, and texts whose place never changes its size."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from pathlib import Path

import ipywidgets

from caddylab._look.called import Names, called
from caddylab._look.html_table import code
from caddylab._look.palette import COLOURS
from caddylab._records import NAMES, Outcome, Request

CLASS = "caddylab-panel"
PER_ROW, ROWS = 24, 3
"""So many of the latest requests are shown one by one."""
_RULE = re.compile(r" \[[a-z]+(?:-[a-z]+)+\]$")
"""The name of a rule, at the end of a warning."""
KEY = (
    "Each request becomes a tile: the backend that answered it, – a page of Caddy's own, "
    "✕ if it failed, · while it runs."
)


def style() -> ipywidgets.HTML:
    """The panel's style sheet."""
    sheet = Path(__file__).with_name("panel.css").read_text("utf-8")
    return ipywidgets.HTML(f"<style>{sheet}</style>", layout={"display": "none"})


def classed(widget: ipywidgets.DOMWidget, *names: str) -> ipywidgets.DOMWidget:
    """The widget, with classes of ours that the style sheet knows."""
    for name in names:
        widget.add_class(f"{CLASS}-{name}")
    return widget


def heading(text: str, hint: str = "") -> ipywidgets.HTML:
    """The title of a part, with a few words on it."""
    note = f" <small>{escape(hint)}</small>" if hint else ""
    title = f'<span role="heading" aria-level="3">{escape(text)}</span>'
    return classed(ipywidgets.HTML(title + note), "heading")


def note(text: str) -> str:
    """A message that is read out when there is time."""
    return f'<div role="status">{code(text)}</div>'


def report(text: str, label: str, alarm: bool = False) -> str:
    """A text of several lines, in a place where it can be scrolled; an alarm is read at once."""
    role = "alert" if alarm else "status"
    lines = "".join(map(_line, text.splitlines()))
    return _place(f'<pre role="{role}">{lines}</pre>' if text else "", label)


def promise(text: str, label: str) -> str:
    """What will stand in the place of a report."""
    return _place(f"<small>{escape(text)}</small>", label)


def _place(content: str, label: str) -> str:
    return f'<div tabindex="0" role="group" aria-label="{escape(label)}">{content}</div>'


def _line(text: str) -> str:
    """A line of a report; one of a Caddyfile is never broken, so that the caret below fits."""
    source = "│" in text
    look = f' class="{CLASS}-source"' if source else ""
    rule = _RULE.search(text)
    told, name = (text[: rule.start()], f"<small>{rule[0]}</small>") if rule else (text, "")
    return f"<span{look}>{escape(told) if source else code(told)}{name}\n</span>"


def bar(label: str, share: float | None = None) -> str:
    """A progress bar and what it says; without a share it only says that something goes on."""
    value = "" if share is None else f' value="{share:.3f}"'
    return f'<progress{value} aria-label="{escape(label)}"></progress> {escape(label)}'


def mark(backend: int) -> str:
    """The colour of a backend, as the upper edge of a small tile."""
    return f"border-top-color:{COLOURS[(backend - 1) % len(COLOURS)]}"


def strip(requests: Sequence[Request], names: Names | None = None) -> str:
    """Who answered the latest requests, one tile each: a number, a cross or a dot.

    Rows are filled and then move up, so that no tile moves to and fro.
    """
    full_rows = -(-len(requests) // PER_ROW)
    latest = requests[max(0, full_rows - ROWS) * PER_ROW :]
    known = names or {}
    tiles = "".join(_tile(request, known) for request in latest)
    said = ", ".join(_said(request, known) for request in latest[-8:])
    if not latest:
        return f'<div class="{CLASS}-tiles"><small>{KEY}</small></div>'
    label = escape(f"The latest requests, the newest last: {said}")
    return f'<div class="{CLASS}-tiles" role="img" aria-label="{label}">{tiles}</div>'


def _tile(request: Request, names: Names) -> str:
    if request.outcome is Outcome.PENDING:
        return f'<i title="request {request.n}: no answer yet">·</i>'
    title = escape(f"request {request.n}: {_said(request, names)}")
    if request.outcome is not Outcome.OK:
        return f'<i class="{CLASS}-bad" title="{title}">✕</i>'
    number = request.answered_by
    look = f' style="{mark(number)}"' if number else ""
    return f'<i{look} title="{title}">{number or "–"}</i>'


def _said(request: Request, names: Names) -> str:
    if request.outcome is Outcome.PENDING:
        return "no answer yet"
    if request.outcome is Outcome.NOBODY:
        return "answered by nobody"
    if request.outcome is not Outcome.OK:
        return request.outcome.value
    number = request.answered_by
    return called(number, names) if number else NAMES[request.answerer]
