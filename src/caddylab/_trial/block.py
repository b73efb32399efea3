"""A `reverse_proxy` as it will read, with its changes marked."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher

from caddylab._trial.edits import extent

SAME, NEW, CHANGED, GONE = " ", "+", "~", "-"


@dataclass(frozen=True)
class BlockLine:
    """A line of the block.

    Args:
        number: in the Caddyfile as it is; None if it is new.
        mark: "+" = new, "~" = changed, "-" = gone, " " = as it is.
        text: as it will read, or as it was.
        was: as it is, if it is changed.
    """

    number: int | None
    mark: str
    text: str
    was: str = ""


def block(before: str, after: str, line: int) -> list[BlockLine]:
    """The statement that begins on a line, as it will read.

    Args:
        before, after: the Caddyfile without and with the additions.
        line: where it begins in both, from 1.
    """
    old, new = before.splitlines(), after.splitlines()
    first, last = extent(after, line)
    return [one for at, one in _compared(old, new) if first <= at <= last]


def _compared(old: list[str], new: list[str]) -> list[tuple[int, BlockLine]]:
    """Each line of the new text, with its number there."""
    found: list[tuple[int, BlockLine]] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone = list(range(a, b))
        for n in range(c, d):
            was = a + n - c if kind == "equal" else _same_option(old, gone, new[n])
            if kind == "equal":
                one = BlockLine(was + 1, SAME, new[n])
            elif was >= 0:
                gone.remove(was)
                one = BlockLine(was + 1, CHANGED, new[n], old[was])
            else:
                one = BlockLine(None, NEW, new[n])
            found.append((n + 1, one))
        found += [(d + 1, BlockLine(n + 1, GONE, old[n])) for n in gone if kind != "equal"]
    return found


def _same_option(old: list[str], gone: list[int], line: str) -> int:
    """Which of these lines has the same option as another line; -1 if none."""
    return next((n for n in gone if old[n].split()[:1] == line.split()[:1]), -1)
