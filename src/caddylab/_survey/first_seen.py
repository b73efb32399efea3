"""A table of what was seen, where, and after how many seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from caddylab._errors import FaultError
from caddylab._look.html_table import Markup, element, row
from caddylab._look.palette import COLOURS, ERROR

NOWHERE = "–"
SEEN, UNSEEN = COLOURS[0], ERROR
CELL = "text-align:left;padding:.3em .7em"


class FirstSeen:
    """Rows of things that happen, columns of places where they may be seen.

    Args:
        columns: the places.
        rows: by what happened and by place, after how many seconds it was seen; or not at all.
    """

    def __init__(self, columns: Sequence[str], rows: Mapping[str, Mapping[str, float]]) -> None:
        self._columns, self._rows = tuple(columns), rows

    def __getitem__(self, where: tuple[str, str]) -> float | None:
        """Seconds until something was seen in a place; None if it was not.

        Raises:
            FaultError: there is no such thing, or no such place.
        """
        what, place = where
        self._need(place)
        if what not in self._rows:
            raise FaultError(f"There is no row {what!r}: expected {', '.join(self._rows)}.")
        return self._rows[what].get(place)

    def unseen(self, place: str) -> list[str]:
        """What was not seen in a place.

        Raises:
            FaultError: there is no such place.
        """
        self._need(place)
        return [what for what, seen in self._rows.items() if place not in seen]

    def _need(self, place: str) -> None:
        if place not in self._columns:
            raise FaultError(f"There is no column {place!r}: expected {', '.join(self._columns)}.")

    def _told(self) -> list[list[str]]:
        return [
            [what, *(_words(seen.get(place)) for place in self._columns)]
            for what, seen in self._rows.items()
        ]

    def __repr__(self) -> str:
        rows = [["", *self._columns], *self._told()]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join("   ".join(map(str.ljust, line, widths)).rstrip() for line in rows)

    def _repr_html_(self) -> str:
        told = f"After how many seconds it was seen; {NOWHERE} = not at all"
        caption = element("caption", element("b", told), style=CELL)
        heads = [element("th", name, scope="col", style=CELL) for name in ("", *self._columns)]
        rows = (
            [element("th", what, scope="row", style=CELL), *map(_cell, found)]
            for what, *found in self._told()
        )
        return element("table", caption, row(heads), *map(row, rows))


def _words(seconds: float | None) -> str:
    return NOWHERE if seconds is None else f"{seconds:.1f} s"


def _cell(said: str) -> Markup:
    tint = UNSEEN if said == NOWHERE else SEEN
    # The eighth of the colour lets the page's own ink be read on it, light or dark.
    return element("td", said, style=f"{CELL};white-space:nowrap;background:{tint}20")
