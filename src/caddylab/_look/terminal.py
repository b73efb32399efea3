"""What a terminal can show: characters that it lacks are replaced by others."""

from __future__ import annotations

import io
import sys
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
