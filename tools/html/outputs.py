"""Turns a notebook's outputs into what a page without a kernel can show."""

from __future__ import annotations

import base64
import html
import json
import re
from typing import Any

from caddylab._charts.parts.renderer import LIVE
from caddylab._look.html_table import headed

WIDGET = "application/vnd.jupyter.widget-view+json"
SVG = "image/svg+xml"
KINDS = ("text/html", "image/png", "text/plain")
LAB = re.compile(r"href='\.\./labs/([\w-]+)/\1\.ipynb'")
CHAPTER = re.compile(r"href='([\w-]+)\.ipynb'")
FINER = 1.5  # see caddylab._charts.parts.renderer.picture
ASIDE = "This works in the notebook, where a lab runs."


def adapt(notebook: Any) -> None:
    """Replace the outputs of a notebook with those of its page."""
    notebook.metadata.pop("widgets", None)  # drawing them needs scripts from other hosts
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [_adapted(output) for output in cell.outputs if _shows(output)]


def _shows(output: Any) -> bool:
    """Whether there is anything to see: a progress bar leaves nothing behind."""
    return "data" not in output or any(output.data.values())


def _adapted(output: Any) -> Any:
    data = output.get("data", {})
    if LIVE in data:
        height = _height(data.get("image/png", ""))
        output.data = {"text/html": chart(data[LIVE], data["text/plain"], height)}
    elif WIDGET in data:
        output.data = {"text/html": aside(data.get(SVG) or words(data["text/plain"]))}
    elif data:
        output.data = {kind: data[kind] for kind in KINDS if kind in data}
        if "text/html" in data:
            output.data["text/html"] = on_pages(data["text/html"])
    return output


def on_pages(shown: str) -> str:
    """The HTML with links that lead to pages, and without empty headings."""
    return CHAPTER.sub(r"href='\1.html'", LAB.sub(r"href='labs/\1.html'", headed(shown)))


def _height(png: str) -> int:
    """The height of a chart in CSS pixels, from its picture, whose pixels are finer."""
    return round(int.from_bytes(base64.b64decode(png[:32])[20:24], "big") / FINER)


def chart(spec: dict[str, Any], sentence: str, height: int = 0) -> str:
    """A place for a chart, as high as the chart, with the specification for `charts.js`."""
    spec = {name: part for name, part in spec.items() if name != "$schema"}
    written = json.dumps(spec, separators=(",", ":")).replace("</", "<\\/")
    return (
        f'<div class="caddylab-chart" style="min-height:{height}px">'
        f"<noscript>{html.escape(sentence)}</noscript>"
        f'<script type="application/json">{written}</script></div>'
    )


def aside(still: str) -> str:
    """The replacement for a widget, and why it does nothing."""
    return f'<div class="caddylab-live">{still}<small>{ASIDE}</small></div>'


def words(text: str) -> str:
    """A widget's own text."""
    return f"<p>{html.escape(text.strip('<>'))}</p>"
