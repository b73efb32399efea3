"""The state of a game, and what the learner did in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from caddylab._gameday import score

HABIT = 10.0
"""Who does the same as so many seconds ago, or fewer, need not have noticed anything."""


@dataclass(frozen=True)
class Deed:
    """Something that the learner did or noted: when (seconds after the beginning), and what."""

    at: float
    what: str


def reactions(deeds: Iterable[Deed]) -> Iterator[Deed]:
    """The deeds that may answer something: not those that are only repeated."""
    last: dict[str, float] = {}
    for deed in deeds:
        if deed.at - last.get(deed.what, -HABIT - 1) > HABIT:
            yield deed
        last[deed.what] = deed.at


@dataclass(frozen=True)
class Status:
    """The state of a game.

    Attributes:
        played, seconds: how long the game has gone on, and how long it lasts.
        good: the share of good requests in the last seconds; None when there were none.
        budget: the share of the error budget that is left; below 0 = overdrawn.
    """

    played: float
    seconds: float
    good: float | None
    budget: float

    def __repr__(self) -> str:
        good = "no requests yet" if self.good is None else f"{self.good:.0%} good"
        return (
            f"{self.played:.0f} of {self.seconds:.0f} s · {good} in the last {score.RECENT:g} s · "
            f"{max(self.budget, 0):.0%} of the error budget left"
        )
