"""Pressing Stop while something is going on."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable

from caddylab._machine.waiting import poll


def stop_when(condition: Callable[[], object], deed: Callable[[], object]) -> bool:
    """Do `deed` on the main thread and press Stop once `condition` holds; was it in time?"""
    over = threading.Event()

    def press() -> None:
        if poll(lambda: over.is_set() or condition(), 20) and not over.is_set():
            os.kill(os.getpid(), signal.SIGINT)

    return _interrupted(press, deed, over)


def stop_after(seconds: float, deed: Callable[[], object]) -> bool:
    """Do `deed` on the main thread and press Stop after `seconds`; was it in time?"""
    over = threading.Event()

    def press() -> None:
        if not over.wait(seconds):
            os.kill(os.getpid(), signal.SIGINT)

    return _interrupted(press, deed, over)


def _interrupted(
    press: Callable[[], None], deed: Callable[[], object], over: threading.Event
) -> bool:
    thread = threading.Thread(target=press)
    done = False
    try:
        try:
            thread.start()
            deed()
            done = True
        finally:
            over.set()
            thread.join()
            time.sleep(0)  # a Stop at the very end is raised here
    except KeyboardInterrupt:
        pass
    return not done
