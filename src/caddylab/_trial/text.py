"""What a rehearsal looks like in a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from textwrap import wrap

from caddylab._trial.seen import Seen

LEGEND = "✓ all were served quickly · ◐ some waited or went without · ✗ nobody was served"
HEAD = ("what happens", "answered", "what the others saw", "slowest")
WIDTHS = (28, 21, 20, 7)
COMPARED = (28, 24, 24)
WIDTH = 79
HARD = "\u00a0"
"""A space at which no line is broken: "4 × 502" stays together."""


def head(names: Sequence[str] = HEAD, widths: Sequence[int] = WIDTHS) -> str:
    """The table's heading, with a line below it."""
    return f"{row(names, widths)}\n{'─' * (sum(widths) + len(widths) - 1)}"


def line(seen: Seen) -> str:
    """A row of the table; text that does not fit continues below."""
    slowest = f"{seen.slowest:.2f}{HARD}s" if seen.total else ""
    return row((f"{seen.sign}{HARD}{seen.row}", seen.answered, seen.words, slowest), WIDTHS)


def table(rows: Iterable[Seen]) -> str:
    """The whole of it."""
    return "\n".join([head(), *map(line, rows), LEGEND])


def compared(before: Iterable[Seen], after: Iterable[Seen]) -> str:
    """Two runs of the same rows beside each other."""
    lines = [head(("with all of them", "before", "after"), COMPARED)]
    for one, other in zip(before, after, strict=True):
        lines.append(row((other.row, short(one), short(other)), COMPARED))
    return "\n".join(lines)


def short(seen: Seen) -> str:
    """What users saw, in a few words."""
    words = f" {_kept(seen.words)}" if seen.words else ""
    return f"{seen.sign}{HARD}{seen.good}/{seen.total}{words}"


def row(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Cells beside each other, each broken where it is too wide."""
    broken = [_broken(cell, width) for cell, width in zip(cells, widths, strict=True)]
    lines = zip_longest(*broken, fillvalue="")
    return "\n".join(
        " ".join(part.ljust(width) for part, width in zip(parts, widths, strict=True)).rstrip()
        for parts in lines
    )


def paragraph(text: str, indent: str = "") -> str:
    """A sentence or more, broken at the width of a terminal."""
    return "\n".join(wrap(
        text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False,
        break_on_hyphens=False,
    ))  # fmt: skip


def _broken(cell: str, width: int) -> list[str]:
    lines = wrap(_kept(cell), width, break_on_hyphens=False)
    return [part.replace(HARD, " ") for part in lines] or [""]


def _kept(words: str) -> str:
    """A list of findings that is broken only between two of them."""
    return (
        ", ".join(part.replace(" ", HARD) for part in words.split(", "))
        if "," in words or "×" in words
        else words
    )
