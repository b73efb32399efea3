"""Cell magics, and the lab that they work on."""

from __future__ import annotations

import weakref
from keyword import iskeyword
from typing import Protocol

from caddylab._errors import LabError
from caddylab._look.progress_bar import shell


class Current(Protocol):
    """What the magics need from a lab."""

    def load(self, caddyfile: str, *, warn: bool = True) -> object:
        """Put a Caddyfile in force."""

    def check(self, task: str, caddyfile: str) -> None:
        """Check an exercise."""


WITHOUT = "--no-warnings"
_open: list[weakref.ref[Current]] = []


def adopt(lab: Current) -> None:
    """Make this the lab that cell magics work on, until it is closed."""
    _open.append(weakref.ref(lab))


def dismiss(lab: Current) -> None:
    """The lab is closed: the one before it is current again."""
    _open[:] = [known for known in _open if known() not in (None, lab)]


def current() -> Current:
    """The latest lab that is open.

    Raises:
        LabError: there is none.
    """
    alive = [lab for known in _open if (lab := known())]
    if not alive:
        raise LabError("There is no lab: run a cell with `lab = Lab()` first.")
    return alive[-1]


def register() -> None:
    """Register `%%caddyfile` and `%%check`, if IPython runs."""
    if ipython := shell():
        ipython.register_magic_function(caddyfile, "cell")
        ipython.register_magic_function(check, "cell")


def caddyfile(line: str, cell: str) -> object:
    """`%%caddyfile`: load the cell's text into the lab.

    `%%caddyfile NAME` gives the text this name, too; `--no-warnings` holds the warnings back, and
    `lab.warnings` shows them.

    Raises:
        LabError: the line says something else.
    """
    names = line.split()
    warn = WITHOUT not in names
    names = [name for name in names if name != WITHOUT]
    if len(names) > 1 or any(not name.isidentifier() or iskeyword(name) for name in names):
        raise LabError(
            f"%%caddyfile was given {line.strip()!r}; expected nothing, a name for the text, "
            f"such as `%%caddyfile mine`, or {WITHOUT}."
        )
    loaded = current().load(cell, warn=warn)
    shell().user_ns.update(dict.fromkeys(names, cell))
    return loaded


def check(line: str, cell: str) -> None:
    """`%%check 02.1`: check an exercise with the cell's text as its Caddyfile."""
    current().check(line.strip(), cell)
