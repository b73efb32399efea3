"""A learner's small notes in a JSON file beside the notebook."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any


def read(path: Path) -> dict[str, Any]:
    """What the file holds; nothing if there is none, or none that can be read."""
    with contextlib.suppress(OSError, ValueError):
        found = json.loads(path.read_text("utf-8"))
        if isinstance(found, dict):
            return found
    return {}


def update(path: Path, news: dict[str, Any]) -> None:
    """Add to the file, in one step, so that nobody ever reads half of it.

    In a folder where nothing can be written nothing is kept, and nobody is disturbed.
    """
    text = json.dumps(read(path) | news, ensure_ascii=False, indent=1)
    with contextlib.suppress(OSError):
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}")
        with open(handle, "w", encoding="utf-8") as file:
            file.write(text + "\n")
        os.replace(name, path)
