"""Whether a difference between runs is real, or may be due to chance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import comb

from caddylab._trial.seen import Seen

RARE, SUSPECT = 0.01, 0.05
"""Probabilities below which a difference is not put down to chance; the second is for finding out
which of several things made a difference that is known."""

LEFT = 1
"""Of how many users of a run nobody asks why they were not served well."""

Count = tuple[int, int]
"""How many, of how many."""


@dataclass(frozen=True)
class Cost:
    """What several runs of a row cost the users in all.

    Args:
        costs: how many got no good answer, lost a session, had to wait; the gravest first.
        total: how many asked.
    """

    costs: tuple[int, ...]
    total: int

    @classmethod
    def of(cls, runs: Iterable[Seen], *, all: bool = False) -> Cost:
        """The cost of some runs.

        Args:
            runs: what users saw.
            all: whether orders count as well that nobody may send twice.
        """
        known = list(runs)
        each = [(s.bad - s.reset, s.lost, s.slow) if all else s.cost for s in known]
        costs = tuple(map(sum, zip(*each, strict=True)))
        return cls(costs, sum(seen.total for seen in known))

    def better(self, other: Cost, rare: float = RARE) -> bool:
        """Whether it cost the users less than another, by more than chance."""
        for mine, theirs in zip(self.costs, other.costs, strict=True):
            ours, others = (mine, self.total), (theirs, other.total)
            if fewer(ours, others, rare):
                return True
            if fewer(others, ours, rare):
                return False
        return False


def clearly_more(costs: Sequence[int], others: Sequence[int]) -> bool:
    """Whether one run cost the users more than another, by more than single users."""
    for mine, theirs in zip(costs, others, strict=True):
        if abs(mine - theirs) > LEFT:
            return mine > theirs
    return False


def fewer(few: Count, many: Count, rare: float = RARE) -> bool:
    """Whether the first share is smaller than the second by more than chance (Fisher's test)."""
    if not few[1] or not many[1] or few[0] * many[1] >= many[0] * few[1]:
        return False
    return _chance(few, many) < rare


def _chance(few: Count, many: Count) -> float:
    """The probability that so few of all bad requests fall to the first, if both were alike."""
    bad, all_ = few[0] + many[0], few[1] + many[1]
    least = max(0, bad - many[1])
    ways = sum(comb(few[1], k) * comb(many[1], bad - k) for k in range(least, few[0] + 1))
    return ways / comb(all_, bad)
