"""The name of a backend: the one in its Caddyfile, or else one made of its number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count

from caddylab._records import NAME_SERVER

Names = Mapping[int, str]
"""The names of backends that have one of their own, by number."""
LONGEST = 26
"""How many letters of a name fit into a picture."""

_NOW: ContextVar[Names | None] = ContextVar("names", default=None)


def called(number: int, names: Names | None = None) -> str:
    """The name of a backend, or of the name server.

    Args:
        number: from 1, or `NAME_SERVER`.
        names: the names in its lab; by default, those in the picture being drawn.
    """
    known = (_NOW.get() or {}) if names is None else names
    return known.get(number, "the name server" if number == NAME_SERVER else f"backend {number}")


def named() -> list[str]:
    """The backends' own names in the picture being drawn."""
    return list((_NOW.get() or {}).values())


@contextmanager
def by(names: Names) -> Iterator[None]:
    """Use these names for backends in everything that is drawn during the block."""
    before = _NOW.set(names)
    try:
        yield
    finally:
        _NOW.reset(before)


def short(names: Mapping[int, list[str]]) -> dict[int, str]:
    """One short name for each backend, which no other has.

    Args:
        names: every name of each backend, by its number.
    """
    found: dict[int, str] = {}
    for number, own in names.items():
        more = f" +{len(own) - 1}" if len(own) > 1 else ""
        whole = f"{_cut(own[0], LONGEST - len(more))}{more}"
        tries = (whole if n == 1 else f"{_cut(whole, LONGEST - 4)} ({n})" for n in count(1))
        found[number] = next(name for name in tries if name not in found.values())
    return found


def _cut(name: str, most: int) -> str:
    """Shorten a name in its middle: names tend to differ at their ends."""
    return name if len(name) <= most else f"{name[: most // 2 - 1]}…{name[most // 2 - most :]}"
