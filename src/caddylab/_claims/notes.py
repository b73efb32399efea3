"""A learner's small notes in a JSON file beside the notebook: names and answers, all text."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

from caddylab._machine import files

MOST = 10_000_000
"""Bytes; more are no small notes."""


def read(path: Path) -> dict[str, str]:
    """The content of the file; empty if there is none, or if it cannot be read."""
    from pydantic import TypeAdapter  # here: it takes 0.2 s

    with contextlib.suppress(OSError, ValueError):
        found = TypeAdapter(dict[str, str | None]).validate_json(files.read(path, MOST))
        return {name: text for name, text in found.items() if text is not None}
    return {}


def update(path: Path, news: dict[str, str]) -> None:
    """Add to the file, in one step, so that nobody ever reads half of it.

    In a folder that cannot be written to, nothing is kept and no error is raised.
    """
    text = json.dumps(read(path) | news, ensure_ascii=False, indent=1)
    with contextlib.suppress(OSError, ValueError):
        files.write(path, f"{text}\n".encode(errors="replace"))
