"""A program that Ctrl-C finds either not begun or in the hands of who began it."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Sequence
from typing import Any


def spawned(command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
    """Start a program, as `subprocess.Popen` does with these options.

    An interrupt that comes after the program has begun and before anybody holds it would leave it
    to itself, so it is put off until then.

    Raises:
        KeyboardInterrupt: Ctrl-C was pressed meanwhile; the program has been ended.
    """
    if threading.current_thread() is not threading.main_thread():
        return subprocess.Popen(command, **options)  # no other thread is ever interrupted
    interrupts: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, frame: interrupts.append(number))
    try:
        process = subprocess.Popen(command, **options)
    finally:
        signal.signal(signal.SIGINT, before or signal.default_int_handler)
    if interrupts:
        process.kill()
        process.communicate()
        raise KeyboardInterrupt
    return process
