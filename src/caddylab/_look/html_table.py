"""Tables in HTML, as notebooks show them; every text in them is escaped here and nowhere else."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

LEFT = "text-align:left"


class Markup(str):
    """HTML that may stand in a table as it is."""

    __slots__ = ()


def markup(text: object) -> Markup:
    """Text as HTML; what is HTML already stays as it is."""
    return text if isinstance(text, Markup) else Markup(html.escape(str(text)))


def code(text: str) -> Markup:
    """Text as HTML; what stands in backticks is code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text)))


def element(tag: str, *content: object, **attributes: str) -> Markup:
    """An element: `element("td", "a < b", style="color:red")`; texts in it are escaped."""
    named = "".join(f" {name}='{markup(value)}'" for name, value in attributes.items() if value)
    return Markup(f"<{tag}{named}>{''.join(map(markup, content))}</{tag}>")


def headed(table: str) -> str:
    """A pandas table without the one heading that says nothing."""
    return table.replace(element("th"), element("td"))


def row(cells: Iterable[object], *, tag: str = "td", style: str = LEFT) -> Markup:
    """A row of cells: texts, or whole cells that `element` made."""
    return element("tr", *(_cell(cell, tag, style) for cell in cells))


def _cell(cell: object, tag: str, style: str) -> Markup:
    whole = isinstance(cell, Markup) and cell.startswith(("<td", "<th"))
    if whole:
        return markup(cell)
    return element(tag if cell else "td", cell, style=style)  # a heading that says nothing is none


def table(head: Iterable[object], rows: Iterable[Iterable[object]], style: str = "") -> Markup:
    """A table; without a head if that is empty."""
    titles = list(head)
    top = [row(titles, tag="th")] if titles else []
    return element("table", *top, *map(row, rows), style=style)
