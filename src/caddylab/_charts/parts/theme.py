"""One look for every picture: a colour and a shape for each backend, ink for the words.

The colours are Okabe and Ito's, told apart by colour-blind eyes too; vermilion is kept for
errors. Ink is dark on white paper in a file; in a live notebook it is the page's own text
colour on no paper at all, so that the same picture suits a light and a dark JupyterLab.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import altair as alt
import pandas as pd

from caddylab._charts.parts.enlarge import enlarged
from caddylab._look import drawable, palette
from caddylab._look.palette import CADDY as CADDY
from caddylab._look.palette import COLOURS as COLOURS
from caddylab._look.palette import CROSS as CROSS
from caddylab._look.palette import ERROR as ERROR
from caddylab._look.palette import FONT as FONT
from caddylab._look.palette import INK as INK
from caddylab._look.palette import PAGE as PAGE
from caddylab._look.palette import PAPER as PAPER
from caddylab._look.palette import SHEET as SHEET
from caddylab._look.projector import ENLARGED, wanted

NAME = "caddylab"

PENTAGON = "M0,-1L0.95,-0.31L0.59,0.81L-0.59,0.81L-0.95,-0.31Z"
"""Vega has no shape of this name."""
WIDTH = 720
TITLE, HINT = 72, 108
"""The characters in a line: as many as a large picture can show at 1280 pixels."""
GOLDEN = 0.618034
"""Its multiples, without their whole part, lie evenly spread however many there are."""


def colour(backend: int) -> str:
    """The colour that backend number `backend` (from 1) has in every picture."""
    return COLOURS[(backend - 1) % len(COLOURS)]


def shape(backend: int) -> str:
    """The shape of backend number `backend`: from 9 on, no pair of colour and shape recurs."""
    name = palette.shape(backend)
    return PENTAGON if name == "pentagon" else name


def ink_on(colour: str) -> str:
    """The ink that is most legible on this colour: dark or white."""
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return INK if 0.299 * red + 0.587 * green + 0.114 * blue > 130 else PAPER


def config(ink: str = INK, paper: str = PAPER) -> dict[str, Any]:
    """Vega-Lite's configuration of the look, written with this ink on this paper."""
    return {
        "font": FONT,
        "background": paper,
        "padding": 12,
        "view": {"stroke": None},
        "title": {
            "anchor": "start", "frame": "bounds", "offset": 14,
            "color": ink, "fontSize": 19, "fontWeight": 600, "lineHeight": 24,
            "subtitleColor": ink, "subtitleFontSize": 14, "subtitleLineHeight": 19,
            "subtitlePadding": 6,
        },
        "axis": {
            "labelColor": ink, "titleColor": ink, "labelFontSize": 14, "titleFontSize": 14,
            "titleFontWeight": 400, "titlePadding": 10, "labelLimit": 240,
            "domainColor": CADDY, "tickColor": CADDY, "gridColor": CADDY, "gridOpacity": 0.25,
        },
        "legend": {
            "labelColor": ink, "titleColor": ink, "labelFontSize": 14, "titleFontSize": 14,
            "orient": "top", "symbolSize": 140, "symbolStrokeWidth": 2,
        },
        "text": {"color": ink, "fontSize": 13},
        "tick": {"color": ink},
        "line": {"color": ink},
        "point": {"color": ink},
    }  # fmt: skip


@alt.theme.register(NAME, enable=False)
def _theme() -> alt.theme.ThemeConfig:
    return {"config": config()}  # type: ignore[typeddict-item]


def title(text: str, *hints: str) -> alt.TitleParams:
    """A sentence that says what to see, and lines that say how to read the picture."""
    subtitle = [line for hint in hints for line in lines(hint, HINT)]
    return alt.TitleParams(lines(text, TITLE), subtitle=subtitle)


def lines(text: str, longest: int) -> list[str]:
    """The text in as few lines as can be, all about equally long."""
    number = len(textwrap.wrap(text, longest))
    widths = (k for k in range(20, longest) if len(textwrap.wrap(text, k)) <= number)
    return textwrap.wrap(text, next(widths, longest))


def large_config(ink: str = INK, paper: str = PAPER) -> dict[str, Any]:
    """The same for a picture in projector size."""
    return enlarged(config(ink, paper), ENLARGED)


class _Whole:
    """A chart that is saved complete: what it needs is in the file, no internet is asked."""

    def to_dict(self, *args: Any, **options: Any) -> dict[str, Any]:
        """The specification, in projector size if that is wanted."""
        inner = not (options.get("context") or {}).get("top_level", True)
        spec: dict[str, Any] = drawable.spec(super().to_dict(*args, **options))  # type: ignore[misc]
        return enlarged(spec, ENLARGED) if wanted() and not inner else spec

    def save(self, fp: Any, *args: Any, **options: Any) -> None:
        """Write "x.png", "x.svg" or "x.html", as Altair does; a page brings its scripts along."""
        if "html" in (options.get("format"), *args[:1], str(fp).rpartition(".")[2]):
            options.setdefault("inline", True)
        super().save(fp, *args, **options)  # type: ignore[misc]


class Picture(_Whole, alt.LayerChart):
    """A picture of one run."""


class Pair(_Whole, alt.HConcatChart):
    """Two pictures side by side."""


def picture(layers: Sequence[Any], title: alt.TitleParams, height: int) -> Picture:
    """The layers, from back to front, under their title; it is what a screen reader says too."""
    chart = Picture(layer=list(layers))
    said = " ".join(title.text)
    return chart.properties(title=title, description=said, width=WIDTH, height=height)


NONE = "No requests were sent"


def nothing(text: str = NONE) -> Picture:
    """The picture of an empty result: its title alone."""
    empty = alt.Chart(pd.DataFrame({"text": [""]})).mark_text().encode(text="text:N")
    return picture([empty], title(text), 20)
