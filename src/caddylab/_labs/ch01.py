"""Lab 01, the happy path: turns, counting, and what health checks do to a start."""

from __future__ import annotations

import time

from caddylab._labs.answers import numbers
from caddylab._labs.bench import Bench
from caddylab._labs.task import Finding, Findings, Hints, question, task
from caddylab._records import Outcome
from caddylab._traffic.traffic import Traffic

NO_ANSWER = Hints(
    "no answer",
    "Look at the status of the answers. Who made it: a backend, or Caddy?",
    "502 is Caddy's word for “the upstream that I chose did not answer”, 503 for “I had none to "
    "choose”. One of the two is your case.",
    "Compare the upstreams of `reverse_proxy` with the backends' names and ports, and every "
    "`health_…` option with what a backend really answers.",
)
ONE_ALONE = Hints(
    "some get nothing",
    "Look at who gets nothing at all.",
    "Every backend has to be among the upstreams, and the policy has to use all of them, whoever "
    "asks.",
    "It is in the list behind `reverse_proxy`, or in `lb_policy`.",
)
NO_TURNS = Hints(
    "no turns",
    "Read the picture from left to right. Is there a pattern that repeats?",
    "The next backend must follow from the one before, not from chance and not from how busy it "
    "is.",
    "`lb_policy` says how Caddy chooses. Without that line it draws lots.",
)
UNEVEN = Hints(
    "uneven",
    "Count the marks of each backend.",
    "In one round each backend may have one request, no more.",
    "Look for a backend that is listed twice, and for weights behind `lb_policy`.",
)


@task("01.1", "Taking turns", points=1, backends=3)
def turns(bench: Bench) -> Findings:
    """Write a Caddyfile for **three** backends that answer strictly in turns.

    They are called `backend1:8080`, `backend2:8080` and `backend3:8080`, and the site's address
    is `:80`. Whoever asks, and however many ask at a time: in any three requests that follow one
    another, each backend answers once.
    """
    calm = bench.fire(36, clients=36)
    yield _answered(calm)
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
ROUNDS = Hints(
    "does not add up",
    "Add your three numbers up.",
    "Every request is answered, and by one backend only.",
    "The three numbers are those of `t.shares`, for `t = lab.fire(100)`.",
)
ODD_ONE = Hints(
    "odd one",
    "33 full rounds are 99 requests. Who gets the last one?",
    "It goes to whoever begins a round. Which upstream does round robin take first?",
    "Read “Explain” in chapter 1 again, on the counter behind `round_robin`; then measure it in a "
    "lab with `Lab(backends=3)`.",
)


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


ALL_UNHEALTHY = Hints(
    "all unhealthy",
    "Ask the backends yourself: they are up. So who thinks that they are not? `lab.backends` "
    "shows both opinions.",
    "Caddy asks each backend for a path, and takes what it answers as its health. The question "
    "has to be one that a healthy backend answers with 200.",
    "`health_uri` is that path. Which paths do the backends know? `lab.get(...)` tells you.",
)
NOBODY_WATCHES = Hints(
    "nobody watches",
    "Look at how often Caddy asked the ill backend how it was.",
    "Somebody has to notice that a backend is ill before it is given the next request: here, "
    "Caddy's active health check.",
    "Without `health_uri` Caddy never asks.",
)
TOO_SELDOM = Hints(
    "too seldom",
    "When did Caddy ask the ill backend how it was?",
    "The time until Caddy notices is the time until its next check, or several of them.",
    "`health_interval` says how often Caddy asks, `health_fails` how many bad answers it takes.",
)


@task("01.3", "Everything is 503", points=2, backends=3)
def sick(bench: Bench) -> Findings:
    """Three healthy backends, and yet every client gets a 503. Find out why, and mend it.

    Do not throw the health check away: when a backend falls ill and answers everything with
    status 500, it must get no more requests **3 seconds** later.
    """
    bench.soon(lambda: bench.fire(6).errors == 0, 3)
    well = bench.fire(30)
    unavailable = well.outcomes[Outcome.UNAVAILABLE]
    yield _answered(well, ALL_UNHEALTHY if unavailable else NO_ANSWER)
    yield _all_used(well)
    since = time.time()
    bench.backend(2).failing(1.0, 500)
    bench.soon(lambda: bench.fire(6).errors == 0, 3)
    ill = bench.fire(30)
    checks = bench.checks(2, since)
    yield Finding(
        "A backend that is ill gets nothing after 3 seconds.",
        ill.errors == 0,
        f"{ill.errors} of 30 requests failed, 3 s after backend 2 had fallen ill; Caddy had "
        f"asked it how it was {_times(checks)}.",
        TOO_SELDOM if checks or bench.checks(2, bench.loaded) else NOBODY_WATCHES,
        ill,
    )


RARELY = Hints(
    "asks too rarely",
    "The backends are up, and Caddy says “unhealthy”. When will it ask again?",
    "Caddy's first check came too early. Until the next one it knows no better.",
    "`health_interval` is the time between two checks.",
)
NOT_CONVINCED = Hints(
    "not convinced",
    "Caddy has asked since the backends are up, and still does not believe it.",
    "What does Caddy want to hear, and how many times?",
    "Look at `health_uri`, `health_status`, `health_timeout` and `health_passes`.",
)
REMEMBERS = Hints(
    "remembers too long",
    "Caddy says “failed”: that is not a health check, it is a memory of requests that failed.",
    "Requests that came too early are held against a backend for a while. Nothing but time ends "
    "that.",
    "`fail_duration` is how long a failure counts.",
)


@task("01.4", "The late start", points=3)
def late(bench: Bench) -> Findings:
    """Caddy is up before its backends, and clients ask already. Mend the Caddyfile so that
    **2 seconds** after both backends are up, every request is answered, by both of them.
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
    run = bench.fire(40, concurrency=20, timeout=1)
    opinions = ", ".join(f"backend {b.number} is {b.opinion}" for b in bench.backends)
    yield Finding(
        "Every request is answered, 2 seconds after the backends are up.",
        run.errors == 0,
        f"{run.errors} of 40 requests failed. In Caddy's opinion {opinions}.",
        _late_hints(bench, run, up),
        run,
    )
    shares = [run.shares[number] for number in (1, 2)]
    yield Finding(
        "Both backends answer.",
        all(shares),
        f"Backends 1 and 2 answered {_list(shares)} of 40 requests.",
        _late_hints(bench, run, up) if "healthy" not in opinions else ONE_ALONE,
        run,
    )


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
    return run.errors == 0 and len(run.shares) == 2


def _answered(run: Traffic, hints: Hints = NO_ANSWER) -> Finding:
    bad = ", ".join(f"{n} × {o.value}" for o, n in run.outcomes.items() if o is not Outcome.OK)
    return Finding(
        "Every request is answered while all is well.",
        run.errors == 0,
        f"{run.errors} of {len(run)} requests failed: {bad}."
        if bad
        else f"All {len(run)} requests were answered.",
        hints,
        run,
    )


def _all_used(run: Traffic) -> Finding:
    return Finding(
        "Every backend gets requests.",
        all(_shares(run)),
        f"Backends 1, 2 and 3 answered {_list(_shares(run))} of {len(run)} requests.",
        ONE_ALONE,
        run,
    )


def _shares(run: Traffic) -> list[int]:
    return [run.shares[number] for number in (1, 2, 3)]


def _list(values: list[int] | list[int | None]) -> str:
    return ", ".join(map(str, values))


def _times(count: int) -> str:
    return {0: "not once", 1: "once", 2: "twice"}.get(count, f"{count} times")
