"""What a terminal can show: characters that it lacks are replaced by others."""

from __future__ import annotations

import io
import os
import sys

TYPE_CHECKING = False  # this is imported before anything can be done about Ctrl-C: be quick
if TYPE_CHECKING:
    from typing import TextIO

STERN = ("strict", "surrogateescape")
"""The error handlers of a stream that raises for characters it lacks; the second: locale C."""


def show_what_it_can() -> None:
    """Make sure that no text of ours ends a script with a `UnicodeEncodeError` from now on."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors in STERN:
            stream.reconfigure(errors="replace")


def shows(stream: TextIO, text: str) -> bool:
    """Whether a stream has every character of a text."""
    try:
        text.encode(getattr(stream, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def fitting(line: str, stream: TextIO) -> str:
    """A line, cut off where the terminal ends: one that is broken there cannot be drawn over."""
    try:
        columns = os.get_terminal_size(stream.fileno()).columns
    except OSError:  # nobody tells how wide it is
        return line
    return line[: columns - 1] if columns else line
