"""What runs in the place of something that stands in a Caddyfile."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Substitution:
    """One part of a Caddyfile, and what runs in its place. Its text is a sentence or two.

    Attributes:
        line: where it stands, from 1; None where that cannot be told.
        stood: what the Caddyfile says.
        runs: what the lab runs; empty if nothing does.
        means: what that means for the result, a sentence.
        file: the file that it stands in; empty for the Caddyfile itself.
    """

    line: int | None
    stood: str
    runs: str
    means: str
    file: str = ""

    def __str__(self) -> str:
        place = f"{self.file}, line" if self.file else "Line"
        where = f"{place} {self.line}: " if self.line else ""
        here = f"is {self.runs} here" if self.runs else "is left out here"
        return f"{where}`{self.stood}` {here}. {self.means}".rstrip()


def said_once(found: Iterable[Substitution]) -> list[str]:
    """Their texts, in which what several have in common is said only once, with the first."""
    said, texts = set[str](), list[str]()
    for one in found:
        texts.append(str(replace(one, means="") if one.means in said else one))
        said.add(one.means)
    return texts
