"""Claims that a chapter's measurements judge, by the names that its cells give them."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from caddylab._claims.claims import Claim

Judge = Callable[..., tuple[bool, str]]
"""Takes what it needs by the names that the notebook gave; says whether it holds, and why."""


@dataclass(frozen=True)
class OpenClaim:
    """A claim that nothing has been measured about.

    Attributes:
        lacking: what would have to be done.
    """

    lacking: str


@dataclass(frozen=True)
class BookedClaim:
    """A claim, who makes it, and what judges it."""

    text: str
    by: str
    only_if: str
    judge: Judge
    source: str = ""

    @property
    def needs(self) -> list[str]:
        """The names of what it is judged by."""
        return list(inspect.signature(self.judge).parameters)

    def judged(self, measured: Mapping[str, Any]) -> Claim | OpenClaim:
        """The claim with its verdict, where what it needs has been measured."""
        missing = [name for name in self.needs if name not in measured]
        if missing:
            return OpenClaim(f"run the cells that make {_listed(missing)} first")
        try:
            holds, evidence = self.judge(**{name: measured[name] for name in self.needs})
        except Exception:  # a name that now means something else: the notebook is the learner's
            return OpenClaim(f"run the cells that make {_listed(self.needs)} again")
        return Claim(self.text, bool(holds), evidence, self.only_if)


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


class ClaimBook:
    """The claims of one chapter, in the order in which they are judged."""

    def __init__(self) -> None:
        self.entries: list[BookedClaim] = []

    def claim(
        self, text: str, only_if: str = "", by: str = "the article", source: str = ""
    ) -> Callable[[Judge], Judge]:
        """Enter a claim; what is decorated judges it, and `source` is where it is made."""

        def enter(judge: Judge) -> Judge:
            self.entries.append(BookedClaim(text, by, only_if, judge, source))
            return judge

        return enter


def of_chapter(number: str) -> ClaimBook | None:
    """The claims of a chapter, such as "02"; None if there is no such chapter."""
    name = f"{__package__}.ch{number}"
    if not number.isdecimal() or importlib.util.find_spec(name) is None:
        return None
    book: ClaimBook = importlib.import_module(name).book
    return book
