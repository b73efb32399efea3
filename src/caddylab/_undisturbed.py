"""Work that Stop cannot break off in its middle.

A notebook's Stop raises KeyboardInterrupt between any two steps of the main thread. What must not
be left half done, such as starting a backend and noting that it runs, is done on a thread of its
own: Stop ends the waiting for it, and it comes to its end all the same.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Any, TypeVar, cast

T = TypeVar("T")
Outcome = queue.SimpleQueue[tuple[Any, BaseException | None]]
"""What came of the work: what it returned, or the error that it raised."""

NAME = "caddylab-deed"
WAKING = 0.5
"""Seconds after which a wait is begun anew: on Windows, Ctrl-C cannot end one."""


def undisturbed(work: Callable[[], T]) -> T:
    """Do `work`, and return or raise what it does.

    Raises:
        KeyboardInterrupt: Stop was pressed; `work` goes on to its end.
    """
    if threading.current_thread() is not threading.main_thread():
        return work()  # no other thread is ever interrupted
    outcome: Outcome = queue.SimpleQueue()
    try:
        threading.Thread(target=_report, args=(work, outcome), name=NAME, daemon=True).start()
    except RuntimeError:  # Python is about to exit and begins no thread any more
        return work()
    result, error = _next(outcome)
    try:
        if error is not None:
            raise error
        return cast("T", result)
    finally:
        del error  # its traceback holds this frame


def _report(work: Callable[[], Any], outcome: Outcome) -> None:
    try:
        outcome.put((work(), None))
    except BaseException as error:
        outcome.put((None, error))


def _next(outcome: Outcome) -> tuple[Any, BaseException | None]:
    while True:
        with contextlib.suppress(queue.Empty):
            return outcome.get(timeout=WAKING)
