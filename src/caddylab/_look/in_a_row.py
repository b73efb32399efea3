"""What came one after the other, which reads like a sentence."""

from __future__ import annotations

from typing import Any, TypeVar

Kind = TypeVar("Kind")


class InARow(list[Kind]):
    """A list that says "200, 502, –" and not how Python has stored that."""

    def __getitem__(self, place: Any) -> Any:
        found = super().__getitem__(place)
        return InARow(found) if isinstance(place, slice) else found

    def __repr__(self) -> str:
        return ", ".join("–" if each is None else str(each) for each in self) or "none"

    __str__ = __repr__

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(repr(self))  # else IPython prints it as it does any list
