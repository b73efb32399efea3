"""Two versions of a text, line by line: what is new, changed or gone."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher

SAME, NEW, CHANGED, GONE = " ", "+", "~", "-"


@dataclass(frozen=True)
class ComparedLine:
    """A line of the later version, or one that it lacks.

    Args:
        number: in the earlier version; None if it is new.
        mark: "+" = new, "~" = changed, "-" = gone, " " = as it was.
        text: as it reads, or as it was.
        was: as it was, if it is changed.
    """

    number: int | None
    mark: str
    text: str
    was: str = ""


def compared(before: str, after: str) -> list[tuple[int, ComparedLine]]:
    """Each line with its number in the later version, from 1; one that is gone has the next's."""
    old, new = before.splitlines(), after.splitlines()
    found: list[tuple[int, ComparedLine]] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone = list(range(a, b))
        for n in range(c, d):
            was = a + n - c if kind == "equal" else _same_word(old, gone, new[n])
            if kind == "equal":
                one = ComparedLine(was + 1, SAME, new[n])
            elif was >= 0:
                gone.remove(was)
                one = ComparedLine(was + 1, CHANGED, new[n], old[was])
            else:
                one = ComparedLine(None, NEW, new[n])
            found.append((n + 1, one))
        found += [(d + 1, ComparedLine(n + 1, GONE, old[n])) for n in gone if kind != "equal"]
    return found


def _same_word(old: list[str], gone: list[int], line: str) -> int:
    """Which of these lines begins with the same word as another line; -1 if none."""
    return next((n for n in gone if old[n].split()[:1] == line.split()[:1]), -1)
