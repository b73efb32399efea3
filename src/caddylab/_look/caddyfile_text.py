"""A Caddyfile that a notebook shows in colours; to all else it is plain text."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from caddylab._look.compared import CHANGED, NEW, ComparedLine, compared

NAME = "caddylab-caddyfile"
LIGHT, DARK = "xcode", "github-dark"
MARKS = {NEW: "new", CHANGED: "changed"}
"""What is said of a line behind it, as the course's own Caddyfiles say it."""
DARK_PAGES = ("[data-jp-theme-light=false]", "html[data-theme=dark]")
"""What JupyterLab and the course's pages say of themselves when they are dark."""


class CaddyfileText(str):
    """The text of a Caddyfile."""

    _marks: Mapping[int, str] = MappingProxyType({})
    """Lines (from 1) that are shown with a comment, such as "new"."""

    def since(self, before: str) -> CaddyfileText:
        """The same text; when it is shown, lines that are new or changed say so.

        Args:
            before: the Caddyfile that it was made of.
        """
        same = CaddyfileText(self)
        same._marks = {n: MARKS[one.mark] for n, one in compared(before, self) if _matters(one)}
        return same

    @property
    def _shown(self) -> str:
        lines = enumerate(self.splitlines(), 1)
        told = [f"{line}  # {self._marks[n]}" if n in self._marks else line for n, line in lines]
        return "\n".join(told)

    def _repr_html_(self) -> str:
        return f"<style>{_style()}</style>{_coloured(self._shown, list(self._marks))}"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(self._shown)


def _matters(line: ComparedLine) -> bool:
    """Whether a line says something else than before: an opened block alone says nothing."""
    opened = line.was and line.text.rstrip(" {") == line.was.rstrip(" {")
    return line.mark in MARKS and line.text.strip() not in ("", "}") and not opened


def _coloured(text: str, marked: list[int]) -> str:
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import CaddyfileLexer

    formatter = HtmlFormatter(cssclass=NAME, hl_lines=marked)
    coloured: str = highlight(text, CaddyfileLexer(stripnl=False), formatter)
    return coloured


@cache
def _style() -> str:
    """The colours for light paper and for dark; the paper itself is the page's."""
    words = "overflow-wrap:break-word;white-space:pre-wrap;word-break:normal"
    pre = f".{NAME} pre{{background:none;tab-size:4;{words}}}"
    own = [pre, f".{NAME} .hll{{font-weight:600}}"]
    rules = [*own, *_colours(LIGHT, f".{NAME}")]
    for page in DARK_PAGES:
        rules += _colours(DARK, f"{page} .{NAME}")
    return "\n".join(rules)


def _colours(style: str, where: str) -> list[str]:
    from pygments.formatters import HtmlFormatter

    definitions = HtmlFormatter(style=style, nobackground=True).get_style_defs(where)
    rules = [rule for rule in definitions.splitlines() if rule.startswith(f"{where} .")]
    return [rule for rule in rules if ".hll " not in rule]  # its background drowns the letters
