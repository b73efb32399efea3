"""The control panel: what the library does, by clicking, and each click as the call it made.

Callbacks only start and stop things; what takes time happens on threads that end with it. The
panel is refreshed while somebody looks at it or something goes on, and it holds no lab.
"""

from __future__ import annotations

import time
import weakref
from collections import Counter
from typing import TYPE_CHECKING, Any

import ipywidgets

from caddylab._look import last_state
from caddylab._look.projector import wanted
from caddylab._panel import html as panel_html
from caddylab._panel.backends import BackendsPart
from caddylab._panel.caddyfile import CaddyfilePart
from caddylab._panel.desk import Desk, Pulse
from caddylab._panel.history import HistoryPart
from caddylab._panel.still import still
from caddylab._panel.traffic import TrafficPart

if TYPE_CHECKING:
    from caddylab._rig.rig import Rig
    from caddylab._traffic.traffic import Traffic

PERIOD = 0.25
"""Seconds between two refreshes."""
LINGER = 30.0
"""Seconds of refreshing after a display or a click, should the front end not say who looks."""
ENDED = "This lab has been closed. Make a new one with Lab(), and its panel with lab.panel()."
LARGE = f"{panel_html.CLASS}-projector"

_panels: weakref.WeakKeyDictionary[Rig, Panel] = weakref.WeakKeyDictionary()


class Panel(ipywidgets.VBox):  # type: ignore[misc]
    """Controls for one lab, beside the notebook. Make it with `lab.panel()`.

    Every control does what one call of the library does, and the panel shows that call. Clicks
    are taken while no cell runs: let a long run of your own go on in the background with
    `lab.fire(..., background=True)`.

    Attributes:
        caddyfile: the editor; loads a Caddyfile.
        traffic: what to send, Fire and Stop.
        backends: how each backend stands; breaks and mends it.
        history: the latest calls.
        desk: makes the calls, and keeps them.
    """

    def __init__(self, lab: Rig) -> None:
        self._pulse = Pulse(self._beat, PERIOD)
        self.desk = Desk(lab, self._pulse.wake)
        self._linger_until = 0.0
        self._about = f"control panel of {lab!r}"
        self.caddyfile = CaddyfilePart(self.desk, lab)
        self.traffic = TrafficPart(self.desk, lambda: bool(self._view_count))
        self.backends = BackendsPart(self.desk, lab)
        self.history = HistoryPart()
        self.notice = panel_html.classed(ipywidgets.HTML(), "notice")
        self._still = last_state.StillPicture()
        parts = [self.notice, self._upper(), *self._lower()]
        super().__init__([panel_html.style(), self._still, *parts])
        self.add_class(panel_html.CLASS)
        self._refresh(lab)
        self._view_count = 0  # from now on the front end counts who looks
        self.observe(lambda _: self.wake(), "_view_count")

    def _upper(self) -> Any:
        parts = (self.caddyfile.box, self.traffic.box)
        sides = [panel_html.classed(part, "part", "side") for part in parts]
        return panel_html.classed(ipywidgets.HBox(sides), "upper")

    def _lower(self) -> list[Any]:
        parts = (self.backends.box, self.history.box)
        return [panel_html.classed(part, "part") for part in parts]

    @property
    def last(self) -> Traffic | None:
        """The latest traffic that was fired here."""
        return self.traffic.last

    def wake(self) -> None:
        """Refresh it now, and go on while somebody looks or something goes on."""
        self._pulse.wake()

    def _beat(self) -> bool:
        """Refresh; whether to go on."""
        lab = self.desk.lab()
        try:
            if lab is not None:
                self._refresh(lab)
        except Exception:  # a lab that is closed meanwhile has nothing more to show
            if self.desk.lab() is not None:
                raise
        if self.desk.lab() is None:
            self._shut()
            return False
        return self._wanted()

    def _refresh(self, lab: Rig) -> None:
        self.history.refresh(self.desk.made)
        self.caddyfile.refresh(lab)
        self.traffic.refresh(lab)
        tally = self.traffic.tally
        answered = tally.answered if tally else Counter()
        self.backends.refresh(lab, answered)
        self._still.keep(still(lab, tally.traffic if tally else None, answered))

    def _wanted(self) -> bool:
        busy = self.caddyfile.busy or self.traffic.busy or self.backends.busy
        return busy or bool(self._view_count) or time.monotonic() < self._linger_until

    def _shut(self) -> None:
        self.history.refresh(self.desk.made)
        for part in (self.caddyfile, self.traffic, self.backends):
            part.shut()
        self.notice.value = panel_html.note(ENDED)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        self._linger_until = time.monotonic() + LINGER
        self.wake()
        bundle = super()._repr_mimebundle_(**kwargs)
        return last_state.bundle(bundle, self._still.still) if bundle else bundle

    def __repr__(self) -> str:
        return f"<{self._about}>"


def panel_of(lab: Rig) -> Panel:
    """The panel of a lab: there is one, however often it is shown."""
    if lab not in _panels:
        _panels[lab] = Panel(lab)
    panel = _panels[lab]
    (panel.add_class if wanted() else panel.remove_class)(LARGE)
    return panel
