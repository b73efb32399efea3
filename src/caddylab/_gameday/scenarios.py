"""What can happen on a game day."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from caddylab._gameday.crowd import SEARCH
from caddylab._gameday.on_call import Deed, OnCall

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


def _suffers(kind: str, deed: Deed) -> Script:
    """The script of what happens to the one backend, and stays."""

    def script(site: OnCall, backend: int) -> Iterator[float]:
        yield 0
        site.chaos.afflict(backend, kind, deed)

    return script


def _deploys(caddyfile: str) -> Script:
    """The script of what a colleague does."""

    def script(site: OnCall, backend: int) -> Iterator[float]:
        yield 0
        site.deploy(caddyfile)

    return script


def _slow_everywhere(site: OnCall, backend: int) -> Iterator[float]:
    yield 0
    for one in site.backends:
        site.chaos.afflict(one.number, "slow", lambda hand: hand.slow(2.5, SEARCH))


def _flapping(site: OnCall, backend: int) -> Iterator[float]:
    yield 0
    while True:
        site.chaos.do(backend, lambda hand: hand.kill())
        yield 4
        site.chaos.start(backend)
        yield 1.5


_ALL = (
    Scenario(
        "hang",
        "backend",
        "Backend {n} hung: it took requests and never answered.",
        "A time limit turns silence into an error; with that, a retry and a memory for "
        "failures, or an active check, keep clients away. A restart helps, too.",
        _suffers("hung", lambda hand: hand.hung()),
        early=True,
    ),
    Scenario(
        "slow",
        "backend",
        "Backend {n} took 2.5 s for every answer: a neighbour kept its disk busy.",
        "Slow is no error until you make it one: a time limit, a retry and a memory for "
        "failures, an impatient active check, or taking the slow one out.",
        _suffers("slow", lambda hand: hand.slow(2.5)),
        early=True,
    ),
    Scenario(
        "fails fast",
        "backend",
        "Backend {n} answered every request with 500, faster than anybody else: its database "
        "was gone.",
        "Say that an answer of 5xx is a failure and that failures are remembered, retry on the "
        "status, or let an active check find it. Beware of policies that prefer the quickest.",
        _suffers("failing", lambda hand: hand.failing()),
    ),
    Scenario(
        "slow everywhere",
        "path",
        "The search took 2.5 s on every backend: the database behind it was slow.",
        "No balancing helps when everybody is slow: answer that path quickly with a page of "
        "your own, and see that its failures do not take the backends out for all other paths.",
        _slow_everywhere,
    ),
    Scenario(
        "flapping",
        "backend",
        "Backend {n} crashed and was started again, over and over.",
        "Retry at once what could not be delivered, and remember a failure for longer than the "
        "backend stays up; or take it out until somebody has found out why.",
        _flapping,
        early=True,
    ),
    Scenario(
        "lost sessions",
        "site",
        "A colleague put three backends to work for everything, in turns: logins live in one of "
        "them.",
        "Who is logged in must come back to the same backend: a sticky policy for all paths "
        "that need the session, or the old configuration again.",
        _deploys(SCALED),
    ),
    Scenario(
        "wrong health path",
        "site",
        "A colleague deployed a health check that asks for a page which no backend has.",
        "Look at who answers: a 503 of Caddy's own means that it trusts nobody. Take the check "
        "back, or let it ask for what is there; and try a check before it decides.",
        _deploys(CHECKED),
    ),
    Scenario(
        "half-broken deploy",
        "backend",
        "Backend {n} got a new version: its search answered 500, all else was well, the check too.",
        "Health checks see only what they ask for. Let real answers count: 5xx as failures that "
        "are remembered or retried; or send that path to the others.",
        _suffers("failing", lambda hand: hand.failing(path=SEARCH)),
    ),
    Scenario(
        "partition",
        "backend",
        "Backend {n} was cut off: connections to it got no answer at all.",
        "A short limit for the dial, a retry and a memory for failures; or an active check that "
        "does not wait long. A restart changes nothing, since the network is broken.",
        _suffers("partitioned", lambda hand: hand.partitioned()),
    ),
)  # fmt: skip
SCENARIOS = {scenario.name: scenario for scenario in _ALL}
