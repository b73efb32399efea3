"""What stands in the head of a page: the scripts that it needs, and what it is about."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes

SCRIPTS = {
    "caddylab-chart": ("vega.js", "charts.js"),
    "caddylab-asked": ("folds.js",),
}
"""By a class that a page has: what makes it work."""
LONGEST = 200


def prepare(app: Any, pagename: str, _: str, context: dict[str, Any], doctree: Any) -> None:
    """Add what the page's head says."""
    body = context.get("body", "")
    for needing, scripts in SCRIPTS.items():
        for script in scripts if f'class="{needing}"' in body else ():
            app.add_js_file(script, loading_method="defer")
    context["described"] = _about(doctree) or app.config.project


def _about(doctree: Any) -> str:
    """The page's first paragraph."""
    if doctree is None:
        return ""
    first = next(iter(doctree.findall(nodes.paragraph)), None)
    words = re.sub(r"\s+", " ", first.astext()) if first else ""
    return words if len(words) <= LONGEST else f"{words[:LONGEST].rpartition(' ')[0]} …"
