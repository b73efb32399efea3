"""Lab 10, overload: counting attempts, keeping the door, and getting up again."""

from __future__ import annotations

from caddylab._exercises.answers import named
from caddylab._exercises.bench import Bench
from caddylab._exercises.chapters.calm import MADE_UP, all_well, made_up, served, told
from caddylab._exercises.chapters.hints10 import (
    CLOSED,
    DOWN,
    IN_VAIN,
    LEFT_WAITING,
    NEVER_SENT,
    NOBODY_LEFT,
    NOBODY_TRIES_AGAIN,
    TIMES,
    TOO_FEW,
)
from caddylab._exercises.task import Finding, Findings, Hints, question, task
from caddylab._records import Outcome
from caddylab._traffic.traffic import Traffic

PATIENCE = 0.5
RATE, SECONDS = 80, 1.5
LEAST = 42
"""Of 120 who come, 60 can be served in time; so many are asked for, also on a busy machine."""
MOST_LEFT = 12
CROWD, STEADY, LENGTH, END = 70, 24, 4.0, 3.2
BACK = 0.6
"""The share of good answers by which a site counts as recovered."""
SITE = """:80 {
	reverse_proxy backend1:8080 backend2:8080 {
		lb_policy round_robin
		lb_retries 2
		MEMORY
		transport http {
			response_header_timeout 150ms
		}
	}
}
"""


@question(
    "10.1",
    "How often?",
    points=2,
    reads=named("once", "people", "order", "memory"),
)
def how_often(bench: Bench, answer: dict[str, int]) -> Findings:
    """Both backends are so busy that they answer nobody in time. Caddy has `round_robin`,
    `lb_retries 2` and a `response_header_timeout`. How many attempts at backends are there in all?

    - `once`: one client sends one GET.
    - `people`: one client sends one GET, and up to twice again when it gets an error.
    - `order`: one client sends one POST.
    - `memory`: with `fail_duration 10s` as well, one client sends ten GETs, one after the other.
    """
    true = _attempts(bench)
    wrong = [name for name in true if answer[name] != true[name]]
    hints = {"order": NEVER_SENT, "memory": NOBODY_LEFT}
    yield Finding(
        "You know how many attempts there are each time.",
        not wrong,
        f"Right: {len(true) - len(wrong)} of your {len(true)} answers.",
        hints.get(wrong[0] if wrong else "", TIMES),
    )


def _attempts(bench: Bench) -> dict[str, int]:
    for backend in bench.backends:
        backend.slow(2)
    bench.load(SITE.replace("MEMORY\n", ""))
    runs = {
        "once": bench.fire(1),
        "people": bench.fire(1, retries=2),
        "order": bench.fire(1, method="POST", body=b"one pizza"),
    }
    bench.load(SITE.replace("MEMORY", "fail_duration 10s"))
    runs["memory"] = bench.fire(10)
    return {name: sum(len(r.attempts) for r in run.requests) for name, run in runs.items()}


@task("10.2", "At the door", points=3)
def at_the_door(bench: Bench) -> Findings:
    """Each backend has two workers, and each request takes a tenth of a second: both together can
    do 40 a second. Now **80 a second** come, for a second and a half, and whoever has no answer
    after **half a second** leaves. Mend the Caddyfile so that

    - of these 120 at least **42** are served (some 60 can be),
    - at most **12** leave without an answer: all others hear in time that they are not served, by
      an honest error.

    While there is little to do, everybody is served, and both backends work.
    """
    yield from all_well(bench.fire(40, concurrency=2))
    bench.load(bench.caddyfile)
    run = _crowded(bench)
    tried = sum(len(request.attempts) for request in run.requests)
    late = run.outcomes[Outcome.TIMEOUT]
    yield Finding(
        f"Of {len(run)} who come, at least {LEAST} are served in time.",
        run.good >= LEAST and not any(map(made_up, run.requests)),
        f"{run.good} were served; the backends were sent {tried}.",
        _why_few(run, tried),
        run,
        "latency",
    )
    yield Finding(
        "Nearly all others hear it at once.",
        late <= MOST_LEFT,
        f"{late} of {len(run)} had no answer when they left.",
        LEFT_WAITING if tried - run.good <= MOST_LEFT else IN_VAIN,
        run,
        "timeline",
    )


def _crowded(bench: Bench) -> Traffic:
    _two_workers(bench)
    return bench.fire(rate=RATE, duration=SECONDS, timeout=PATIENCE)


def _two_workers(bench: Bench) -> None:
    for backend in bench.backends:
        backend.limited(2, takes=0.1)


def _why_few(run: Traffic, tried: int) -> Hints:
    if any(map(made_up, run.requests)):
        return MADE_UP
    if tried > 1.3 * run.good:
        return IN_VAIN
    return LEFT_WAITING if run.outcomes[Outcome.TIMEOUT] > len(run) / 3 else TOO_FEW


@task("10.3", "After the bus", points=3)
def after_the_bus(bench: Bench) -> Findings:
    """Mend the Caddyfile so that the site survives two things. Each backend has two workers, and
    each request takes a tenth of a second.

    - One backend **dies**: everybody is served by the other.
    - **A bus comes**: 24 a second come all the time. Whoever has no answer after half a second
      gives up, and whoever was not served tries up to twice again. Once, 70 come in an instant;
      they have the same patience, and do not come back. Two seconds after they have gone, at
      least **six in ten** are served again.

    While there is little to do, everybody is served, and both backends work.
    """
    yield from all_well(bench.fire(40, concurrency=2))
    yield from _one_dead(bench)
    bench.restore()
    bench.load(bench.caddyfile)
    run = _bus(bench)
    last = [request for request in run.requests if request.planned > END]
    good = sum(request.good for request in last)
    asked = any(request.attempts for request in last)
    painted = any(map(made_up, run.requests))
    yield Finding(
        "Two seconds after the bus has gone, most people are served.",
        good >= BACK * len(last) and not painted,
        f"In the end: {told(last, PATIENCE)}" + f" In all: {told(run.requests)}" * painted,
        MADE_UP if painted else DOWN if asked else CLOSED,
        run,
        "latency",
    )


def _one_dead(bench: Bench) -> Findings:
    bench.load(bench.caddyfile)
    bench.any_backend().kill()
    run = bench.fire(12, timeout=10)
    yield served("One backend is dead, and everybody is served.", run, NOBODY_TRIES_AGAIN)


def _bus(bench: Bench) -> Traffic:
    _two_workers(bench)
    steady = bench.fire(rate=STEADY, duration=LENGTH, timeout=PATIENCE, retries=2, background=True)
    bench.pause(0.5)
    bench.fire(CROWD, concurrency=CROWD, timeout=PATIENCE)
    return steady.wait()
