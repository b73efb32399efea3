"""Threads: for one job, or for repeated work that goes on whatever errors it meets."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

BREATH = 0.01
"""Seconds to wait after a failed turn, so that one that fails at once does not occupy a core."""

_log = logging.getLogger(__name__)


def goes_on(error: BaseException) -> None:
    """Log an error that a thread has met, and that the thread goes on."""
    _log.error("%s goes on after an error.", threading.current_thread().name, exc_info=error)


def in_thread(name: str, job: Callable[..., object], *arguments: object) -> threading.Thread:
    """Do a job on a daemon thread of its own, which never keeps Python from exiting."""
    thread = threading.Thread(target=job, args=arguments, name=name, daemon=True)
    thread.start()
    return thread


class Steady:
    """Does its work again and again, until it is closed.

    A turn that fails is logged once for each kind of error, and kept in
    `trouble`; the next turn may go well.

    Args:
        name: the thread's.
        work: what to do at each turn.
        pause: returns the seconds between two turns.

    Attributes:
        trouble: what was wrong at the last turn that failed.
    """

    def __init__(self, name: str, work: Callable[[], object], pause: Callable[[], float]) -> None:
        self._work, self._pause = work, pause
        self._closed = threading.Event()
        self._known: set[str] = set()
        self._thread = threading.Thread(target=self._live, name=name, daemon=True)
        self.trouble = ""

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether it goes on."""
        return self._thread.is_alive()

    @property
    def closed(self) -> bool:
        """Whether it has been told to end."""
        return self._closed.is_set()

    def close(self) -> None:
        """End it, after the turn that it is in. Safe to call twice, and from its own work."""
        self._closed.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(5)

    def _live(self) -> None:
        while not self.closed:
            try:
                if not self._closed.wait(self._pause()):
                    self._work()
            except BaseException as error:  # whatever it is: nobody would see the thread end
                if not self.closed:  # what has been closed meanwhile cannot be examined
                    self._note(error)
                    self._closed.wait(BREATH)

    def _note(self, error: BaseException) -> None:
        self.trouble = f"{type(error).__name__}: {error}"
        if self.trouble not in self._known:
            self._known.add(self.trouble)
            goes_on(error)
