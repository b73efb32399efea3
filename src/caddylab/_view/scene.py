"""What the browser must know before the first event."""

from __future__ import annotations

from caddylab._look import fault_kinds
from caddylab._look.palette import CADDY, CROSS, ERROR, FONT, PAGE, SHEET, mark
from caddylab._records import Answerer
from caddylab._view.tape import HIDDEN


def scene(backends: int, *, projector: bool, speed: float, live: bool) -> dict[str, object]:
    """Marks, colours and words, which are Python's, and how to play."""
    return {
        "marks": [mark(number) for number in range(1, backends + 1)],
        "cross": CROSS, "error": ERROR, "caddy": CADDY, "page": PAGE, "sheet": SHEET,
        "font": FONT, "faults": fault_kinds.scene(), "hidden": HIDDEN,
        "who": {who.name: who.value for who in Answerer},
        "projector": projector, "speed": speed, "live": live,
    }  # fmt: skip
