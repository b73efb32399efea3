"""Waiting for conditions instead of sleeping."""

from __future__ import annotations

import time
from collections.abc import Callable


def poll(condition: Callable[[], object], timeout: float, interval: float = 0.005) -> bool:
    """Ask `condition` every `interval` seconds until it is true; False after `timeout`."""
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(interval)
    return True


class Every:
    """Says when something is due again.

    Args:
        seconds: how often it is, at most.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds, self._last = seconds, -seconds

    def due(self) -> bool:
        """Whether so long has passed since it last said yes."""
        now = time.monotonic()
        if now - self._last < self._seconds:
            return False
        self._last = now
        return True
