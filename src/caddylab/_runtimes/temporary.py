"""Where a lab's files can be: on a path that sockets and Caddy accept, on a disk with room."""

from __future__ import annotations

import contextlib
import errno
import math
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from caddylab._errors import CaddylabError, LabError, StartFailed

UNIX = hasattr(os, "getuid")
LONGEST = 107 if sys.platform.startswith("linux") else 103
"""Bytes that the path of a unix socket may have."""

BELOW = "/caddylab-{}/01234567/podman.sock"
"""The longest path of a socket below the folder for temporary files."""

NEEDED = 192 * 1024
"""Bytes that a lab writes before it is ready, with some to spare."""

PLENTY = 16 * NEEDED
"""With so many free bytes, this disk was not the full one, whatever has been removed since."""

_ODD = re.compile(r"[{}|#?%\x00-\x1f\ud800-\udfff]")
"""Caddy reads placeholders, and modes after a bar; Podman reads an address."""

FULL = "The disk is full"
_FULL = {errno.ENOSPC, errno.EDQUOT}
_FULL_IN_WORDS = ("no space left on device", "disk quota exceeded")


def temporary() -> Path:
    """The folder for temporary files, or else the first usual one that a lab can use.

    Raises:
        LabError: a lab can use none of them; the message says what to set.
    """
    asked = _asked()
    for folder in (asked, *usual_folders()):
        if _fits(folder):
            return Path(folder)
    raise LabError(
        f"No lab can lie in {asked}: the path is too long for a socket, or has a character that "
        f"Caddy reads as its own. Please set TMPDIR to a folder of yours whose path has at most "
        f"{_most()} characters, and none of {{ }} | # ? %."
    )


def need_room() -> None:
    """Check that a lab can be started, before anything is written.

    Raises:
        StartFailed: the disk is full.
    """
    folder = temporary()
    if _free(folder) < NEEDED:
        raise StartFailed(_no_room(folder))


def log_trouble(path: Path, place: str) -> str:
    """Why nothing can be added to the log at `path`, if the disk is full; else nothing."""
    return f"{FULL}: Caddy could not write its log in {place}" if _free(path) < 1 else ""


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Turn a full disk, or whatever the system refuses during a start, into an error of ours.

    Raises:
        StartFailed: the disk is full, or a file cannot be written.
    """
    try:
        yield
    except (CaddylabError, OSError) as error:
        if _is_full(error) and not str(error).startswith(FULL):  # else it was reported
            raise StartFailed(_where(error)) from error
        if isinstance(error, OSError):
            raise StartFailed(f"The lab could not be started: {error}.") from error
        raise


def _is_full(error: BaseException) -> bool:
    """Whether this error, or its cause, reports a full disk."""
    if isinstance(error, OSError) and error.errno in _FULL:
        return True
    if any(words in str(error).lower() for words in _FULL_IN_WORDS):
        return True
    before = error.__cause__ or error.__context__
    return before is not None and _is_full(before)


def _where(error: Exception) -> str:
    """Which disk is full: ours, or another, such as the one with Podman's images."""
    folder = temporary()
    if _free(folder) < PLENTY:
        return _no_room(folder)
    why = str(error).partition("\n")[0].rstrip(".")
    return (
        f"{FULL}, and not in {folder}: {why}. Delete something on it; for containers "
        "`podman system prune` makes room."
    )


def _free(path: Path) -> float:
    with contextlib.suppress(OSError):  # whoever writes there reports why
        return shutil.disk_usage(path).free
    return math.inf


def _no_room(folder: Path) -> str:
    return (
        f"{FULL}: a lab's files have no room in {folder}; delete something there, or "
        "set TMPDIR to a folder on another disk and restart the kernel."
    )


def _asked() -> str:
    try:
        return tempfile.gettempdir()
    except FileNotFoundError as error:
        raise LabError(
            "No folder for temporary files can be written to; perhaps the disk is full. Delete "
            "something, or set TMPDIR to a folder of yours on another disk."
        ) from error


def usual_folders() -> Iterator[str]:
    """The usual folders for temporary files that can be written to."""
    folders = ["/tmp", "/var/tmp", os.environ.get("XDG_RUNTIME_DIR", "")] if UNIX else []
    for folder in filter(None, folders):
        if os.path.isdir(folder) and os.access(folder, os.W_OK | os.X_OK):
            yield folder


def _fits(folder: str) -> bool:
    return not _ODD.search(folder) and len(os.fsencode(folder)) <= _most()


def _most() -> int:
    return LONGEST - len(BELOW.format(os.getuid())) if UNIX else sys.maxsize
