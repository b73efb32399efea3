"""A counter that reads like a sentence."""

from __future__ import annotations

from collections import Counter
from typing import Any, TypeVar

Kind = TypeVar("Kind")


class Count(Counter[Kind]):
    """A counter that says "backend 1: 24, backend 2: 24" and not how Python has stored that."""

    def called(self, key: Kind) -> str:
        """The name of a thing that is counted."""
        return f"backend {key}" if isinstance(key, int) else str(key)

    def __repr__(self) -> str:
        parts = (f"{self.called(key)}: {count:,}" for key, count in _in_order(self))
        return ", ".join(parts) or "none"

    __str__ = __repr__

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))  # otherwise IPython prints it like any counter


def _in_order(tally: Counter[Any]) -> list[tuple[Any, int]]:
    numbered = all(isinstance(key, int) for key in tally)
    return sorted(tally.items()) if numbered else tally.most_common()
