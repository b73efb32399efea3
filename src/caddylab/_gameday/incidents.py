"""What can happen on a game day, and which of it does: declared here, drawn by a seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from caddylab._gameday.crowd import SEARCH
from caddylab._gameday.on_call import OnCall

DAY = """\
:80 {
	# Accounts: backend 1 keeps the logins in its memory.
	@accounts path /login /me
	reverse_proxy @accounts backend1:8080

	# Everything else: two backends take turns. Backend 3 is a spare.
	reverse_proxy backend1:8080 backend2:8080 {
		lb_policy round_robin
	}
}
"""
SCALED = """\
# More room for the campaign: three backends for everything.
:80 {
	reverse_proxy backend1:8080 backend2:8080 backend3:8080 {
		lb_policy round_robin
	}
}
"""
CHECKED = """\
# A better health check: it asks a page of its own, and more often.
:80 {
	@accounts path /login /me
	reverse_proxy @accounts backend1:8080 {
		health_uri /healthz
		health_interval 1s
	}

	reverse_proxy backend1:8080 backend2:8080 {
		lb_policy round_robin
		health_uri /healthz
		health_interval 1s
	}
}
"""
FIRST, SPREAD = 0.12, 0.08
"""The incident comes after so much of the game, and within so much more."""
APART = 0.06
"""So much of the game lies between two incidents."""
POOL = (1, 2)
SPARE = {
    1: "Or take the spare: backend 3 in the place of backend 1, for the accounts, too. It knows "
    "nobody yet; the members log in once more.",
    2: "Or take the spare: backend 3 in the place of backend 2.",
}
"""What helps against whatever happens to one backend."""
TWINS = {"slow", "slow everywhere"}
"""A backend can be slow in one way only."""

Script = Callable[[OnCall, int], Iterator[float]]


@dataclass(frozen=True)
class Scenario:
    """Something that can happen.

    Attributes:
        name: a word or two.
        where: "backend" (it happens to one backend), "site" (to Caddy's configuration) or
            "path" (to one path on all backends); two that come together differ in it.
        what: what happened, told at the end; `{n}` is the backend's number.
        remedy: what would have helped, in general.
        script: lets it happen, step by step; yields how many seconds to wait for the next.
        early: whether chapters 1 to 3 are enough to see it and to live with it.
    """

    name: str
    where: str
    what: str
    remedy: str
    script: Script
    early: bool = False


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
        level: 1 (one for which chapters 1 to 3 are enough), 2 (any one) or 3 (two at once).
        seconds: how long the game lasts.
    """
    lots = random.Random(f"{seed}, level {level}")
    at = seconds * (FIRST + SPREAD * lots.random())
    known = [scenario for scenario in SCENARIOS.values() if scenario.early or level > 1]
    first = lots.choice(known)
    drawn = [first]
    if level == 3:
        drawn.append(lots.choice([other for other in known if _go_together(first, other)]))
    victim = lots.choice(POOL)
    return tuple(
        Incident(scenario, round(at + k * APART * seconds, 1), victim)
        for k, scenario in enumerate(drawn)
    )


def _go_together(one: Scenario, other: Scenario) -> bool:
    return one.where != other.where and {one.name, other.name} != TWINS


SCENARIOS: dict[str, Scenario] = {}


def _scenario(
    name: str, where: str, what: str, remedy: str, early: bool = False
) -> Callable[[Script], Script]:
    def declare(script: Script) -> Script:
        SCENARIOS[name] = Scenario(name, where, what, remedy, script, early)
        return script

    return declare


@_scenario(
    "hang", "backend", "Backend {n} hung: it took requests and never answered.",
    "A time limit turns silence into an error; with that, a retry and a memory for failures, or an "
    "active check, keep clients away. A restart helps, too.", early=True,
)  # fmt: skip
def _hang(site: OnCall, backend: int) -> Iterator[float]:
    yield 0
    site.chaos.afflict(backend, "hung", lambda hand: hand.hung())


@_scenario(
    "slow", "backend", "Backend {n} took 2.5 s for every answer: a neighbour kept its disk busy.",
    "Slow is no error until you make it one: a time limit, a retry and a memory for failures, an "
    "impatient active check, or taking the slow one out.", early=True,
)  # fmt: skip
def _slow(site: OnCall, backend: int) -> Iterator[float]:
    yield 0
    site.chaos.afflict(backend, "slow", lambda hand: hand.slow(2.5))


@_scenario(
    "fails fast", "backend",
    "Backend {n} answered every request with 500, faster than anybody else: its database was gone.",
    "Say that an answer of 5xx is a failure and that failures are remembered, retry on the status, "
    "or let an active check find it. Beware of policies that prefer the quickest.",
)  # fmt: skip
def _fails_fast(site: OnCall, backend: int) -> Iterator[float]:
    yield 0
    site.chaos.afflict(backend, "failing", lambda hand: hand.failing())


@_scenario(
    "slow everywhere", "path",
    "The search took 2.5 s on every backend: the database behind it was slow.",
    "No balancing helps when everybody is slow: answer that path quickly with a page of your own, "
    "and see that its failures do not take the backends out for all other paths.",
)  # fmt: skip
def _slow_everywhere(site: OnCall, backend: int) -> Iterator[float]:
    yield 0
    for one in site.backends:
        site.chaos.afflict(one.number, "slow", lambda hand: hand.slow(2.5, SEARCH))


@_scenario(
    "flapping", "backend", "Backend {n} crashed and was started again, over and over.",
    "Retry at once what could not be delivered, and remember a failure for longer than the backend "
    "stays up; or take it out until somebody has found out why.", early=True,
)  # fmt: skip
def _flapping(site: OnCall, backend: int) -> Iterator[float]:
    yield 0
    while True:
        site.chaos.do(backend, lambda hand: hand.kill())
        yield 4
        site.chaos.start(backend)
        yield 1.5


@_scenario(
    "lost sessions", "site",
    "A colleague put three backends to work for everything, in turns: logins live in one of them.",
    "Who is logged in must come back to the same backend: a sticky policy for all paths that need "
    "the session, or the old configuration again.",
)  # fmt: skip
def _lost_sessions(site: OnCall, backend: int) -> Iterator[float]:
    yield 0
    site.deploy(SCALED)


@_scenario(
    "wrong health path", "site",
    "A colleague deployed a health check that asks for a page which no backend has.",
    "Look at who answers: a 503 of Caddy's own means that it trusts nobody. Take the check back, "
    "or let it ask for what is there; and try a check before it decides.",
)  # fmt: skip
def _wrong_health_path(site: OnCall, backend: int) -> Iterator[float]:
    yield 0
    site.deploy(CHECKED)


@_scenario(
    "half-broken deploy", "backend",
    "Backend {n} got a new version: its search answered 500, all else was well, the check too.",
    "Health checks see only what they ask for. Let real answers count: 5xx as failures that are "
    "remembered or retried; or send that path to the others.",
)  # fmt: skip
def _half_broken(site: OnCall, backend: int) -> Iterator[float]:
    yield 0
    site.chaos.afflict(backend, "failing", lambda hand: hand.failing(path=SEARCH))


@_scenario(
    "partition", "backend", "Backend {n} was cut off: connections to it got no answer at all.",
    "A short limit for the dial, a retry and a memory for failures; or an active check that does "
    "not wait long. A restart changes nothing, since the network is broken.",
)  # fmt: skip
def _partition(site: OnCall, backend: int) -> Iterator[float]:
    yield 0
    site.chaos.afflict(backend, "partitioned", lambda hand: hand.partitioned())
