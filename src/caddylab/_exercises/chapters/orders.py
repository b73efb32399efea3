"""Readers and orders meet a backend that is ill: what may be tried again, and what must not."""

from __future__ import annotations

from caddylab._exercises.bench import Bench
from caddylab._exercises.chapters.calm import served
from caddylab._exercises.chapters.hints08 import (
    FIVE_HUNDRED,
    FORGETS,
    RULE_REPLACED,
    SILENCE,
    SITE_DOWN,
    TWICE,
)
from caddylab._exercises.task import Finding, Findings, Hints
from caddylab._records import Attempt, Outcome, Request
from caddylab._rig.backends.backend import Backend
from caddylab._traffic.traffic import Traffic

PATIENCE = 1.5
GRACE = 0.2
"""What a busy machine may add to the patience before it counts."""


def failing(bench: Bench, ill: Backend) -> Findings:
    """A backend answers everything with 500."""
    when = f"when backend {ill.number} says 500"
    bench.load(bench.caddyfile)
    ill.failing()
    yield _served(_readers(bench, 12, 1), when, FIVE_HUNDRED)
    yield from _orders_do_no_harm(bench, when)


def hanging(bench: Bench, ill: Backend) -> Findings:
    """A backend answers nothing at all."""
    when = f"when backend {ill.number} hangs"
    ill.hung()
    bench.load(bench.caddyfile)
    readers = _readers(bench, 8, 8)
    yield _served(readers, when, _hints(readers, ill.number))
    yield from _orders_do_no_harm(bench, when)


def order(bench: Bench) -> Traffic:
    """Eight orders, four at a time."""
    return bench.fire(8, concurrency=4, clients=8, method="POST", body=b"one pizza", timeout=2)


def reached(request: Request) -> list[Attempt]:
    """Those of its attempts that came to a backend: Caddy may give one up, the backend does not.

    A backend's diary knows a request only by its id, which a Caddyfile can take away.
    """
    return [a for a in request.attempts if a.backend and not a.error.startswith("dial")]


def _readers(bench: Bench, count: int, at_a_time: int) -> Traffic:
    patience = PATIENCE + GRACE
    return bench.fire(count, concurrency=at_a_time, clients=count, timeout=patience)


def _served(run: Traffic, when: str, hints: Hints) -> Finding:
    slowest = max(request.latency for request in run.requests)
    asked = f"Every reader has a good answer {when}."
    return served(asked, run, hints, seen=f"The slowest waited {slowest:.1f} s.", chart="timeline")


def _orders_do_no_harm(bench: Bench, when: str) -> Findings:
    bench.load(bench.caddyfile)
    run = order(bench)
    readers = _readers(bench, 6, 1)
    yield served(
        f"Readers who come after orders are served {when}.",
        run,
        SITE_DOWN,
        seen=f"{len(run)} orders had come before.",
        requests=readers.requests,
    )
    twice = sum(len(reached(request)) > 1 for request in run.requests)
    yield Finding(
        f"No order is sent to both backends {when}.",
        twice == 0,
        f"{twice} of {len(run)} orders were sent twice.",
        TWICE,
        run if twice else readers,
    )


def _hints(run: Traffic, hung: int) -> Hints:
    if run.outcomes[Outcome.TIMEOUT]:
        return SILENCE
    tried = [[a.backend for a in r.attempts] for r in run.requests if not r.good]
    return FORGETS if any(asked.count(hung) > 1 for asked in tried) else RULE_REPLACED
