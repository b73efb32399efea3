"""A game's status as a display that updates itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ipywidgets

from caddylab._gameday.status import Status
from caddylab._look import last_state
from caddylab._look.html_table import Markup, element
from caddylab._look.palette import COLOURS, ERROR
from caddylab._machine.steady import in_thread

PERIOD = 0.5
WELL, LOW = COLOURS[2], 0.5
ALARM = 0.9
"""The share of good requests below which the display shows an alarm."""
GONE = "This game is over: run the notebook from its first cell for another one."


class Monitor(ipywidgets.HTML):  # type: ignore[misc]
    """Time, good requests and budget, renewed twice a second until the game is over.

    Args:
        status: returns the status.
        over: waits so many seconds for the game's end; returns whether it has come.
    """

    def __init__(self, status: Callable[[], Status], over: Callable[[float], bool]) -> None:
        super().__init__()
        self._status, self._is_over = status, over
        self._show()
        in_thread("caddylab-monitor", self._go_on)

    def _go_on(self) -> None:
        while not self._is_over(PERIOD):
            self._show()
        self._show()

    def _show(self) -> None:
        self.value = last_state.kept(html(self._status()))

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = super()._repr_mimebundle_(**kwargs)
        return last_state.bundle(bundle, self.value, GONE) if bundle else bundle


def html(status: Status) -> str:
    """The status as a table of three bars."""
    good = 1.0 if status.good is None else status.good
    budget = max(0.0, status.budget)
    rows = (
        ("time", status.played / status.seconds, f"{status.played:.0f} of {status.seconds:.0f} s",
         "currentColor"),
        ("good requests, last 5 s", good, "–" if status.good is None else f"{good:.0%}",
         WELL if good >= ALARM else ERROR),
        ("error budget left", budget, f"{budget:.0%}", WELL if budget >= LOW else ERROR),
    )  # fmt: skip
    return element("table", *(_row(*row) for row in rows), style="font-size:110%")


def _row(name: str, share: float, text: str, colour: str) -> Markup:
    bar = element("div", style=f"height:1em;width:{share:.0%};background:{colour}")
    frame = element("td", bar, style="width:16em;border:1px solid;padding:0")
    said = element("td", element("b", text), style="text-align:right")
    return element("tr", element("td", name), frame, said, style="background:none")
