"""The live view: every request as a dot, on its way to the backend that it really went to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from caddylab._engine.ledger import Ledger
from caddylab._look import last_state
from caddylab._machine.undisturbed import undisturbed
from caddylab._view.feed import Feed
from caddylab._view.scene import scene
from caddylab._view.script import SCRIPT
from caddylab._view.still import Totals, still
from caddylab._view.tape import Event

HERE = Path(__file__).parent
STYLE = (HERE / "view.css").read_text(encoding="utf-8")


class View(anywidget.AnyWidget):
    """What `lab.view()` shows.

    The browser keeps the tape and draws it; the kernel only hands over what is new. A browser
    that comes late, or has missed a batch, asks for the whole tape again.

    Args:
        feed: the lab's events.
        runs: the runs under way.
        backends: how many there are.
        projector: large, to be read from the back of a room.
        speed: the speed of the clock in the picture.

    Attributes:
        feed: the lab's events.
    """

    _esm = f"{SCRIPT}\nexport default view.widget;\n"
    _css = STYLE
    scene = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        feed: Feed,
        runs: Iterable[Ledger],
        backends: int,
        *,
        projector: bool = False,
        speed: float = 1.0,
    ) -> None:
        self.feed, self._backends, self._number = feed, backends, 0
        super().__init__(scene=scene(backends, projector=projector, speed=speed, live=True))
        self.on_msg(self._hear)
        undisturbed(lambda: feed.watch(self._deliver, runs))

    def close(self) -> None:
        """End the view; the lab goes on."""
        self.feed.unwatch(self._deliver)
        super().close()

    def still(self) -> str:
        """The present state, as SVG."""
        return still(self.feed.history(), self._backends)

    def _deliver(self, now: float, events: list[Event]) -> None:
        self._number += 1
        self.send({"number": self._number, "now": now, "events": events})

    def _hear(self, _: Any, message: Mapping[str, Any], __: Any) -> None:
        if message.get("want") == "tape":
            self.feed.repeat(self._deliver_whole)

    def _deliver_whole(self, now: float, events: list[Event]) -> None:
        self.send({"number": self._number, "now": now, "events": events, "whole": True})

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        shown = super()._repr_mimebundle_(**kwargs)
        if not shown:
            return shown
        widget, metadata = shown
        picture = {"image/svg+xml": self.still()}
        return last_state.bundle(widget | picture, ""), metadata

    def __repr__(self) -> str:
        return f"<live view: {Totals(self.feed.history(), self._backends)}>"
