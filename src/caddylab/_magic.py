"""Cell magics, and the lab that they work on."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from caddylab._errors import LabError
from caddylab._progress import shell

if TYPE_CHECKING:
    from caddylab._lab import Lab

_current: weakref.ref[Lab] | None = None


def adopt(lab: Lab) -> None:
    """Make this the lab that cell magics work on."""
    global _current
    _current = weakref.ref(lab)


def current() -> Lab:
    """The lab made last.

    Raises:
        LabError: there is none.
    """
    lab = _current() if _current else None
    if lab is None:
        raise LabError("There is no lab yet: run a cell with `lab = Lab()` first.")
    return lab


def register() -> None:
    """Make `%%caddyfile` and `%%check` known where IPython runs."""
    if ipython := shell():
        ipython.register_magic_function(caddyfile, "cell")
        ipython.register_magic_function(check, "cell")


def caddyfile(line: str, cell: str) -> object:
    """`%%caddyfile`: load the cell's text into the lab."""
    return current().load(cell)


def check(line: str, cell: str) -> None:
    """`%%check 02.1`: check an exercise with the cell's text as its Caddyfile."""
    current().check(line.strip(), cell)
