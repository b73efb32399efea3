"""A lab's messages while it works: in a notebook, in a terminal, or not at all."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from caddylab._look.terminal import fitting, show_what_it_can, shows

PATIENCE = 1.0
"""Seconds before a progress bar appears."""


def say(text: str) -> None:
    """One message to the reader; in a notebook, whose text cannot show code, without backticks."""
    show_what_it_can()
    print(text.replace("`", "") if in_notebook() else text, flush=True)


def show(thing: object) -> None:
    """Something that a notebook shows better than its text."""
    if not in_notebook():
        return say(repr(thing))
    from IPython.display import display

    display(thing)  # type: ignore[no-untyped-call]
    return None


def countdown(condition: Callable[[], object], timeout: float, what: str) -> bool:
    """Wait for a condition, with a bar that shows the time left; False when that is used up."""
    began = time.monotonic()
    with Bar() as bar:
        while not condition():
            passed = time.monotonic() - began
            if passed > timeout:
                return False
            told = f"{what or 'waiting'}: {passed:.0f} s of at most {timeout:.0f}"
            bar.show(passed / timeout, told)
            time.sleep(0.02)
    return True


class Bar:
    """A progress bar that appears after a second and vanishes at the end."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._shown = 0.0
        self._handle: Any = None

    def show(self, share: float, label: str) -> None:
        """Draw it, at most five times a second."""
        now = time.monotonic()
        if now - self._began > PATIENCE and now - self._shown > 0.2:
            self._shown = now
            self._draw(min(1.0, share), label)

    def announce(self, label: str) -> None:
        """Announce something that will take an unknown time."""
        self._display(f'<progress aria-label="{label}"></progress> {label}', label)

    def clear(self) -> None:
        """Make room for a line of text; the bar comes back with the next `show`."""
        if self._handle is None and self._shown and sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def _draw(self, share: float, label: str) -> None:
        if in_notebook():
            html = f'<progress value="{share:.3f}" aria-label="{label}"></progress> {label}'
            self._display(html, label)
        elif sys.stderr.isatty():
            done = round(30 * share)
            full, empty = "█░" if shows(sys.stderr, "█░") else "#."
            line = f"{full * done}{empty * (30 - done)} {label}"
            sys.stderr.write(f"\r{fitting(line, sys.stderr)}\x1b[K")
            sys.stderr.flush()

    def _display(self, html: str, label: str) -> None:
        from IPython.display import display

        bundle = {"text/html": html, "text/plain": label}
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(bundle, raw=True)

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *error: object) -> None:
        if self._handle is not None:
            self._handle.update({"text/html": "", "text/plain": ""}, raw=True)
        elif self._shown and sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")


@contextmanager
def coming(what: str) -> Iterator[None]:
    """Say in a notebook that something is coming, if it takes longer than a second."""
    if not in_notebook():
        yield
        return
    bar = Bar()
    soon = threading.Timer(PATIENCE, lambda: bar.announce(what))
    soon.daemon = True
    soon.start()
    try:
        yield
    finally:
        soon.cancel()
        soon.join()
        bar.__exit__()


def in_notebook() -> bool:
    """Whether a Jupyter kernel runs us."""
    return hasattr(shell(), "kernel")


def shell() -> Any:
    """IPython's shell, where there is one."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None
