"""Lab 08, fallback strategies: a page, draining, a backup, and a retry that does harm."""

from __future__ import annotations

from caddylab._exercises.answers import named
from caddylab._exercises.bench import Bench
from caddylab._exercises.chapters.calm import (
    MADE_UP,
    all_well,
    attempts_on,
    lost,
    made_up,
    often,
    served,
    shared,
    told,
)
from caddylab._exercises.chapters.hints08 import (
    CUT_OFF,
    GIVES_UP,
    NEVER_ASKED,
    NO_REST,
    NO_WAY_BACK,
    NOT_HTML,
    OTHERS,
    OWN_WORDS,
    SAME_AGAIN,
    STILL_NEW,
    TURNED_AWAY,
    UNWELL,
    WHICH_ORDER,
    WHO_IS_ILL,
    WHO_IS_INNOCENT,
)
from caddylab._exercises.chapters.orders import failing, hanging, order
from caddylab._exercises.chapters.pages import OWN, honest_pages, page
from caddylab._exercises.chapters.turns import unmet, watch
from caddylab._exercises.task import Finding, Findings, Hints, question, task
from caddylab._records import Outcome
from caddylab._traffic.traffic import Traffic

WELL = "While all is well, every {} has a good answer from a backend."


@task("08.1", "A friendly page", points=1)
def friendly(bench: Bench) -> Findings:
    """When no backend answers, Caddy's answer is empty. Give people a page instead, of type
    `text/html`, whether Caddy's error is a 502 or a 503. The **status** must stay what it is: a
    502 remains a 502, a 503 a 503.

    While a backend is up, nothing may change: its own errors come through as they are, such as a
    404 for a path that it does not know, or a 500.
    """
    yield served(WELL.format("client"), bench.fire(10, clients=10), UNWELL)
    for path, status, text in OWN:
        bench.load(bench.caddyfile)  # the last error may count against who gave it
        own = page(bench, path)
        yield Finding(
            f"A backend's own {status} comes through as it is.",
            own[0] == status and text in own[2] and own[1] == "application/json",
            f"The status was {own[0]}, the type {own[1] or 'none'}, the text “{own[2][:40]}”.",
            OWN_WORDS,
        )
    bench.load(bench.caddyfile)
    for backend in bench.backends:
        backend.kill()
    run = bench.fire(6, timeout=4)
    yield from honest_pages(run)
    kind = page(bench, "/ready")[1]
    yield Finding(
        "The page is HTML.",
        kind.startswith("text/html"),
        f"Its type is {kind or 'not given'}.",
        NOT_HTML,
    )


START = """
:80 {
	reverse_proxy backend1:8080 backend2:8080 backend3:8080 {
		lb_policy round_robin
	}
}
"""


@task("08.2", "Out of service", points=2, backends=3)
def drain(bench: Bench) -> Findings:
    """Three backends work in turns, and each has two long requests under way. At that moment the
    check loads **your** Caddyfile. Write it so that it *drains* backend 2: it gets no new request,
    the long ones end well, and no client sees an error. The other two share the work: each has at
    least a fifth of it.
    """
    mine = bench.caddyfile
    bench.load(START)
    long = bench.fire(6, concurrency=6, clients=6, path=bench.delay(2500), background=True)
    try:
        bench.wait_until(lambda: all(b.in_flight > 1 for b in bench.backends), 10)
        bench.load(mine)
        yield from _drained(bench, watch(bench, 2))
        long.wait()
        seen = f"{long.shares[2]} of those that ended well were at backend 2."
        yield served("The long requests end well.", long, CUT_OFF, seen=seen)
    finally:
        long.stop()


def _drained(bench: Bench, run: Traffic) -> Findings:
    rests, seen = unmet(bench, 2, run)
    ordered = bench.fire(12, concurrency=4, clients=12, method="POST", body=b"one pizza", timeout=5)
    met = attempts_on(ordered.requests, 2)
    yield Finding(
        "Backend 2 gets nothing new.",
        rests and not met,
        f"After the reload: {seen} For {len(ordered)} orders it was tried {often(met)}.",
        STILL_NEW,
        ordered if rests else run,
    )
    yield served("No client sees an error after the reload.", run, TURNED_AWAY)
    yield served("Nor does anybody who orders.", ordered, TURNED_AWAY)
    yield shared("Backends 1 and 3 share the work.", run, (1, 3), OTHERS)


@task("08.3", "The understudy", points=2, backends=3)
def backup(bench: Bench) -> Findings:
    """Backend 3 is a **backup**. As long as backends 1 and 2 are well it gets nothing. When both
    are killed it answers everything: no client sees an error, from the first one on. **3 seconds**
    after both are up again, it gets nothing any more. (The clients only read.)
    """
    calm = watch(bench, 3)
    yield served(WELL.format("client"), calm, UNWELL)
    yield _rests(bench, calm, "Backend 3 rests while all is well.", NO_REST)
    for backend in bench.backends[:2]:
        backend.kill()
    down = bench.fire(30, concurrency=5, clients=10, timeout=5)
    yield Finding(
        "Backend 3 answers everything while the others are down.",
        lost(down.requests) == 0 and down.shares[3] == len(down),
        f"It answered {down.shares[3]} of {len(down)} requests. {told(down.requests)}",
        _down_hints(down),
        down,
    )
    for backend in bench.backends[:2]:
        backend.start()
    bench.soon(lambda: _home(bench.fire(6, clients=6)), 3)
    back = watch(bench, 3)
    yield _rests(
        bench, back, "Backend 3 rests again, 3 seconds after the others are up.", NO_WAY_BACK
    )


def _rests(bench: Bench, run: Traffic, asked: str, hints: Hints) -> Finding:
    rests, seen = unmet(bench, 3, run)
    well = lost(run.requests) == 0
    return Finding(asked, rests and well, f"{seen} {told(run.requests)}", hints, run)


def _home(run: Traffic) -> bool:
    return lost(run.requests) == 0 and attempts_on(run.requests, 3) == 0


def _down_hints(run: Traffic) -> Hints:
    attempts = [[a.backend for a in request.attempts] for request in run.requests]
    if any(3 in asked for asked in attempts):
        return GIVES_UP
    same = any(len(asked) > 1 and len(set(asked)) == 1 for asked in attempts)
    return SAME_AGAIN if same else MADE_UP if any(map(made_up, run.requests)) else NEVER_ASKED


SHOP = """
:80 {
	reverse_proxy backend1:8080 backend2:8080 {
		lb_policy weighted_round_robin 7 1
		lb_retries 1
		fail_duration 10s
		unhealthy_status 5xx
		lb_retry_match {
			expression `{rp.status_code} >= 500`
		}
	}
}
"""


def orders(bench: Bench) -> Traffic:
    """One order meets an ill backend, and its retry takes the other one down."""
    bench.load(SHOP)
    bench.backend(2).failing()
    return bench.fire(30, method="POST", body=b"one pizza")


@question(
    "08.4",
    "One order too many",
    points=2,
    reads=named("ill", "innocent", "order"),
    case=orders,
)
def one_order(bench: Bench, answer: dict[str, int]) -> Findings:
    """`orders` are thirty POSTs to a shop, one after the other. **One** of the two backends is ill
    and answers with 500; most orders go to the other one, which is well. And yet, after one
    certain order, every client gets a 503. What has happened?

    Give three numbers: which backend is `ill`, which one is `innocent` but taken for failed by
    Caddy, and the number `n` of the `order` that took the site down.
    """
    run = orders(bench)
    yield Finding(
        "You know which backend is ill.",
        answer["ill"] == 2,
        f"You say backend {answer['ill']}.",
        WHO_IS_ILL,
    )
    yield Finding(
        "You know which backend is blamed without being ill.",
        answer["innocent"] == 1,
        f"You say backend {answer['innocent']}.",
        WHO_IS_INNOCENT,
    )
    culprit = next(request.n for request in run.requests if request.outcome is not Outcome.OK)
    right = answer["order"] == culprit
    yield Finding(
        "You know which order it was.",
        right,
        f"You say order {answer['order']}.",
        WHICH_ORDER,
        run if right else None,
    )


@task("08.5", "Readers and orders", points=3)
def readers_and_orders(bench: Bench) -> Findings:
    """Write a Caddyfile for two backends under which one of them, no matter which, may answer
    everything with **500**, or **hang**, and still

    - every reader (GET) has a good answer within **1.5 seconds**,
    - no order (POST) is ever sent to both backends,
    - no order spoils anything for the readers after it.

    An order that meets the ill backend may end with an error, or without an answer. While all is
    well, both backends share the readers, each at least a fifth of them, and nobody has an error.
    """
    yield from all_well(bench.fire(60, concurrency=12, clients=60))
    yield served(WELL.format("order"), order(bench), UNWELL)
    yield from failing(bench, bench.any_backend())
    bench.restore()
    yield from hanging(bench, bench.any_backend())
