"""The head of a page: the scripts that it needs, and what it is about."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes

SCRIPTS = {"caddylab-chart": ("charts.js", "near.js"), "caddylab-asked": ("folds.js",)}
"""The scripts that make elements work, by their class."""
ICONS = re.compile(r'<script defer src="[^"]*/fontawesome\.js[^>]*></script>')
"""A megabyte and a half, for icons that nobody added; the theme's own come as a font."""
EARLY = re.compile(r'<link rel="preload" as="script"[^>]*>')
"""Scripts that run last need not come before the style sheets."""
BASIC = re.compile(r'styles/theme\.css[^"]*')
"""A style sheet that is only an import: another round trip before anything can be seen."""
LATER = re.compile(r'<script(?= src="[^"]*/(?:doctools|sphinx_highlight|sphinx-book-theme)\.js)')
"""Scripts that do nothing until the page is loaded."""
LONGEST = 200


def prepare(app: Any, pagename: str, _: str, context: dict[str, Any], doctree: Any) -> None:
    """Provide what the template puts into the page's head."""
    body = context.get("body", "")
    for needing, scripts in SCRIPTS.items():
        for script in scripts if f'class="{needing}"' in body else ():
            app.add_js_file(script, loading_method="defer")
    context |= {"lighter": _lighter, "later": _later}
    context["home"] = app.config.html_baseurl
    context["described"] = _about(doctree) or app.config.project


def _lighter(head: str) -> str:
    """The theme's part of the head, without what delays a page."""
    return BASIC.sub("basic.css", EARLY.sub("", ICONS.sub("", head)))


def _later(scripts: str) -> str:
    """The theme's scripts, those that can wait deferred until the page can be seen."""
    return LATER.sub("<script defer", scripts)


def _about(doctree: Any) -> str:
    """The page's first paragraph."""
    if doctree is None:
        return ""
    first = next(iter(doctree.findall(nodes.paragraph)), None)
    words = re.sub(r"\s+", " ", first.astext()) if first else ""
    return words if len(words) <= LONGEST else f"{words[:LONGEST].rpartition(' ')[0]} …"
