"""Lab 13, your own site: reading one, a pair, a single server, and one slow page."""

from __future__ import annotations

import time
from collections import Counter

from caddylab._exercises.answers import named, one_of
from caddylab._exercises.bench import Bench
from caddylab._exercises.chapters.calm import MADE_UP, honest, lost, made_up, served, told
from caddylab._exercises.chapters.findings import all_right
from caddylab._exercises.chapters.hints13 import (
    ASKS_THE_DEAD_AGAIN,
    CONDEMNED,
    ENDLESS,
    EXPORT_CUT,
    EXPORT_LOST,
    NO_PATIENCE,
    NOBODY_TRIES_AGAIN,
    SILENCE,
    TWICE,
    WHO_ANSWERS,
)
from caddylab._exercises.chapters.orders import reached
from caddylab._exercises.chapters.pizza import (
    ACCOUNT,
    HOST,
    PAIR,
    all_well,
    ask,
    original,
    profile,
    server,
)
from caddylab._exercises.task import Finding, Findings, Hints, question, task
from caddylab._look.counted import counted
from caddylab._records import Outcome
from caddylab._traffic.traffic import Traffic

ASKED = {
    "profile": {"path": "/account/profile"},
    "account": {"path": "/account"},
    "accounts": {"path": "/accounts/all"},
    "plain": {"path": "/account/profile", "scheme": "http"},
    "www": {"path": "/menu", "host": f"www.{HOST}"},
}
"""The five requests of the first task; by HTTPS to the site, unless it says otherwise."""
HOUSES = {None: "caddy", ACCOUNT: "account"}
PATIENCE, GRACE = 1.5, 0.2
LONG = 20.0
"""Seconds that a restart may take on a busy machine."""
RESTART = 4.0
"""Seconds, and then it has to start: more than who waits for three can bear."""
EXPORT = 2.5
"""Seconds that the export takes, every day."""
SOON = 2.0


@question(
    "13.1",
    "Who answers?",
    points=1,
    reads=named(**{name: one_of("caddy", "account", "shop") for name in ASKED}),
    backends=3,
    own=True,
)
def who_answers(bench: Bench, answer: dict[str, str]) -> Findings:
    """Five requests come to the pizza shop, whose Caddyfile you see above. Who answers each of
    them: `"account"` (the account server), `"shop"` (one of the pair), or `"caddy"` (Caddy itself)?

    - `profile`: `https://pizza.example/account/profile`
    - `account`: `https://pizza.example/account`
    - `accounts`: `https://pizza.example/accounts/all`
    - `plain`: `http://pizza.example/account/profile`
    - `www`: `https://www.pizza.example/menu`
    """
    bench.load(original())
    true = {name: _house(bench, bench.fire(1, **how)) for name, how in ASKED.items()}
    yield all_right("You know who answers each of them.", answer, true, WHO_ANSWERS)


def _house(bench: Bench, run: Traffic) -> str:
    names = {number: name for name, number in bench.numbers.items()}
    return HOUSES.get(names.get(run.requests[0].answered_by or 0), "shop")


@task("13.2", "The pair", points=3, backends=3, own=True)
def the_pair(bench: Bench) -> Findings:
    """Mend the pizza shop so that one of the pair, no matter which, may **die** or **hang**, and

    - every customer who reads has a good answer, within **1.5 seconds** if it hangs,
    - no order (POST) is ever sent to both.

    An order that reaches a hung server may end with an error. While all is well, everything is as
    before: the same address, the same servers, and the accounts with the account server.
    """
    yield from all_well(bench)
    yield from _dead(bench, bench.any_of(PAIR, breaks=True))
    bench.restore()
    yield from _hung(bench, bench.any_of(PAIR, breaks=True))


def _dead(bench: Bench, name: str) -> Findings:
    bench.load(bench.caddyfile)
    server(bench, name).kill()
    readers = ask(bench, 12, timeout=10)
    tried_again = any(len(request.attempts) > 1 for request in readers.requests)
    yield served(
        f"Every reader has a good answer when {name} has died.",
        readers,
        ASKS_THE_DEAD_AGAIN if tried_again else NOBODY_TRIES_AGAIN,
        seen=f"Caddy made {counted(readers.retries, 'retry', 'retries')}.",
    )


def _hung(bench: Bench, name: str) -> Findings:
    server(bench, name).hung()
    bench.load(bench.caddyfile)
    readers = ask(bench, 8, timeout=PATIENCE + GRACE)
    waits = readers.outcomes[Outcome.TIMEOUT] > 0
    yield served(
        f"Every reader has a good answer when {name} hangs.",
        readers,
        SILENCE if waits else _after_silence(readers),
        chart="timeline",
    )
    bench.load(bench.caddyfile)
    orders = ask(bench, 8, method="POST", body=b"one pizza", timeout=PATIENCE + GRACE)
    twice = sum(len(reached(order)) > 1 for order in orders.requests)
    yield Finding(
        f"No order is sent to both when {name} hangs.",
        twice == 0,
        f"{twice} of {len(orders)} orders were sent twice.",
        TWICE,
        orders,
    )


def _after_silence(run: Traffic) -> Hints:
    tried_again = any(len(request.attempts) > 1 for request in run.requests if not request.good)
    return ASKS_THE_DEAD_AGAIN if tried_again else NOBODY_TRIES_AGAIN


@task("13.3", "The only one", points=2, backends=3, own=True)
def the_only_one(bench: Bench) -> Findings:
    """The account server is **restarted**, and customers come while it is away: some read, some
    order (POST). Mend the pizza shop so that each of them has a good answer, however long they
    wait for it, and so has everybody who comes when it is back. A restart takes up to five seconds.

    While all is well, everything is as before: the same address, the same servers, and the shop
    with its pair.
    """
    yield from all_well(bench)
    bench.load(bench.caddyfile)
    account = server(bench, ACCOUNT)
    account.kill()
    page = profile(bench)
    readers = ask(bench, 6, page, timeout=LONG, background=True)
    orders = ask(bench, 4, page, method="POST", body=b"x", timeout=LONG, background=True)
    try:
        bench.pause(RESTART)
        account.start()
        back = ask(bench, 6, page, timeout=LONG)
        readers.wait()
        orders.wait()
    finally:
        readers.stop()
        orders.stop()
    late = lost(back.requests) > 0
    for who, run in (("reads", readers), ("orders", orders)):
        yield served(
            f"Everybody who {who} while it is away has a good answer.",
            run,
            CONDEMNED if late else NO_PATIENCE,
            chart="timeline",
        )
    yield served("Everybody who comes when it is back has a good answer.", back, CONDEMNED)


@task("13.4", "One slow page", points=3, backends=3, own=True)
def one_slow_page(bench: Bench) -> Findings:
    """`/account/export` is slow, and well: the account server, which is asked for `/export`, takes
    **2.5 seconds** for it, every day. All other pages of the accounts answer at once. Now the
    account server may **hang**. Mend the pizza shop so that

    - the export is answered as today, when all is well,
    - whoever wants another page of a hung account server has an honest **error**, with the status
      that Caddy gives it, within **2 seconds**, and does not wait for an answer that never comes.

    While all is well, everything is as before: the same address, the same servers, and the shop
    with its pair.
    """
    yield from all_well(bench)
    account = server(bench, ACCOUNT)
    with account.slow(EXPORT, path="/export"):
        began = time.time()  # it may still be at work on what somebody gave up before
        export = ask(bench, 2, "/account/export", timeout=8)
        yield served("The export is answered.", export, EXPORT_CUT, chart="timeline")
        asked = [entry for entry in account.requests() if entry["start"] >= began]
        paths = Counter(entry["path"] for entry in asked)
        yield Finding(
            "The account server is asked for `/export`, as before.",
            paths["/export"] == len(export),
            f"It was asked for {', '.join(map(str, paths)) or 'nothing'}.",
            EXPORT_LOST,
            export,
        )
    account.hung()
    bench.load(bench.caddyfile)
    waiting = ask(bench, 6, profile(bench), timeout=SOON + GRACE)
    gave_up = waiting.outcomes[Outcome.TIMEOUT]
    yield Finding(
        "Nobody waits for a hung account server.",
        not gave_up,
        f"{gave_up} of {len(waiting)} customers had no answer after {SOON + GRACE:g} s.",
        ENDLESS,
        waiting,
        "timeline",
    )
    yield Finding(
        "They have an error.",
        lost(waiting.requests) == len(waiting) and not any(map(made_up, waiting.requests)),
        told(waiting.requests),
        MADE_UP,
        waiting,
    )
    yield honest("It is an honest one, with its own status.", waiting)
