"""Room for one more: what waits side by side begins only while the processors have time for it.

Notebooks and games wait for most of their time, so many are run at once. On a slow or busy machine
the same number of them would take the time away from what they measure; so each begins when there
is room, and what measures a machine at its limit has it for itself.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TypeVar

import psutil

try:
    import fcntl
except ImportError:  # Windows: several workers at once are not held apart there
    fcntl = None  # type: ignore[assignment]

BUSY, IDLE = 70.0, 40.0
"""Percent of all processors: nothing begins above that; what wants quiet, not above this."""
BEGINS = 20.0
"""What a beginner is reckoned to need until it can be measured."""
GLANCE, PATIENCE = 1.5, 20.0
"""Seconds between two measurements, and for others to end."""
LOCK = Path(__file__)
"""A file that is there anyway: who locks it wants quiet."""

Made = TypeVar("Made")


class Room:
    """How much is going on, as one worker sees it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside, self._busy = 0, 0.0
        self._looked, self._times = time.monotonic(), psutil.cpu_times()

    def within(self, work: Callable[..., Made], *args: object, **named: object) -> Made:
        """Do the work as soon as there is room; at once if nothing else of this worker goes on."""
        while not self._enter():
            time.sleep(0.1)
        try:
            return work(*args, **named)
        finally:
            self._leave()

    def quiet(self, work: Callable[..., Made], *args: object, **named: object) -> Made:
        """Do the work while no worker begins anything else."""
        with _held():
            end = time.monotonic() + PATIENCE
            while self._now() > IDLE and time.monotonic() < end:
                time.sleep(0.1)
            return work(*args, **named)

    def _enter(self) -> bool:
        with self._lock:
            if not _may_begin() or (self._inside and self._look() > BUSY):
                return False
            self._inside += 1
            self._busy += BEGINS
            return True

    def _leave(self) -> None:
        with self._lock:
            self._inside -= 1

    def _now(self) -> float:
        with self._lock:
            return self._look()

    def _look(self) -> float:
        """Percent of the processors' time that was used when it was last measured."""
        now = time.monotonic()
        if now - self._looked > GLANCE:
            times = psutil.cpu_times()
            idle = times.idle - self._times.idle
            total = sum(times) - sum(self._times)
            self._busy = 100 * (1 - idle / total) if total else 0.0
            self._looked, self._times = now, times
        return self._busy


@contextlib.contextmanager
def _held() -> Iterator[IO[bytes]]:
    with LOCK.open("rb") as file:
        if fcntl:
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def _may_begin() -> bool:
    """Whether nobody wants quiet."""
    with LOCK.open("rb") as file:
        try:
            if fcntl:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


ROOM = Room()
"""The one of this worker."""
