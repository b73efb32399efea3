"""The colour of each backend in all pictures, and its shape in moving ones.

`_charts.theme` takes the colours from here and not the other way round: that module needs
Altair, which takes seconds to import, and a live view must not wait for it.
"""

from __future__ import annotations

COLOURS = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#9A6A3A", "#7B5CB8", "#A89B00",
)  # fmt: skip
SHAPES = {
    "circle": "M1,0A1,1,0,1,1,-1,0A1,1,0,1,1,1,0Z",
    "square": "M-.9,-.9H.9V.9H-.9Z",
    "triangle-up": "M0,-1.1L1.1,.85H-1.1Z",
    "diamond": "M0,-1.2L1.1,0L0,1.2L-1.1,0Z",
    "triangle-down": "M0,1.1L1.1,-.85H-1.1Z",
    "triangle-right": "M1.1,0L-.85,1.1V-1.1Z",
    "pentagon": "M0,-1.1L1.05,-.34L.65,.89L-.65,.89L-1.05,-.34Z",
    "triangle-left": "M-1.1,0L.85,1.1V-1.1Z",
}
CROSS = "M-1,-.6L-.6,-1L0,-.4L.6,-1L1,-.6L.4,0L1,.6L.6,1L0,.4L-.6,1L-1,.6L-.4,0Z"
ERROR, CADDY, PAGE = "#C24A00", "#7A7A7A", "#5A6E7F"
"""Failures; what Caddy says for want of a backend; pages that it serves on purpose."""
SHEET = "M-.75,-1H.3L.75,-.55V1H-.75Z"
"""The outline of a page of Caddy's own."""
INK, PAPER = "#1F2328", "#FFFFFF"
FONT = "system-ui, 'Segoe UI', 'Helvetica Neue', Arial, 'Liberation Sans', sans-serif"


def mark(backend: int) -> tuple[str, str]:
    """Colour and outline (an SVG path around 0,0 of radius 1) of backend number `backend`."""
    return COLOURS[(backend - 1) % len(COLOURS)], SHAPES[shape(backend)]


def shape(backend: int) -> str:
    """The name of its shape: from 9 on, no pair of colour and shape recurs."""
    lap = (backend - 1) // len(SHAPES)
    return list(SHAPES)[(backend - 1 + lap) % len(SHAPES)]
