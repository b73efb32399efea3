"""Lab 03, a slow service: timeout, retry and memory, and what each of them can spoil."""

from __future__ import annotations

from caddylab._exercises.answers import named
from caddylab._exercises.bench import Bench
from caddylab._exercises.chapters.calm import (
    MADE_UP,
    all_well,
    attempts_on,
    lost,
    made_up,
    served,
    told,
)
from caddylab._exercises.chapters.freeze import TURNS, felt, frozen
from caddylab._exercises.chapters.hints03 import (
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
from caddylab._exercises.chapters.orders import reached
from caddylab._exercises.chapters.slow import (
    SLOW,
    answered,
    in_time,
    longest,
    meet,
    other,
    tries,
    why,
)
from caddylab._exercises.task import Finding, Findings, question, task
from caddylab._records import Outcome
from caddylab._rig.backends.backend import Backend


@task("03.1", "Nobody waits", points=2)
def nobody_waits(bench: Bench) -> Findings:
    """One of the two backends, no matter which, takes **5 seconds** for each answer. Write a
    Caddyfile with which every GET is answered all the same, and none takes longer than
    **2 seconds**. Those who come later must not pay for it any more: once Caddy has met the slow
    one, it leaves it alone. As long as all is well, both backends share the work: each has at least
    a fifth of it.
    """
    yield from all_well(bench.fire(60, concurrency=12, clients=60))
    slow = bench.any_backend()
    slow.slow(SLOW)
    first = meet(bench, slow, 3)
    yield answered("Every GET is answered.", first, slow)
    yield in_time("No GET takes longer than 2 seconds.", first, 2)
    later = bench.fire(40, concurrency=8, clients=40, timeout=3)
    wasted = attempts_on(later.requests, slow.number)
    paid = f"Backend {slow.number} was {tries(wasted)} for {len(later)} requests that came later."
    hints = why(later, slow) if lost(later.requests) else NO_MEMORY
    yield served("Those who come later are answered, too.", later, hints, seen=paid)
    yield Finding("Those who come later do not pay.", wasted <= 4, paid, NO_MEMORY, later)


@task("03.2", "Time for a second try", points=3)
def budget(bench: Bench) -> Findings:
    """There is a timeout, a budget for more attempts, and a memory. Still, clients get a 504
    whenever one of the two backends takes 5 seconds. Find out why, and mend it: every GET is
    answered within **3 seconds**, whichever backend is slow.

    And when **both** backends take 5 seconds, so that nobody can be helped, everybody must have
    the bad news within **3 seconds**.
    """
    yield from all_well(bench.fire(60, concurrency=12, clients=60))
    slow = bench.any_backend()
    slow.slow(SLOW)
    one = meet(bench, slow, 4)
    missing = why(one, slow)
    yield answered(
        f"Every GET is answered while backend {slow.number} is slow.",
        one,
        slow,
        NO_TIME_LEFT if missing is NO_RETRY else missing,
    )
    yield in_time("None of them takes longer than 3 seconds.", one, 3)
    other(bench, slow).slow(SLOW)
    # One alone finds out about both by itself; of many at once, each spares the others something.
    yield from _told(bench, 1, "a single client knows")
    yield from _told(bench, 6, "everybody knows")


@task("03.3", "One slow page", points=3)
def one_slow_page(bench: Bench) -> Findings:
    """One page, `/delay/2000`, takes two seconds on **both** backends. Two users ask for it at the
    same time, and the whole site is down for everybody. Mend the Caddyfile so that all
    **other** requests are answered as if nothing had happened.

    But when one of the backends, no matter which, is slow at **everything** (5 seconds), it must
    still be left out, after at most twenty requests, and nobody waits longer than **3 seconds**
    for it.
    """
    yield from all_well(bench.fire(60, concurrency=12, clients=60))
    slow = bench.fire(2, concurrency=2, clients=2, path="/delay/2000", timeout=4)
    others = bench.fire(30, concurrency=5, clients=30, timeout=3)
    bench.pause(0.2)  # Caddy's counts are read ten times a second
    opinions = ", ".join(f"backend {b.number} is {b.opinion}" for b in bench.backends)
    yield served(
        "One slow page does not harm the others.",
        others,
        CONDEMNED,
        seen=f"Two had asked for the slow page before. In Caddy's opinion {opinions}.",
    )
    tried = sum(bool(reached(request)) for request in slow.requests)
    yield Finding(
        "Who asks for the slow page is not turned away before a backend was tried.",
        tried == len(slow),
        f"For {tried} of {len(slow)} of them a backend was tried. {told(slow.requests)}",
        MADE_UP,
        slow,
    )
    bench.load(bench.caddyfile)
    yield from _left_out(bench, bench.any_backend())


def _left_out(bench: Bench, slow: Backend) -> Findings:
    slow.slow(SLOW)
    burst = bench.fire(20, concurrency=20, clients=20, timeout=3)
    waited = burst.outcomes[Outcome.TIMEOUT]
    yield Finding(
        "Nobody waits for a slow backend.",
        waited == 0,
        f"{waited or 'None'} of 20 clients had to wait longer than 3 s, when backend "
        f"{slow.number} was slow.",
        NO_TIMEOUT,
        burst,
    )
    bench.soon(lambda: not slow.healthy, 1.5)
    rest = bench.fire(30, concurrency=5, clients=30, timeout=3)
    wasted = attempts_on(rest.requests, slow.number)
    seen = (
        f"20 requests came while backend {slow.number} was slow. For the next 30 it was "
        f"{tries(wasted)}."
    )
    yield Finding(
        "A backend that is slow at everything is left out.", wasted <= 3, seen, NOT_LEFT_OUT, rest
    )
    kept = [r for r in rest.requests if all(a.backend != slow.number for a in r.attempts)]
    yield served(
        "Who is not sent there has a good answer.", rest, NOT_LEFT_OUT, seen=seen, requests=kept
    )


@task("03.4", "Nothing twice", points=4)
def nothing_twice(bench: Bench) -> Findings:
    """Clients ask (GET), and clients order (POST). One of the two backends, no matter which, takes
    4 seconds for either. Mend the Caddyfile so that

    - no order is **carried out twice**, not even when nobody notices;
    - every order is carried out, and its client is told so, though that may take a while;
    - every GET is answered, and none takes longer than 2 seconds;
    - as long as all is well, both backends work.

    Two lines that you may need, both directly inside `:80 { … }`: `@orders method POST` gives all
    POSTs a name, and `reverse_proxy @orders backend1:8080 backend2:8080 { … }` is for these alone.
    """
    yield from all_well(bench.fire(60, concurrency=12, clients=60))
    slow = bench.any_backend()
    slow.slow(4)
    orders = bench.fire(
        8, concurrency=8, clients=8, method="POST", body=b"one pizza", timeout=8, background=True
    )
    gets = bench.fire(12, concurrency=12, clients=12, timeout=3)
    orders.wait()
    twice = sum(len(reached(order)) > 1 for order in orders.requests)
    yield Finding(
        "No order is carried out twice.",
        twice == 0,
        f"{twice} of 8 orders were sent twice, and a backend that has an order carries it out.",
        TWICE,
        orders,
    )
    cut_off = orders.outcomes[Outcome.GATEWAY_TIMEOUT]
    yield served(
        "Every order is carried out, and its client is told so by the backend.",
        orders,
        IN_THE_DARK if cut_off else REFUSED,
        seen=f"Sent to a backend: {sum(bool(reached(order)) for order in orders.requests)}.",
        chart="timeline",
    )
    waiting = QUESTIONS_WAIT if longest(gets) > 2 else None
    yield answered("Every GET is answered.", gets, slow, waiting)
    yield in_time("No GET takes longer than 2 seconds.", gets, 2, waiting)


@question("03.5", "Who notices?", points=2, reads=named("patient", "crowd"))
def who_notices(bench: Bench, answer: dict[str, int]) -> Findings:
    """Every answer takes a few milliseconds. In the middle of a run both backends **hang for one
    second**, and go on as if nothing had happened. There are two such runs:

    - `patient` is one client who sends 200 requests, each when the last one is answered.
    - `crowd` are users who come by the clock, 50 a second for 3 seconds: 150 requests.

    In each run, how many requests take longer than **half a second**? For the crowd, five more or
    less do not matter. Predict first. Then measure, if you like.
    """
    bench.load(TURNS)
    patient = frozen(bench, bench.fire(200, background=True))
    crowd = frozen(bench, bench.fire(rate=50, duration=3, clients=150, background=True))
    seen = {"patient": felt(patient), "crowd": felt(crowd)}
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


def _told(bench: Bench, clients: int, who: str) -> Findings:
    """So many clients come at once while nobody can help them: they hear it in time."""
    bench.load(bench.caddyfile)
    run = bench.fire(clients, concurrency=clients, clients=clients, timeout=5)
    hints = NO_TIMEOUT if longest(run) > 2.9 else BAD_NEWS
    yield in_time(f"When both are slow, {who} within 3 seconds.", run, 3, hints)
    painted = sum(map(made_up, run.requests))
    yield Finding(
        f"When both are slow, {who} the truth: that nobody could answer.",
        painted == 0,
        f"{painted} of {clients} were told that all is well.",
        MADE_UP,
        run,
    )
