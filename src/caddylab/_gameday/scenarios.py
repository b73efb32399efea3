"""What can happen on a game day: what chapters 1 to 8 are about, and what production adds."""

from __future__ import annotations

from collections.abc import Iterator

from caddylab._gameday.crowd import SEARCH
from caddylab._gameday.on_call import OnCall
from caddylab._gameday.production import PRODUCTION
from caddylab._gameday.scenario import Scenario, deploys, suffers

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
        suffers("hung", lambda hand: hand.hung()),
        chapter=2,
        level=1,
    ),
    Scenario(
        "slow",
        "backend",
        "Backend {n} took 2.5 s for every answer: a neighbour kept its disk busy.",
        "Slow is no error until you make it one: a time limit, a retry and a memory for "
        "failures, an impatient active check, or taking the slow one out.",
        suffers("slow", lambda hand: hand.slow(2.5)),
        chapter=3,
        level=1,
    ),
    Scenario(
        "fails fast",
        "backend",
        "Backend {n} answered every request with 500, faster than anybody else: its database "
        "was gone.",
        "Say that an answer of 5xx is a failure and that failures are remembered, retry on the "
        "status, or let an active check find it. Beware of policies that prefer the quickest.",
        suffers("failing", lambda hand: hand.failing()),
        chapter=4,
    ),
    Scenario(
        "slow everywhere",
        "path",
        "The search took 2.5 s on every backend: the database behind it was slow.",
        "No balancing helps when everybody is slow: answer that path quickly with a page of "
        "your own, and see that its failures do not take the backends out for all other paths.",
        _slow_everywhere,
        chapter=3,
    ),
    Scenario(
        "flapping",
        "backend",
        "Backend {n} crashed and was started again, over and over.",
        "Retry at once what could not be delivered, and remember a failure for longer than the "
        "backend stays up; or take it out until somebody has found out why.",
        _flapping,
        chapter=2,
        level=1,
    ),
    Scenario(
        "lost sessions",
        "site",
        "A colleague put three backends to work for everything, in turns: logins live in one of "
        "them.",
        "Who is logged in must come back to the same backend: a sticky policy for all paths "
        "that need the session, or the old configuration again.",
        deploys(SCALED),
        chapter=6,
    ),
    Scenario(
        "wrong health path",
        "site",
        "A colleague deployed a health check that asks for a page which no backend has.",
        "Look at who answers: a 503 of Caddy's own means that it trusts nobody. Take the check "
        "back, or let it ask for what is there; and try a check before it decides.",
        deploys(CHECKED),
        chapter=1,
    ),
    Scenario(
        "half-broken deploy",
        "backend",
        "Backend {n} got a new version: its search answered 500, all else was well, the check too.",
        "Health checks see only what they ask for. Let real answers count: 5xx as failures that "
        "are remembered or retried; or send that path to the others.",
        suffers("failing", lambda hand: hand.failing(path=SEARCH)),
        chapter=8,
    ),
    Scenario(
        "partition",
        "backend",
        "Backend {n} was cut off: connections to it got no answer at all.",
        "A short limit for the dial, a retry and a memory for failures; or an active check that "
        "does not wait long. A restart changes nothing, since the network is broken.",
        suffers("partitioned", lambda hand: hand.partitioned()),
        chapter=8,
    ),
)
SCENARIOS = {scenario.name: scenario for scenario in (*_ALL, *PRODUCTION)}
