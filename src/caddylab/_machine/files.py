"""Files that somebody else may have made, and files that must be whole or not there."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path

NEVER_WAIT = getattr(os, "O_NONBLOCK", 0)
"""A path may name a pipe with nobody at its other end; do not wait for one."""


def read(path: Path, most: int | None = None) -> bytes:
    """The content of a file; at most its first `most` bytes.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not a regular file: a pipe, say, could keep us waiting for ever.
    """
    found = path.stat()
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(21, "Is a directory", str(path))
    if not stat.S_ISREG(found.st_mode):
        raise ValueError(f"{path} is no file")
    with path.open("rb") as file:
        return file.read(-1 if most is None else most)


def write(path: Path, content: bytes) -> None:
    """Write a file in one step, so that nobody ever finds half of it, not even on a full disk.

    Raises:
        OSError, ValueError: it cannot be written; the previous content is kept.
    """
    if path.exists() and not path.is_file():
        with open(os.open(path, os.O_WRONLY | NEVER_WAIT), "wb") as special:
            special.write(content)
        return
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}"[:100])
    try:
        with open(handle, "wb") as file:
            file.write(content)
        os.chmod(name, 0o666 & ~_umask())  # mkstemp makes it private
        os.replace(name, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def reason(error: Exception) -> str:
    """Why a file could not be read or written, in words."""
    return getattr(error, "strerror", None) or str(error)


def _umask() -> int:
    mask = os.umask(0o22)  # the umask can only be read by setting it
    os.umask(mask)
    return mask
