"""Gives the space of a growing file that has already been read back to the disk.

The file keeps its length, so that every offset stays true, and its writer never notices: what was
read becomes a hole. Where the system cannot do that, the file goes on growing.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys

STEP = 16 * 2**20
"""Bytes that may be read before their room is given back."""

_KEEP_SIZE, _PUNCH_HOLE = 1, 2


class Spent:
    """Remembers up to where a file's space has been given back."""

    def __init__(self) -> None:
        self._until = 0
        self._able = sys.platform.startswith("linux") and sys.maxsize > 2**32

    def due(self, offset: int) -> bool:
        """Whether enough has been read for this to be worthwhile."""
        return self._able and offset - self._until >= STEP

    def read_until(self, path: os.PathLike[str], offset: int) -> None:
        """Give back everything before `offset`, which has been read and is not needed again."""
        if self.due(offset):
            self._until = offset
            with contextlib.suppress(OSError):
                self._able = _punch(path, offset)


def _punch(path: os.PathLike[str], length: int) -> bool:
    call = ctypes.CDLL(None, use_errno=True).fallocate
    call.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_longlong, ctypes.c_longlong)
    with open(path, "r+b") as file:
        done: int = call(file.fileno(), _PUNCH_HOLE | _KEEP_SIZE, 0, length)
    return done == 0
