"""A picture of a run that goes on: drawn again and again until the run is over."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from caddylab._charts.parts import renderer, theme
from caddylab._look import last_state
from caddylab._machine.steady import in_thread

PERIOD = 0.4
"""Seconds between two pictures, if drawing is quick."""
SHARE = 0.25
"""The largest share of a core's time that goes into making the specification."""
STOPPED = "The kernel ended before this run did: run the cells from the first one again."

_log = logging.getLogger(__name__)


class Moving(anywidget.AnyWidget):
    """The picture in the page; the browser swaps it in one step."""

    _esm = Path(__file__).with_name("live.js")
    svg = traitlets.Unicode().tag(sync=True)


class Live:
    """What `t.chart(live=True)` shows while the traffic runs; its end is the usual chart.

    Args:
        draw: makes the chart of what is known so far.
        wait: waits so many seconds for the end of the run; returns True when it is over.
        settle: waits until everything about the run is known.
    """

    def __init__(
        self,
        draw: Callable[[], theme.Picture],
        wait: Callable[[float], bool],
        settle: Callable[[], object],
    ) -> None:
        self._draw, self._wait, self._settle = draw, wait, settle
        self._first = draw().to_dict()

    def _ipython_display_(self) -> None:
        from IPython.display import display

        moving = Moving(svg=_svg(self._first))
        still, _ = renderer.render(self._first)
        del still[renderer.LIVE]  # the page would prefer it to the moving picture
        widget, _ = moving._repr_mimebundle_() or ({}, {})
        bundle = last_state.bundle(widget | still, "", STOPPED)
        handle = display(bundle, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        in_thread("caddylab-live", self._follow, moving, handle)

    def _follow(self, moving: Moving, handle: Any) -> None:
        """On a thread of its own; it must not print, and ends with the run."""
        pause = PERIOD
        try:
            while not self._wait(pause):
                began = time.thread_time()
                moving.svg = _svg(self._draw().to_dict())
                pause = max(PERIOD, (time.thread_time() - began) / SHARE)
            self._settle()
            spec = self._draw().to_dict()
            moving.svg = _svg(spec)
            bundle, metadata = renderer.render(spec)
            handle.update(bundle, metadata=metadata, raw=True)
        except Exception:  # the traffic matters more than its picture
            _log.debug("The live picture ended early", exc_info=True)

    def __repr__(self) -> str:
        return renderer.sentence(self._first)


def _svg(spec: dict[str, Any]) -> str:
    """The chart as SVG, in the page's own ink, on a transparent background."""
    import vl_convert  # it brings a whole JavaScript engine

    svg: str = vl_convert.vegalite_to_svg(renderer.live(spec), vl_version="5.8")
    return svg
