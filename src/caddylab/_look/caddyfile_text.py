"""A Caddyfile that a notebook shows in colours; to all else it is plain text."""

from __future__ import annotations

from functools import cache
from typing import Any

NAME = "caddylab-caddyfile"
LIGHT, DARK = "xcode", "github-dark"
DARK_PAGES = ("[data-jp-theme-light=false]", "html[data-theme=dark]")
"""What JupyterLab and the course's pages say of themselves when they are dark."""


class CaddyfileText(str):
    """The text of a Caddyfile."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return f"<style>{_style()}</style>{_coloured(str(self))}"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))


def _coloured(text: str) -> str:
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import CaddyfileLexer

    coloured: str = highlight(text, CaddyfileLexer(), HtmlFormatter(cssclass=NAME))
    return coloured


@cache
def _style() -> str:
    """The colours for light paper and for dark; the paper itself is the page's."""
    rules = [f".{NAME} pre{{background:none;tab-size:4}}", *_colours(LIGHT, f".{NAME}")]
    for page in DARK_PAGES:
        rules += _colours(DARK, f"{page} .{NAME}")
    return "\n".join(rules)


def _colours(style: str, where: str) -> list[str]:
    from pygments.formatters import HtmlFormatter

    definitions = HtmlFormatter(style=style, nobackground=True).get_style_defs(where)
    return [rule for rule in definitions.splitlines() if rule.startswith(f"{where} .")]
