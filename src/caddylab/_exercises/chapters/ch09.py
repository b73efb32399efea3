"""Lab 9, deploys and reloads: a deploy, a server that needs its time, a reload, an idle line."""

from __future__ import annotations

from typing import Any

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
from caddylab._exercises.chapters.findings import has_work_again
from caddylab._exercises.chapters.hints09 import (
    ASKED_AGAIN_AND_AGAIN,
    BACK_LATE,
    CUT,
    FORGOTTEN,
    HELD_AGAINST_IT,
    HUNG_UP,
    NOBODY_ASKS_AGAIN,
    NOT_READY,
    SENT_TWICE,
)
from caddylab._exercises.chapters.orders import reached
from caddylab._exercises.task import Finding, Findings, Hints, task
from caddylab._records import Outcome
from caddylab._traffic.traffic import Traffic

RATE = 100
PATIENCE = 8.0
"""Seconds: in containers a name goes with its server, and to ask for it in vain may take three."""
FEW = 20
"""One in so many may fail, for the same reason."""
AWAY = 0.5
LOADING, SOON = 1.5, 2.5
TRIES = 4
"""At most one in so many may try a server that has died."""
CALLS, LIVES_ON = 12, 3.0
IDLE, ORDERS = 1.0, 8
MANY = 40


@task("09.1", "A deploy", points=3)
def a_deploy(bench: Bench) -> Findings:
    """Both servers are restarted, one after the other, while a hundred people come each second.
    Each is away for half a second and then needs a moment to start; the second one goes as soon
    as the first one is back. Whoever has no answer after eight seconds leaves. Mend the
    Caddyfile so that

    - **hardly anybody** (at most one in twenty) gets an error or leaves,
    - when a server, no matter which, **dies** for good, everybody is served, and after the first
      twelve requests at most **one in four** tries it at all.
    """
    yield from all_well(bench.fire(MANY))
    bench.load(bench.caddyfile)
    with bench.under_load(RATE, timeout=PATIENCE) as run:
        bench.rolling_restart(AWAY)
    yield _hardly_any("Hardly anybody notices the deploy.", run, _why_noticed(run))
    bench.load(bench.caddyfile)
    dead = bench.any_backend()
    dead.kill()
    first = bench.fire(12, timeout=PATIENCE)
    yield served("A server has died, and everybody is served.", first, NOBODY_ASKS_AGAIN)
    run = bench.fire(rate=RATE, duration=1, timeout=PATIENCE)
    tried = attempts_on(run.requests, dead.number)
    yield served("They are served later, too.", run, NOBODY_ASKS_AGAIN)
    yield Finding(
        "Few try the dead server.",
        tried <= len(run) // TRIES,
        f"{len(run)} requests made {tried} attempts at it.",
        ASKED_AGAIN_AND_AGAIN,
        run,
    )


def _hardly_any(asked: str, run: Traffic, hints: Hints) -> Finding:
    """Nearly all have a good answer, and nobody one that is made up."""
    painted = any(map(made_up, run.requests))
    return Finding(
        asked,
        lost(run.requests) <= len(run) // FEW and not painted,
        told(run.requests, PATIENCE),
        MADE_UP if painted else hints,
        run,
        "timeline",
    )


def _why_noticed(run: Traffic) -> Hints:
    """Who was turned away without an attempt, or waited in vain, met a memory."""
    turned = sum(r.outcome in (Outcome.UNAVAILABLE, Outcome.TIMEOUT) for r in run.requests)
    return HELD_AGAINST_IT if turned > lost(run.requests) / 2 else NOBODY_ASKS_AGAIN


@task("09.2", "Not yet", points=2)
def not_yet(bench: Bench) -> Findings:
    """One of the servers, no matter which, is restarted. It is away for half a second, and then
    needs one and a half to load its data: meanwhile it **lives**, and answers 503 to everything
    but `/live`. A hundred people come each second; whoever has no answer after eight seconds
    leaves. Mend the Caddyfile so that

    - **hardly anybody** (at most one in twenty) gets an error or leaves,
    - the server has work again within **two and a half seconds** after it has become ready.
    """
    yield from all_well(bench.fire(MANY))
    bench.load(bench.caddyfile)
    server = bench.any_backend()
    with bench.under_load(RATE, timeout=PATIENCE) as run:
        server.restart(AWAY, ready_after=LOADING)
        bench.soon(lambda: server.ready, 3 * LOADING)
    yield _hardly_any("Hardly anybody notices the restart.", run, _why_unready(run))
    yield has_work_again(bench, server.number, SOON, BACK_LATE)


def _why_unready(run: Traffic) -> Hints:
    by_servers = sum(r.answered_by is not None and not r.good for r in run.requests)
    return NOT_READY if by_servers > lost(run.requests) / 2 else NOBODY_ASKS_AGAIN


@task("09.3", "Somebody saves the file", points=3)
def somebody_saves(bench: Bench) -> Findings:
    """A tool writes the Caddyfile anew whenever anything changes, and Caddy loads it. Mend it so
    that

    - of twelve WebSockets that are open, all **live on** for at least three seconds after
      the reload,
    - while a server, no matter which, is **dead**, nobody gets an error: neither before the
      reload, except perhaps the first four who come, nor after it.
    """
    yield from all_well(bench.fire(MANY))
    bench.load(bench.caddyfile)
    calls = bench.websockets(CALLS)
    bench.load(f"{bench.caddyfile}\n# saved")
    bench.soon(lambda: calls.lost, LIVES_ON)
    cut, ends = calls.lost, ", ".join(f"{n} {how}" for how, n in calls.ends.items())
    calls.close()
    yield Finding(
        f"The WebSockets live on for {LIVES_ON:g} s.", not cut, f"{len(calls)}: {ends}.", CUT
    )
    bench.any_backend().kill()
    bench.fire(4, timeout=PATIENCE)
    before = bench.fire(12, timeout=PATIENCE)
    yield served("One server is dead, and everybody is served.", before, NOBODY_ASKS_AGAIN)
    bench.load(f"{bench.caddyfile}\n# once more")
    after = bench.fire(12, timeout=PATIENCE)
    yield served("After the reload they are served, too.", after, FORGOTTEN)


@task("09.4", "A second pizza", points=2)
def a_second_pizza(bench: Bench) -> Findings:
    """Both servers close a connection that has been idle for **a second**, and always just when the
    next request is under way on it. Mend the Caddyfile so that

    - every order (a POST) that comes after a while is carried out all the same,
    - an order that a server has begun, and did not finish because it was killed, is **not
      sent again**: an error is right then.
    """
    yield from all_well(bench.fire(MANY))
    yield from _after_a_while(bench)
    bench.restore()
    bench.load(bench.caddyfile)
    run = bench.fire(ORDERS, concurrency=ORDERS, background=True, **_pizza(bench))
    victim = bench.any_backend()
    bench.soon(lambda: sum(backend.in_flight for backend in bench.backends) >= ORDERS, 5)
    victim.kill()
    run.wait()
    met = [r for r in run.requests if any(a.backend == victim.number for a in reached(r))]
    again = sum(len(reached(request)) > 1 for request in met)
    yield Finding(
        "No order is sent again.",
        not again,
        f"Backend {victim.number} was killed with {len(met)} orders; {again} were sent once more.",
        SENT_TWICE,
        run,
    )
    painted = any(map(made_up, run.requests))
    yield Finding("Nobody is told what is not so.", not painted, told(run.requests), MADE_UP, run)


def _after_a_while(bench: Bench) -> Findings:
    for backend in bench.backends:
        backend.closes_idle(IDLE)
    bench.fire(ORDERS, concurrency=ORDERS, **_pizza(bench))
    bench.pause(1.05 * IDLE)  # who hangs up later than the server meets it now
    run = bench.fire(ORDERS, concurrency=ORDERS, **_pizza(bench))
    yield served("Every order is carried out, after a while, too.", run, HUNG_UP)


def _pizza(bench: Bench) -> dict[str, Any]:
    """An order; all are alike, so that none can be told from those that must not be repeated."""
    return {"method": "POST", "body": b"one pizza", "path": bench.delay(600)}
