"""A run that has been ordered, and may be called off before, while or after it begins."""

from __future__ import annotations

import threading
from collections.abc import Callable

from caddylab._errors import TrafficError
from caddylab._traffic.traffic import Traffic


class Order:
    """One run; whoever waits for it can be interrupted at any moment, and then calls it off.

    Args:
        begin: begins to send.
    """

    def __init__(self, begin: Callable[[], Traffic]) -> None:
        self._begin = begin
        self._lock = threading.Lock()
        self._called_off = False
        self._traffic: Traffic | None = None

    def place(self) -> Traffic:
        """Begin, and return while it goes on.

        Raises:
            TrafficError: it has been called off.
        """
        with self._lock:
            if self._called_off:
                raise TrafficError("This run was called off before it began.")
            self._traffic = self._begin()
            return self._traffic

    def call_off(self) -> None:
        """End it, or have it never begin."""
        with self._lock:
            self._called_off = True
            if self._traffic:
                self._traffic.stop()

    def told(self) -> str:
        """What had been sent when it was called off."""
        if self._traffic is None:
            return "Stopped before the first request was sent."
        sent, planned = len(self._traffic), self._traffic.run.planned_total
        return f"Stopped after {sent:,} of {planned:,} requests; `lab.last` has them."
