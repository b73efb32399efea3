"""What stands in the head of a page: the scripts that it needs, and what it is about."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes

SCRIPTS = {"caddylab-chart": ("charts.js", "near.js"), "caddylab-asked": ("folds.js",)}
"""By a class that a page has: what makes it work."""
ICONS = re.compile(r'<script defer src="[^"]*/fontawesome\.js[^>]*></script>')
"""A megabyte and a half, for icons that nobody added; those of the theme come as a font."""
EARLY = re.compile(r'<link rel="preload" as="script"[^>]*>')
"""Scripts that run last need not come before the style sheets."""
BASIC = re.compile(r'styles/theme\.css[^"]*')
"""Nothing but an import: another trip before anything can be seen."""
LATER = re.compile(r'<script(?= src="[^"]*/(?:doctools|sphinx_highlight|sphinx-book-theme)\.js)')
"""Scripts that do nothing before the page is there."""
LONGEST = 200


def prepare(app: Any, pagename: str, _: str, context: dict[str, Any], doctree: Any) -> None:
    """Add what the page's head says."""
    body = context.get("body", "")
    for needing, scripts in SCRIPTS.items():
        for script in scripts if f'class="{needing}"' in body else ():
            app.add_js_file(script, loading_method="defer")
    context |= {"lighter": _lighter, "later": _later}
    context["home"] = app.config.html_baseurl
    context["described"] = _about(doctree) or app.config.project


def _lighter(head: str) -> str:
    """What the theme puts into the head, without what holds up a page."""
    return BASIC.sub("basic.css", EARLY.sub("", ICONS.sub("", head)))


def _later(scripts: str) -> str:
    """What the theme loads, none of it before the page can be seen if it can wait."""
    return LATER.sub("<script defer", scripts)


def _about(doctree: Any) -> str:
    """The page's first paragraph."""
    if doctree is None:
        return ""
    first = next(iter(doctree.findall(nodes.paragraph)), None)
    words = re.sub(r"\s+", " ", first.astext()) if first else ""
    return words if len(words) <= LONGEST else f"{words[:LONGEST].rpartition(' ')[0]} …"
