"""An event loop whose timers are exact to some tens of microseconds.

asyncio asks epoll, whose timeouts are whole milliseconds rounded up: at 500 requests/s every
request would leave up to a millisecond late. `select` counts in microseconds, and an epoll
object can itself be selected on.
"""

from __future__ import annotations

import asyncio
import contextlib
import select
import selectors
import sys

_MANY_FILES = 20_000

if sys.platform == "linux":
    _MOST_SELECTABLE = 1024
    """`select` cannot look at file descriptors from this number on."""

    class _ExactSelector(selectors.EpollSelector):
        def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
            if timeout is None or timeout <= 0 or self.fileno() >= _MOST_SELECTABLE:
                return super().select(timeout)
            if timeout > 0.1:
                # One system call for the long waits; waking early without an event is harmless.
                return super().select(timeout - 0.05)
            select.select([self.fileno()], [], [], timeout)
            return super().select(0)


def new_event_loop() -> asyncio.AbstractEventLoop:
    """A loop for the engine's thread: exact on Linux, the platform's own loop elsewhere."""
    if sys.platform == "linux":
        return asyncio.SelectorEventLoop(_ExactSelector())
    return asyncio.new_event_loop()


def raise_open_files_limit() -> None:
    """Let this process open as many files as it may: every connection is one."""
    if sys.platform != "win32":
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = _MANY_FILES if hard == resource.RLIM_INFINITY else min(hard, _MANY_FILES)
        if soft != resource.RLIM_INFINITY and soft < wanted:
            with contextlib.suppress(ValueError, OSError):  # macOS has a lower limit of its own
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
