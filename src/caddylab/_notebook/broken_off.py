"""What a notebook shows of a cell that was stopped, or that needs a cell which was skipped.

Python's own traceback for either is taller than the screen, and tells a learner nothing.
"""

from __future__ import annotations

import traceback
from types import FrameType, TracebackType
from typing import Any

from caddylab._look.progress_bar import shell

STOPPED = "Stopped."


def register() -> None:
    """Register the handlers with IPython, unless somebody else has registered one."""
    ipython = shell()
    if ipython and not ipython.custom_exceptions:
        ipython.set_custom_exc((KeyboardInterrupt, NameError), _show)


def _show(
    ipython: Any,
    kind: type[BaseException],
    error: BaseException,
    trace: TracebackType,
    tb_offset: int | None = None,
) -> list[str]:
    lines = _lines(error, trace, ipython.user_global_ns)
    if lines is None:
        lines = ipython.InteractiveTB.structured_traceback(kind, error, trace, tb_offset=tb_offset)
    ipython._showtraceback(kind, error, lines)
    return lines


def _lines(error: BaseException, trace: TracebackType, cells: dict[str, Any]) -> list[str] | None:
    """Our words; None where Python's own are better."""
    if isinstance(error, KeyboardInterrupt):
        return [str(error) or STOPPED]
    frame, line = list(traceback.walk_tb(trace))[-1]
    if type(error) is NameError and _is_cell(frame, cells):
        return [*traceback.format_exception_only(error), _advice(error, line)]
    return None


def _is_cell(frame: FrameType, cells: dict[str, Any]) -> bool:
    return frame.f_globals is cells


def _advice(error: NameError, line: int) -> str:
    return (
        f"Line {line} of this cell needs `{error.name}`, which no cell has made yet. If a cell "
        "above makes it, run that one first (Run → Run All Above Selected Cell); else look at its "
        "spelling."
    )
