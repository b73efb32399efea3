"""A line under every cell, since a display further up scrolls away while one works."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from caddylab._look import progress_bar


def after_each_cell(say: Callable[[], str | None]) -> None:
    """Print under each cell that is run from now on, where IPython runs.

    Args:
        say: what to print; None ends it.
    """
    ipython = progress_bar.shell()
    if ipython is None:
        return

    def told(*_: Any) -> None:
        if (text := say()) is not None:
            progress_bar.say(text)
        else:
            ipython.events.unregister("post_run_cell", told)

    ipython.events.register("post_run_cell", told)
