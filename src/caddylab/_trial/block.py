"""A `reverse_proxy` as it will read, with its changes marked."""

from __future__ import annotations

from caddylab._look.compared import ComparedLine, compared
from caddylab._trial.edits import extent


def block(before: str, after: str, line: int) -> list[ComparedLine]:
    """The statement that begins on a line, as it will read.

    Args:
        before, after: the Caddyfile without and with the additions.
        line: where it begins in both, from 1.
    """
    first, last = extent(after, line)
    return [one for at, one in compared(before, after) if first <= at <= last]
