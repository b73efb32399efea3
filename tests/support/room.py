"""Room for one more: concurrent work begins only while the processors have time for it.

Notebooks spend most of their time waiting, so many are run at once. On a slow or busy
machine, that many would disturb what they measure; so each begins only when there is room, and what
measures a machine at its limit has it to itself.
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
except ImportError:  # Windows: workers do not coordinate there
    fcntl = None  # type: ignore[assignment]

BUSY, IDLE = 70.0, 40.0
"""Percent of all processors: above the first nothing begins, above the second nothing quiet."""
BEGINS = 20.0
"""Percent that new work is assumed to need until it can be measured."""
GLANCE, PATIENCE = 1.5, 20.0
"""Seconds between two measurements, and seconds to wait for other work to end."""
LOCK = Path(__file__)
"""Any file that exists: a worker that locks it wants quiet."""

Made = TypeVar("Made")


class Room:
    """How much is going on, as seen by one worker."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside, self._busy = 0, 0.0
        self._looked, self._times = time.monotonic(), psutil.cpu_times()

    def within(self, work: Callable[..., Made], *args: object, **named: object) -> Made:
        """Do the work as soon as there is room; at once if nothing else of this worker goes on."""
        end = time.monotonic() + PATIENCE
        while not self._enter(late=time.monotonic() > end):
            time.sleep(0.1)
        try:
            return work(*args, **named)
        finally:
            self._leave()

    def quiet(self, work: Callable[..., Made], *args: object, **named: object) -> Made:
        """Do the work while no worker begins anything new."""
        with _held():
            end = time.monotonic() + PATIENCE
            while self._now() > IDLE and time.monotonic() < end:
                time.sleep(0.1)
            return work(*args, **named)

    def beside(self, work: Callable[..., Made], *args: object, **named: object) -> Made:
        """Do the work at once, unless somebody wants quiet."""
        while not _may_begin():
            time.sleep(0.1)
        return work(*args, **named)

    def _enter(self, late: bool) -> bool:
        with self._lock:
            full = self._inside and not late and self._look() > BUSY
            if full or not _may_begin():
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
        """Percent of the processors' time in use when last measured, which is now and then."""
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
"""This worker's own."""
