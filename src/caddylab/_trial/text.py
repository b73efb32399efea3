"""What a rehearsal looks like in a terminal of 80 columns, or of more."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from textwrap import wrap

from caddylab._trial.seen import Seen, late

LEGEND = "✓ all were served quickly · ◐ some waited or went without · ✗ nobody was served"
FELT = "slow: answered, but after more than {late:g} s · gave up: no answer within {patience:g} s"
OWN = "of Caddy's own"
CADDYS = f"{OWN}: Caddy wrote the answer itself; a bare 500 came from an upstream"
HEAD = ("what happens", "answered", "what the others saw", "slowest")
WIDTHS = (27, 21, 21, 7)
"""Of the columns in a terminal of 80."""
MOST = (41, 40, 60, 7)
"""What they never need more than."""
COMPARED, MOST_COMPARED = (27, 25, 25), (39, 50, 50)
USUAL = 80
WIDTH = USUAL - 1
HARD = "\u00a0"
"""A space at which no line is broken: "4 × 502" stays together."""


def terminal() -> int:
    """How many columns there are to write in: those of the terminal, but at least 80."""
    return max(USUAL, shutil.get_terminal_size().columns)


def head(columns: int = USUAL) -> str:
    """The table's heading, with a line below it."""
    return _head(HEAD, _widths(WIDTHS, MOST, columns))


def line(seen: Seen, columns: int = USUAL) -> str:
    """A row of the table; text that does not fit continues below."""
    widths, name = _widths(WIDTHS, MOST, columns), f"{seen.sign}{HARD}{seen.row}"
    if seen.trouble:
        return row((name, seen.trouble), (widths[0], sum(widths[1:]) + len(widths) - 2))
    slowest = f"{seen.slowest:.2f}{HARD}s" if seen.total else ""
    cells = _kept(seen.answered, widths[1]), _kept(seen.words, widths[2])
    return row((name, *cells, slowest), widths)


def table(rows: Iterable[Seen]) -> str:
    """The whole of it."""
    known = list(rows)
    return "\n".join([head(), *map(line, known), legend(known)])


def legend(rows: Iterable[Seen], between: str = "\n") -> str:
    """What the signs and words of these rows mean, with this between the sentences."""
    known = list(rows)
    patience = max((seen.patience for seen in known), default=0.0)
    own = any(OWN in error for seen in known for error in seen.errors)
    felt = FELT.format(late=late(patience), patience=patience)
    return between.join([LEGEND, felt, *([CADDYS] if own else [])])


def compared(before: Iterable[Seen], after: Iterable[Seen], columns: int = USUAL) -> str:
    """Two runs of the same rows beside each other."""
    widths = _widths(COMPARED, MOST_COMPARED, columns)
    lines = [_head(("with all of them", "before", "after"), widths)]
    for one, other in zip(before, after, strict=True):
        lines.append(row((other.row, short(one, widths[1]), short(other, widths[2])), widths))
    return "\n".join(lines)


def short(seen: Seen, width: int = USUAL) -> str:
    """What users saw, in a few words, for a column so wide."""
    if seen.trouble:
        return f"{seen.sign} not tried"
    words = f" {_kept(seen.words, width)}" if seen.words else ""
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


def _head(names: Sequence[str], widths: Sequence[int]) -> str:
    return f"{row(names, widths)}\n{'─' * (sum(widths) + len(widths) - 1)}"


def _widths(least: Sequence[int], most: Sequence[int], columns: int) -> list[int]:
    """What a terminal has room for: the first columns get what they need before the others."""
    room, found = columns - USUAL, list[int]()
    for narrow, wide in zip(least, most, strict=True):
        more = max(0, min(room, wide - narrow))
        found.append(narrow + more)
        room -= more
    return found


def _broken(cell: str, width: int) -> list[str]:
    lines = wrap(cell, width, break_on_hyphens=False)
    return [part.replace(HARD, " ") for part in lines] or [""]


def _kept(words: str, width: int) -> str:
    """A list of findings that is broken only between two of them, where a column is wide enough."""
    if "," not in words and "×" not in words:
        return words
    return ", ".join(
        part.replace(" ", HARD) if len(part) < width else part.replace(" × ", f"{HARD}×{HARD}")
        for part in words.split(", ")
    )
