"""Which of the scenarios a game brings, when, and to whom: drawn by a seed."""

from __future__ import annotations

import random
from dataclasses import dataclass

from caddylab._gameday.production import LEVEL
from caddylab._gameday.scenario import Scenario
from caddylab._gameday.scenarios import SCENARIOS

FIRST, SPREAD = 0.12, 0.08
"""When the incident comes, as shares of the game: not before the first, within the second more."""
APART = 0.06
"""The share of the game between two incidents."""
POOL = (1, 2)
SPARE = {
    1: "Or take the spare: backend 3 in the place of backend 1, for the accounts, too. It knows "
    "nobody yet; the members log in once more.",
    2: "Or take the spare: backend 3 in the place of backend 2.",
}
"""What helps against whatever happens to one backend."""
TWINS = {"slow", "slow everywhere"}
"""A backend can be slow in one way only."""


@dataclass(frozen=True)
class Incident:
    """A scenario that will happen: when (seconds after the beginning), and to which backend."""

    scenario: Scenario
    at: float
    backend: int

    @property
    def told(self) -> str:
        """What happened."""
        return self.scenario.what.format(n=self.backend)

    @property
    def remedy(self) -> str:
        """What would have helped."""
        if self.scenario.where != "backend":
            return self.scenario.remedy
        return f"{self.scenario.remedy} {SPARE[self.backend]}"


def plan(seed: int, level: int, seconds: float) -> tuple[Incident, ...]:
    """What happens in a game: the same for the same seed and level.

    Args:
        seed: any whole number.
        level: 1 (one for which chapters 1 to 3 are enough), 2 (any one of those that chapters 1
            to 8 are about), 3 (two of these at once) or 4 (one that chapters 9 to 11 are about).
        seconds: how long the game lasts.
    """
    lots = random.Random(f"{seed}, level {level}")
    at = seconds * (FIRST + SPREAD * lots.random())
    known = [scenario for scenario in SCENARIOS.values() if _comes(scenario, level)]
    first = lots.choice(known)
    drawn = [first]
    if level == 3:
        drawn.append(lots.choice([other for other in known if _go_together(first, other)]))
    victim = lots.choice(POOL)
    return tuple(
        Incident(scenario, round(at + k * APART * seconds, 1), victim)
        for k, scenario in enumerate(drawn)
    )


def _comes(scenario: Scenario, level: int) -> bool:
    """The last level has a site of its own, and what can happen to that."""
    return (scenario.level == LEVEL) == (level == LEVEL) and scenario.level <= level


def _go_together(one: Scenario, other: Scenario) -> bool:
    return one.where != other.where and {one.name, other.name} != TWINS
