"""The table of a rehearsal for a terminal."""

from __future__ import annotations

from collections.abc import Iterable

from caddylab._trial.seen import Seen

LEGEND = "✓ all users were served quickly · ◐ some waited or went without · ✗ nobody was served"
HEAD = ("what happens", "answered", "what the others saw", "slowest")
WIDTHS = (40, 24, 34, 8)


def head() -> str:
    """The table's heading, with a line below it."""
    words = _line(HEAD)
    return f"{words}\n{'─' * len(words)}"


def line(seen: Seen) -> str:
    """A row of the table."""
    slowest = f"{seen.slowest:.2f} s" if seen.total else ""
    return _line((f"{seen.sign} {seen.row}", seen.answered, seen.words, slowest))


def table(rows: Iterable[Seen]) -> str:
    """The whole of it."""
    return "\n".join([head(), *map(line, rows), LEGEND])


def _line(cells: Iterable[str]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, WIDTHS, strict=True))
    return " ".join(padded).rstrip()
