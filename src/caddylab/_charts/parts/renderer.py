"""How a chart becomes the output of a notebook cell, with no internet.

JupyterLab carries its own Vega-Lite, of version 5, and draws what it gets under that MIME
type; Altair's own renderers ask a CDN or leave text. The PNG beside it is what GitHub and
nbconvert show, and the title is what a terminal shows.
"""

from __future__ import annotations

from typing import Any

import altair as alt

from caddylab._charts.parts import theme
from caddylab._look import drawable, png

NAME = "caddylab"
LIVE = "application/vnd.vegalite.v5+json"
SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
EMBED = {
    # SVG takes its ink from the page, also when the reader changes JupyterLab's theme.
    "renderer": "svg",
    "actions": {"export": True, "source": False, "compiled": False, "editor": False},
}


def enable() -> None:
    """Make this the renderer and ours the theme of every Altair chart in this process."""
    alt.renderers.register(NAME, render)
    alt.renderers.enable(NAME)
    alt.theme.enable(theme.NAME)


def render(spec: dict[str, Any], **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The MIME bundle of a chart, of ours or not, and its metadata, as Altair asks for them."""
    spec = drawable.spec(spec)
    bundle = {LIVE: live(spec), **picture(spec), "text/plain": sentence(spec)}
    return bundle, {LIVE: {"embed_options": EMBED}}


def picture(spec: dict[str, Any]) -> dict[str, str]:
    """The PNG of a chart, unless none is wanted."""

    def draw() -> bytes:
        import vl_convert  # it brings a whole JavaScript engine

        return vl_convert.vegalite_to_png(spec, scale=1.5)

    return png.beside(draw)


def live(spec: dict[str, Any]) -> dict[str, Any]:
    """The specification for JupyterLab: its version of Vega-Lite, its ink, no paper."""
    spec = {**spec, "$schema": SCHEMA}
    for look in (theme.config, theme.large_config):
        if spec.get("config") == look():
            spec["config"] = look(ink="currentColor", paper="transparent")
    return spec


def sentence(spec: dict[str, Any]) -> str:
    """The title of a chart as one line of text."""
    title = spec.get("title", "chart")
    text = title.get("text", "chart") if isinstance(title, dict) else title
    return " ".join(text) if isinstance(text, list) else str(text)
