"""Keeps the interpreter out of the engine's way while it sends.

In a notebook with pandas and Altair a full garbage collection stops every thread for 150 ms,
and a busy cell keeps the interpreter for 5 ms at a time: at 500 requests/s either alone makes
more than one request in a hundred leave late.
"""

from __future__ import annotations

import gc
import sys
import threading

SWITCH_INTERVAL = 0.0001

_lock = threading.Lock()
_holders = 0
_before = (False, 0.0)


def hold() -> None:
    """Suspend cyclic garbage collection and let threads take turns quickly, until `release`."""
    global _holders, _before
    with _lock:
        if _holders == 0:
            _before = gc.isenabled(), sys.getswitchinterval()
            gc.disable()
            sys.setswitchinterval(SWITCH_INTERVAL)
        _holders += 1


def release() -> None:
    """Undo `hold`, once this has been called as often as `hold`."""
    global _holders
    with _lock:
        _holders -= 1
        if _holders == 0:
            collecting, interval = _before
            sys.setswitchinterval(interval)
            if collecting:
                gc.enable()
