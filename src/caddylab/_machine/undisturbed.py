"""Work that Stop cannot break off midway.

A notebook's Stop raises KeyboardInterrupt between any two steps of the main thread. What must not
be left half done, such as starting a backend and noting that it runs, is done on a thread of its
own: Stop ends only the wait for it, and the work is completed all the same.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar, cast

from caddylab._machine.steady import in_thread

T = TypeVar("T")

NAME = "caddylab-deed"
WAKING = 0.5
"""Seconds after which a wait is begun anew: on Windows, Ctrl-C cannot interrupt one."""


def undisturbed(work: Callable[[], T]) -> T:
    """Do `work`, and return or raise what it does.

    Raises:
        KeyboardInterrupt: Stop was pressed; `work` goes on to its end.
    """
    if threading.current_thread() is not threading.main_thread():
        return work()  # no other thread is ever interrupted
    job = _Job(work)
    _begin(job.do)
    return cast("T", job.outcome())


class Line:
    """Does work undisturbed, one piece at a time and in the order in which it was asked for.

    The order holds after Stop, too: work asked for earlier is done earlier.
    """

    def __init__(self) -> None:
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._lock = threading.RLock()
        self._at_work: int | None = None

    def do(self, work: Callable[[], T]) -> T:
        """Do `work` when everything before it is done, and return or raise what it does.

        Raises:
            KeyboardInterrupt: Stop was pressed; `work` comes to its end, or never begins.
        """
        if self._at_work == threading.get_ident():
            return work()  # it is part of the work being done
        job = _Job(work)
        try:
            self._jobs.put(job)
            if threading.current_thread() is threading.main_thread():
                _begin(self._do_all)
            else:
                self._do_all()
        except BaseException:
            job.dropped = True  # unless it has begun
            raise
        return cast("T", job.outcome())

    def do_if_free(self, work: Callable[[], object]) -> None:
        """Do `work`, unless something else is being done or waits."""
        if self._jobs.empty() and self._lock.acquire(blocking=False):
            try:
                self._working(work)
            finally:
                self._lock.release()

    def wait(self) -> None:
        """Return when all that was asked for is done."""
        self.do(lambda: None)

    def _do_all(self) -> None:
        with self._lock, contextlib.suppress(queue.Empty):
            while True:
                self._working(self._jobs.get_nowait().do)

    def _working(self, work: Callable[[], object]) -> None:
        before, self._at_work = self._at_work, threading.get_ident()
        try:
            work()
        finally:
            self._at_work = before


class _Job:
    """A piece of work, and what came of it."""

    def __init__(self, work: Callable[[], Any]) -> None:
        self._work = work
        self._outcome: queue.SimpleQueue[tuple[Any, BaseException | None]] = queue.SimpleQueue()
        self.dropped = False

    def do(self) -> None:
        """Do it; called once, on any thread."""
        if self.dropped:
            return
        try:
            self._outcome.put((self._work(), None))
        except BaseException as error:
            self._outcome.put((None, error))

    def outcome(self) -> Any:
        """Wait for it: what the work returned or raised."""
        result, error = self._wait()
        try:
            if error is not None:
                raise error
            return result
        finally:
            del error  # its traceback holds this frame

    def _wait(self) -> tuple[Any, BaseException | None]:
        while True:
            with contextlib.suppress(queue.Empty):
                return self._outcome.get(timeout=WAKING)


def _begin(target: Callable[[], None]) -> None:
    """Do it on a thread of its own, where there can be one."""
    try:
        in_thread(NAME, target)
    except RuntimeError:  # Python is about to exit and begins no thread any more
        target()
