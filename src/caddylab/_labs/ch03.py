"""Lab 03, a slow service: timeout, retry and memory, and what each of them can spoil."""

from __future__ import annotations

from collections import Counter

from caddylab._labs.answers import named
from caddylab._labs.bench import Bench
from caddylab._labs.calm import all_well
from caddylab._labs.hints03 import (
    ADDS_UP,
    BAD_NEWS,
    CONDEMNED,
    CROWD,
    IN_THE_DARK,
    NO_MEMORY,
    NO_RETRY,
    NO_TIME_LEFT,
    NO_TIMEOUT,
    NOT_LEFT_OUT,
    PATIENT,
    QUESTIONS_WAIT,
    REFUSED,
    TWICE,
)
from caddylab._labs.task import Finding, Findings, Hints, question, task
from caddylab._records import Outcome
from caddylab._traffic.traffic import Traffic

SLOW = 5.0
"""Seconds that a slow backend takes: nobody who waits for it is within any limit here."""


@task("03.1", "Nobody waits", points=2)
def nobody_waits(bench: Bench) -> Findings:
    """Backend 2 takes **5 seconds** for each answer. Write a Caddyfile with which every GET is
    answered all the same, and none takes longer than **2 seconds**. Those who come later must
    not pay for it any more: once Caddy has had its experience, it leaves backend 2 alone. As
    long as all is well, both backends share the work.
    """
    yield from all_well(bench.fire(60, concurrency=12, clients=60))
    bench.backend(2).slow(SLOW)
    first = _meet(bench, 3)
    yield _answered("Every GET is answered.", first)
    yield _in_time("No GET takes longer than 2 seconds.", first, 2)
    later = bench.fire(40, concurrency=8, clients=40, timeout=3)
    wasted = _tried(later, 2)
    yield Finding(
        "Those who come later do not pay.",
        later.errors == 0 and wasted <= 4,
        f"Of 40 requests that came later {later.errors} failed. Backend 2 was {_tries(wasted)} "
        "for them.",
        _why(later) if later.errors else NO_MEMORY,
        later,
    )


@task("03.2", "Time for a second try", points=3)
def budget(bench: Bench) -> Findings:
    """There is a timeout, a budget for more attempts, and a memory. Still, clients get a 504
    whenever backend 2 takes 5 seconds. Find out why, and mend it: every GET is answered.

    And when **both** backends take 5 seconds, so that nobody can be helped, everybody must have
    the bad news within **3 seconds**.
    """
    yield from all_well(bench.fire(60, concurrency=12, clients=60))
    bench.backend(2).slow(SLOW)
    one = _meet(bench, 4)
    why = _why(one)
    yield _answered(
        "Every GET is answered while backend 2 is slow.",
        one,
        NO_TIME_LEFT if why is NO_RETRY else why,
    )
    yield _in_time("None of them takes longer than 3 seconds.", one, 3)
    bench.backend(1).slow(SLOW)
    # One alone finds out about both by itself; of many at once, each spares the others something.
    yield _told(bench, 1, "When both are slow, a single client knows within 3 seconds.")
    yield _told(bench, 6, "When both are slow, everybody knows within 3 seconds.")


@task("03.3", "One slow page", points=3)
def one_slow_page(bench: Bench) -> Findings:
    """One page, `/delay/2000`, takes two seconds on **both** backends. Two users ask for it at the
    same time, and the whole site is down for everybody. Mend the Caddyfile so that all
    **other** requests are answered as if nothing had happened.

    But when backend 2 is slow at **everything** (5 seconds), it must still be left out, after at
    most twenty requests, and nobody waits longer than **3 seconds** for it.
    """
    yield from all_well(bench.fire(60, concurrency=12, clients=60))
    bench.fire(2, concurrency=2, clients=2, path="/delay/2000", timeout=4)
    others = bench.fire(30, concurrency=5, clients=30, timeout=3)
    bench.pause(0.2)  # Caddy's counts are read ten times a second
    opinions = ", ".join(f"backend {b.number} is {b.opinion}" for b in bench.backends)
    yield Finding(
        "One slow page does not harm the others.",
        others.errors == 0,
        f"After two requests for the slow page, {others.errors} of 30 others failed. In Caddy's "
        f"opinion {opinions}.",
        CONDEMNED,
        others,
    )
    bench.load(bench.caddyfile)
    bench.backend(2).slow(SLOW)
    burst = bench.fire(20, concurrency=20, clients=20, timeout=3)
    waited = burst.outcomes[Outcome.TIMEOUT]
    yield Finding(
        "Nobody waits for a slow backend.",
        waited == 0,
        f"{waited or 'None'} of 20 clients had to wait longer than 3 s, when backend 2 was slow.",
        NO_TIMEOUT,
        burst,
    )
    bench.soon(lambda: not bench.backend(2).healthy, 1.5)
    rest = bench.fire(30, concurrency=5, clients=30, timeout=3)
    wasted = _tried(rest, 2)
    yield Finding(
        "A backend that is slow at everything is left out.",
        wasted <= 3,
        f"20 requests came while backend 2 was slow. For the next 30 it was {_tries(wasted)}.",
        NOT_LEFT_OUT,
        rest,
    )


@task("03.4", "Nothing twice", points=4)
def nothing_twice(bench: Bench) -> Findings:
    """Clients ask (GET), and clients order (POST). Backend 2 takes 4 seconds for either. Mend the
    Caddyfile so that

    - no order is **carried out twice**, not even when nobody notices;
    - every order is carried out, and its client is told so, though that may take a while;
    - every GET is answered, and none takes longer than 2 seconds;
    - as long as all is well, both backends work.

    Two lines that you may need, both directly inside `:80 { … }`: `@orders method POST` gives all
    POSTs a name, and `reverse_proxy @orders backend1:8080 backend2:8080 { … }` is for these alone.
    """
    yield from all_well(bench.fire(60, concurrency=12, clients=60))
    bench.backend(2).slow(4)
    orders = bench.fire(
        8, concurrency=8, clients=8, method="POST", body=b"one pizza", timeout=8, background=True
    )
    gets = bench.fire(12, concurrency=12, clients=12, timeout=3)
    orders.wait()
    done = _executed(bench, orders)
    twice = sum(times > 1 for times in done.values())
    yield Finding(
        "No order is carried out twice.",
        twice == 0,
        f"By what the backends wrote down (`lab.backend(1).requests()`), {twice} of 8 orders were "
        "carried out by both of them.",
        TWICE,
        orders,
    )
    cut_off = orders.outcomes[Outcome.GATEWAY_TIMEOUT]
    yield Finding(
        "Every order is carried out, and its client is told so.",
        orders.errors == 0,
        f"{_failures(orders)} Carried out: {sum(times > 0 for times in done.values())}.",
        IN_THE_DARK if cut_off else REFUSED,
        orders,
        "timeline",
    )
    waiting = QUESTIONS_WAIT if _longest(gets) > 2 else None
    yield _answered("Every GET is answered.", gets, waiting)
    yield _in_time("No GET takes longer than 2 seconds.", gets, 2, waiting)


TURNS = """
:80 {
	reverse_proxy backend1:8080 backend2:8080 {
		lb_policy round_robin
	}
}
"""


@question("03.5", "Who notices?", points=2, reads=named("patient", "crowd"))
def who_notices(bench: Bench, answer: dict[str, int]) -> Findings:
    """Every answer takes a few milliseconds. Then both backends **hang for one second**, and go on
    as if nothing had been. Two measure it, one after the other:

    - `patient` is one client who sends 200 requests, each when the last one is answered.
    - `crowd` are users who come by the clock, 50 a second for 3 seconds: 150 requests.

    In each of the two, how many requests take longer than **half a second**? Five more or less do
    not matter for the crowd. Predict first. Then measure, if you like.
    """
    bench.load(TURNS)
    patient = _freeze(bench, bench.fire(200, background=True))
    crowd = _freeze(bench, bench.fire(rate=50, duration=3, clients=150, background=True))
    seen = {"patient": _felt(patient), "crowd": _felt(crowd)}
    yield Finding(
        "You know how much a patient client notices.",
        answer["patient"] in (1, seen["patient"]),
        f"You said that {answer['patient']} of the patient client's 200 requests are slow.",
        PATIENT,
    )
    # The freeze is longer than a second on a busy machine: what was meant counts as well, and
    # what was measured only as far as it is about a second.
    right = min(abs(answer["crowd"] - told) for told in (25, min(seen["crowd"], 35))) <= 5
    measured = f" Measured: {seen['patient']} and {seen['crowd']}." if right else ""
    yield Finding(
        "You know how much a crowd notices.",
        right,
        f"You said that {answer['crowd']} of the crowd's 150 requests are slow.{measured}",
        CROWD,
        crowd if right else None,
        "latency",
    )


def _meet(bench: Bench, patience: float) -> Traffic:
    """Twelve clients meet a slow backend 2.

    They do so once more if it was bad luck:

    - backend 1, who is well, was slow meanwhile: then this machine had stalled, and a timeout
      has struck that was meant for backend 2;
    - a single one failed. In one of 300 such crowds a retry of round robin finds nobody, when
      others move its counter in the same instant. What is missing fails more than one.
    """
    for _ in range(2):
        run = bench.fire(12, concurrency=12, clients=12, timeout=patience)
        if _longest(run, backend=1) < 0.5 and run.errors != 1:
            break
        bench.load(bench.caddyfile)
    return run


def _told(bench: Bench, clients: int, asked: str) -> Finding:
    """So many clients come at once while nobody can help them: they hear it in time."""
    bench.load(bench.caddyfile)
    run = bench.fire(clients, concurrency=clients, clients=clients, timeout=5)
    return _in_time(asked, run, 3, NO_TIMEOUT if _longest(run) > 2.9 else BAD_NEWS)


def _freeze(bench: Bench, run: Traffic) -> Traffic:
    bench.wait_until(lambda: len(run) > 40, 10)
    with bench.backend(1).hung(), bench.backend(2).hung():
        bench.pause(1)
    return run.wait()


def _felt(run: Traffic) -> int:
    """How many requests took longer than half a second, from when they were meant to be sent."""
    patient = not run.run.plan.open
    times = (r.latency if patient else r.latency_intended for r in run.requests)
    return sum(took > 0.5 for took in times)


def _answered(asked: str, run: Traffic, hints: Hints | None = None) -> Finding:
    tries = f" Attempts after the first: {run.retries}." if run.errors else ""
    return Finding(asked, run.errors == 0, _failures(run) + tries, hints or _why(run), run)


def _in_time(asked: str, run: Traffic, limit: float, hints: Hints | None = None) -> Finding:
    worst = max(request.latency for request in run.requests)
    seen = "had no answer after" if run.outcomes[Outcome.TIMEOUT] else "took"
    return Finding(
        asked,
        worst < limit,
        f"{f'The slowest of {len(run)}' if len(run) > 1 else 'It'} {seen} {worst:.1f} s.",
        hints or (NO_TIMEOUT if _longest(run) > limit else ADDS_UP),
        run,
        "timeline",
    )


def _failures(run: Traffic) -> str:
    """How many failed, and how, as a sentence."""
    names = {Outcome.TIMEOUT: f"no answer after {run.run.plan.timeout:g} s"}
    bad = ", ".join(
        f"{count} × {names.get(outcome, outcome.value)}"
        for outcome, count in run.outcomes.items()
        if outcome is not Outcome.OK
    )
    if not bad:
        return f"All {len(run)} requests were answered."
    return f"{run.errors} of {len(run)} requests failed: {bad}."


def _why(run: Traffic) -> Hints:
    """What is missing, by what the requests that failed have been through."""
    if run.outcomes[Outcome.TIMEOUT]:
        return NO_TIMEOUT
    failed = [request for request in run.requests if request.outcome is not Outcome.OK]
    again = any(sum(a.backend == 2 for a in request.attempts) > 1 for request in failed)
    return NO_MEMORY if again else NO_RETRY


def _longest(run: Traffic, backend: int | None = None) -> float:
    """How long the longest attempt took, on one backend or on any."""
    attempts = [attempt for request in run.requests for attempt in request.attempts]
    of_interest = (a.duration for a in attempts if backend in (None, a.backend))
    return max(of_interest, default=0.0)


def _tried(run: Traffic, backend: int) -> int:
    """How many attempts were made on a backend."""
    return sum(a.backend == backend for request in run.requests for a in request.attempts)


def _executed(bench: Bench, run: Traffic) -> Counter[str]:
    """How often each request was carried out, also by a backend on which Caddy gave up."""
    sent_to_2 = {
        f"{run.run.id}-{request.n}"
        for request in run.requests
        if any(attempt.backend == 2 for attempt in request.attempts)
    }
    bench.soon(lambda: sent_to_2 <= set(_diary(bench, 2)), 5)
    wanted = {f"{run.run.id}-{request.n}" for request in run.requests}
    entries = [id for backend in (1, 2) for id in _diary(bench, backend)]
    return Counter(id for id in entries if id in wanted)


def _diary(bench: Bench, backend: int) -> list[str]:
    return [str(entry["id"]) for entry in bench.backend(backend).requests()]


def _tries(count: int) -> str:
    return {0: "not tried", 1: "tried once", 2: "tried twice"}.get(count, f"tried {count} times")
