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
