"""Lab 01, the happy path: turns, counting, and what health checks do to a start."""

from __future__ import annotations

import time

from caddylab._exercises.answers import numbers
from caddylab._exercises.bench import Bench
from caddylab._exercises.chapters.calm import attempts_on, lost, often, served, shared
from caddylab._exercises.chapters.hints01 import (
    ALL_UNHEALTHY,
    NO_ANSWER,
    NO_TURNS,
    NOBODY_WATCHES,
    NOT_CONVINCED,
    ODD_ONE,
    ONE_ALONE,
    RARELY,
    REMEMBERS,
    ROUNDS,
    TOO_SELDOM,
    UNEVEN,
)
from caddylab._exercises.task import Finding, Findings, Hints, question, task
from caddylab._records import Outcome
from caddylab._rig.backends.backend import Backend
from caddylab._traffic.traffic import Traffic

THREE = (1, 2, 3)
WELL = "Every request is answered while all is well."
VISITORS = 5
"""They come again and again; 5 is no multiple of 3, so who is remembered breaks the turns."""


@task("01.1", "Taking turns", points=1, backends=3)
def turns(bench: Bench) -> Findings:
    """Write a Caddyfile for **three** backends that answer strictly in turns.

    They are called `backend1:8080`, `backend2:8080` and `backend3:8080`, and the site's address
    is `:80`. Whoever asks, and however many ask at a time: in any three requests that follow one
    another, each backend answers once.
    """
    calm = bench.fire(36, clients=VISITORS)
    yield served(WELL, calm, NO_ANSWER)
    yield _all_used(calm)
    repeats = calm.backends[:12] == calm.backends[12:24]
    yield Finding(
        "One after the other, the requests go round.",
        all(len(set(calm.backends[k : k + 3])) == 3 for k in range(len(calm) - 2)),
        f"The first twelve answers came from {_list(calm.backends[:12])}.",
        UNEVEN if repeats else NO_TURNS,
        calm,
    )
    crowd = bench.fire(150, concurrency=10, clients=30)
    yield served("So it is when ten ask at a time.", crowd, NO_ANSWER)
    yield Finding(
        "It stays even when ten ask at a time.",
        _shares(crowd) == [50, 50, 50],
        f"Backends 1, 2 and 3 answered {_list(_shares(crowd))} of 150 requests.",
        NO_TURNS,
        crowd,
        "shares",
    )


IN_TURNS = """
:80 {
	reverse_proxy backend1:8080 backend2:8080 backend3:8080 {
		lb_policy round_robin
	}
}
"""


@question("01.2", "The odd one", points=2, backends=3, reads=numbers(3))
def odd_one(bench: Bench, answer: list[int]) -> Findings:
    """Three backends, `lb_policy round_robin`, freshly loaded. You send exactly **100** requests.

    How many does each backend answer? Give three numbers: for backend 1, 2 and 3. Predict first.
    Then measure, if you like.
    """
    bench.load(IN_TURNS)
    run = bench.fire(100)
    measured = _shares(run)
    yield Finding(
        "Your numbers account for every request.",
        sum(answer) == sum(measured),
        f"100 requests were sent, and your numbers add up to {sum(answer)}.",
        ROUNDS,
    )
    right = sum(mine == real for mine, real in zip(answer, measured, strict=True))
    yield Finding(
        "Your numbers are what was measured.",
        right == 3,
        f"You said {_list(answer)}: right for {right} of 3 backends.",
        ODD_ONE,
        run if right == 3 else None,
        "shares",
    )


@task("01.3", "Everything is 503", points=2, backends=3)
def sick(bench: Bench) -> Findings:
    """Three healthy backends, and yet every client gets a 503. Find out why, and mend it.

    Somebody still has to watch: when any one of the backends falls ill and answers everything
    with status 500, it must get no more requests **3 seconds** later, and no client an error.
    """
    bench.soon(lambda: lost(bench.fire(6).requests) == 0, 3)
    well = bench.fire(60)
    unavailable = well.outcomes[Outcome.UNAVAILABLE]
    yield served(WELL, well, ALL_UNHEALTHY if unavailable else NO_ANSWER)
    yield _all_used(well)
    yield from _left_alone(bench, bench.any_backend())


NOTICED = 3
ENOUGH = 40
"""Requests by which chance alone spares one of three: one time in ten million."""


def _left_alone(bench: Bench, ill: Backend) -> Findings:
    """Somebody notices in time that a backend has fallen ill."""
    bench.load(bench.caddyfile)
    bench.soon(lambda: bench.checks(ill.number, bench.loaded), 0.5)  # the longest time to the next
    number, since = ill.number, time.time()
    ill.failing(1.0, 500)
    bench.soon(lambda: _spared(bench.fire(ENOUGH), number), NOTICED)
    if "unhealthy" not in ill.opinion:  # a memory spares it, which may be over by then
        bench.pause(max(0, since + NOTICED - time.time()))
    run = bench.fire(rate=20, duration=1.5)
    tried, checks = attempts_on(run.requests, number), bench.checks(number, since)
    watched = checks or bench.checks(number, bench.loaded)
    hints = TOO_SELDOM if watched else NOBODY_WATCHES
    seen = (
        f"3 s after backend {number} had fallen ill, it was tried {often(tried)} for "
        f"{len(run)} requests; Caddy had asked it how it was {often(checks)}."
    )
    yield Finding(
        "A backend that is ill gets nothing after 3 seconds.", tried == 0, seen, hints, run
    )
    yield served("And no client gets an error then.", run, hints, seen=seen)


def _spared(run: Traffic, number: int) -> bool:
    return lost(run.requests) == 0 and attempts_on(run.requests, number) == 0


@task("01.4", "The late start", points=3)
def late(bench: Bench) -> Findings:
    """Caddy is up before its backends, and clients ask already. Mend the Caddyfile so that
    **2 seconds** after both backends are up, every request is answered, by both of them.

    The health check has its purpose, so keep one that serves it: when one of the two falls ill
    later, and answers everything with status 500, it gets no more requests **3 seconds** after
    that, and no client an error.
    """
    for backend in bench.backends:
        backend.stop()
    bench.load(bench.caddyfile)
    bench.soon(lambda: all(b.opinion == "unhealthy" for b in bench.backends), 1)
    bench.fire(6, concurrency=6, timeout=0.5)
    for backend in bench.backends:
        backend.start()
    up = time.time()
    bench.soon(lambda: _both(bench.fire(8, concurrency=4, timeout=0.5)), 2)
    run = bench.fire(60, concurrency=20, timeout=1)
    opinions = ", ".join(f"backend {b.number} is {b.opinion}" for b in bench.backends)
    hints = _late_hints(bench, run, up)
    yield served(
        "Every request is answered, 2 seconds after the backends are up.",
        run,
        hints,
        seen=f"In Caddy's opinion {opinions}.",
    )
    yield shared("Both backends answer.", run, (1, 2), hints if "failed" in opinions else ONE_ALONE)
    yield from _left_alone(bench, bench.any_backend())


def _late_hints(bench: Bench, run: Traffic, up: float) -> Hints:
    opinions = " ".join(backend.opinion for backend in bench.backends)
    if "failed" in opinions:
        return REMEMBERS
    if (
        run.outcomes[Outcome.UNAVAILABLE]
        or "unhealthy" in opinions
        or run.outcomes[Outcome.TIMEOUT]
    ):
        asked = bench.checks(1, up) and bench.checks(2, up)
        return NOT_CONVINCED if asked else RARELY
    return NO_ANSWER


def _both(run: Traffic) -> bool:
    return lost(run.requests) == 0 and len(run.shares) == 2


def _all_used(run: Traffic) -> Finding:
    return shared("Every backend gets requests.", run, THREE, ONE_ALONE)


def _shares(run: Traffic) -> list[int]:
    return [run.shares[number] for number in THREE]


def _list(values: list[int] | list[int | None]) -> str:
    return ", ".join(map(str, values))
