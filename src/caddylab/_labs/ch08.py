"""Lab 08, fallback strategies: a page, draining, a backup, and a retry that does harm."""

from __future__ import annotations

from collections import Counter

import httpx

from caddylab._labs.answers import named
from caddylab._labs.bench import Bench
from caddylab._labs.calm import USED, by_backends
from caddylab._labs.hints08 import (
    CUT_OFF,
    FIVE_HUNDRED,
    FORGETS,
    GIVES_UP,
    NEVER_ASKED,
    NO_PAGE,
    NO_REST,
    NO_WAY_BACK,
    NOT_HTML,
    OTHERS,
    OWN_WORDS,
    RULE_REPLACED,
    SAME_AGAIN,
    SILENCE,
    SITE_DOWN,
    SOME_PAGES,
    STATUS_LOST,
    STILL_NEW,
    TURNED_AWAY,
    TWICE,
    UNWELL,
    WHICH_ORDER,
    WHO_IS_ILL,
    WHO_IS_INNOCENT,
)
from caddylab._labs.task import Finding, Findings, Hints, question, task
from caddylab._records import Attempt, Outcome
from caddylab._traffic.traffic import Traffic

NOT_FOUND = '{"detail":"Not Found"}'
"""What a backend says of a path that it does not know."""
WELL = "While all is well, every {} has a good answer from a backend."


@task("08.1", "A friendly page", points=1)
def friendly(bench: Bench) -> Findings:
    """When no backend answers, Caddy's answer is empty. Give people a page instead, of type
    `text/html`, whether Caddy's error is a 502 or a 503. The **status** must stay what it is.

    While a backend is up, nothing may change: its own 404, for a path that it does not know,
    comes through as it is.
    """
    yield by_backends(bench.fire(10, clients=10), WELL.format("client"), UNWELL)
    own = _page(bench, "/no-such-page")
    yield Finding(
        "A backend's own 404 comes through as it is.",
        (own[0], own[2]) == (404, NOT_FOUND) and own[1] == "application/json",
        f"The status was {own[0]}, the type {own[1] or 'none'}, the text “{own[2][:40]}”.",
        OWN_WORDS,
    )
    for backend in bench.backends:
        backend.kill()
    run = bench.fire(6, timeout=4)
    codes = [request.status or 0 for request in run.requests]
    yield Finding(
        "With both backends down, the status says so.",
        all(500 <= code <= 599 for code in codes),
        f"Six clients got the status {', '.join(map(str, codes))}.",
        STATUS_LOST,
        run,
    )
    pages = sum(bool(request.body.strip()) for request in run.requests)
    yield Finding(
        "Everybody gets a page.",
        pages == 6,
        f"{pages} of 6 answers had a text.",
        SOME_PAGES if pages else NO_PAGE,
        run,
    )
    kind = _page(bench, "/test-api")[1]
    yield Finding(
        "The page is HTML.",
        kind.startswith("text/html"),
        f"Its type is {kind or 'not given'}.",
        NOT_HTML,
    )


def _page(bench: Bench, path: str) -> tuple[int, str, str]:
    """The status, the type and the text of an answer."""
    try:
        answer = bench.get(path, timeout=4)
    except httpx.HTTPError as error:
        return 0, "", str(error)
    return answer.status_code, answer.headers.get("Content-Type", ""), answer.text


START = """
:80 {
	reverse_proxy backend1:8080 backend2:8080 backend3:8080 {
		lb_policy round_robin
	}
}
"""


@task("08.2", "Out of service", points=2, backends=3)
def drain(bench: Bench) -> Findings:
    """Three backends work in turns, and each has two long requests under way. In this moment the
    check loads **your** Caddyfile. Write it so that it *drains* backend 2: it gets no new request,
    the long ones end well, and no client sees an error. The other two share the work.
    """
    mine = bench.caddyfile
    bench.load(START)
    long = bench.fire(6, concurrency=6, clients=6, path="/delay/2500", background=True)
    try:
        bench.wait_until(lambda: all(b.in_flight > 1 for b in bench.backends), 10)
        bench.load(mine)
        yield from _drained(bench.fire(36, concurrency=3, clients=12, timeout=5))
        long.wait()
        yield Finding(
            "The long requests end well.",
            long.errors == 0,
            f"{6 - long.errors} of 6 did, {long.shares[2]} of them at backend 2.",
            CUT_OFF,
            long,
        )
    finally:
        long.stop()


def _drained(run: Traffic) -> Findings:
    tried = sum(attempt.backend == 2 for r in run.requests for attempt in r.attempts)
    yield Finding(
        "Backend 2 gets nothing new.",
        tried == 0,
        f"After the reload, {tried} of Caddy's attempts for {len(run)} requests were at backend 2.",
        STILL_NEW,
        run,
    )
    yield Finding(
        "No client sees an error after the reload.",
        run.errors == 0 and None not in run.backends,
        f"Backends answered {sum(run.shares.values())} of {len(run)} requests.",
        TURNED_AWAY,
        run,
    )
    yield Finding(
        "Backends 1 and 3 share the work.",
        min(run.shares[1], run.shares[3]) > 0,
        f"Backend 1 answered {run.shares[1]}, backend 3 {run.shares[3]} of {len(run)}.",
        OTHERS,
        run,
        "shares",
    )


@task("08.3", "The understudy", points=2, backends=3)
def backup(bench: Bench) -> Findings:
    """Backend 3 is a **backup**. As long as backends 1 and 2 are well it gets nothing. When both
    are killed it answers everything: no client sees an error, from the first one on. **3 seconds**
    after both are up again, it gets nothing any more. (The clients only read.)
    """
    calm = bench.fire(60, concurrency=4, clients=12)
    yield by_backends(calm, WELL.format("client"), UNWELL)
    yield _rests(calm, "Backend 3 rests while all is well.", NO_REST)
    for backend in bench.backends[:2]:
        backend.kill()
    down = bench.fire(30, concurrency=5, clients=10, timeout=5)
    yield Finding(
        "Backend 3 answers everything while the others are down.",
        down.shares[3] == len(down),
        f"It answered {down.shares[3]} of {len(down)} requests; {down.errors} clients saw an "
        "error.",
        _down_hints(down),
        down,
    )
    for backend in bench.backends[:2]:
        backend.start()
    bench.soon(lambda: _home(bench.fire(6, clients=6)), 3)
    back = bench.fire(24, clients=12)
    yield _rests(back, "Backend 3 rests again, 3 seconds after the others are up.", NO_WAY_BACK)


def _rests(run: Traffic, asked: str, hints: Hints) -> Finding:
    return Finding(
        asked,
        _home(run),
        f"It answered {run.shares[3]} of {len(run)} requests; {run.errors} failed.",
        hints,
        run,
    )


def _home(run: Traffic) -> bool:
    return run.errors == 0 and run.shares[3] == 0


def _down_hints(run: Traffic) -> Hints:
    attempts = [[a.backend for a in request.attempts] for request in run.requests]
    if any(3 in asked for asked in attempts):
        return GIVES_UP
    same = any(len(asked) > 1 and len(set(asked)) == 1 for asked in attempts)
    return SAME_AGAIN if same else NEVER_ASKED


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


PATIENCE = 1.5
GRACE = 0.5
"""What a busy machine may add to the patience before it counts."""


@task("08.5", "Readers and orders", points=3)
def readers_and_orders(bench: Bench) -> Findings:
    """Write a Caddyfile for two backends under which backend 2 may answer everything with **500**,
    or **hang**, and still

    - every reader (GET) has a good answer within **1.5 seconds**,
    - no order (POST) is ever sent to both backends,
    - no order spoils anything for the readers after it.

    An order that meets the ill backend may end with an error, or without an answer. While all is
    well, both backends share the readers, and nobody has an error.
    """
    calm = bench.fire(60, concurrency=12, clients=60)
    yield by_backends(calm, WELL.format("reader"), UNWELL)
    yield Finding(
        "While all is well, both backends work.",
        min(calm.shares[1], calm.shares[2]) > 0,
        f"Backend 1 answered {calm.shares[1]} readers, backend 2 {calm.shares[2]}.",
        USED,
        calm,
    )
    yield by_backends(_order(bench), WELL.format("order"), UNWELL)
    yield from _ill(bench)
    bench.restore()
    yield from _hanging(bench)


def _ill(bench: Bench) -> Findings:
    bench.load(bench.caddyfile)
    bench.backend(2).failing()
    readers = bench.fire(12, clients=12, timeout=PATIENCE + GRACE)
    yield _served(readers, "every reader has a good answer when backend 2 says 500", FIVE_HUNDRED)
    yield from _orders_do_no_harm(bench, "when backend 2 says 500")


def _hanging(bench: Bench) -> Findings:
    bench.backend(2).hung()
    bench.load(bench.caddyfile)
    readers = bench.fire(8, concurrency=8, clients=8, timeout=PATIENCE + GRACE)
    yield _served(readers, "every reader has a good answer when backend 2 hangs", _hints(readers))
    yield from _orders_do_no_harm(bench, "when backend 2 hangs")


def _orders_do_no_harm(bench: Bench, when: str) -> Findings:
    bench.load(bench.caddyfile)
    run = _order(bench)
    readers = bench.fire(6, clients=6, timeout=PATIENCE + GRACE)
    yield Finding(
        f"Readers who come after orders are served {when}.",
        readers.errors == 0,
        f"{len(run)} orders came, and {readers.errors} of the next {len(readers)} readers had an "
        "error.",
        SITE_DOWN,
        run,
    )
    twice = sum(_reached(request.attempts) > 1 for request in run.requests)
    yield Finding(
        f"No order is sent to both backends {when}.",
        twice == 0,
        f"{twice} of {len(run)} orders were sent twice.",
        TWICE,
        run if twice else readers,
    )


def _order(bench: Bench) -> Traffic:
    return bench.fire(8, concurrency=4, clients=8, method="POST", body=b"one pizza", timeout=2)


def _reached(attempts: list[Attempt]) -> int:
    """How many of the attempts were sent, and not refused by the network."""
    return sum(not attempt.error.startswith("dial") for attempt in attempts)


def _served(run: Traffic, asked: str, hints: Hints) -> Finding:
    failed = (request for request in run.requests if request.outcome is not Outcome.OK)
    kinds = Counter(request.status or request.outcome.value for request in failed)
    bad = ", ".join(f"{count} × {kind}" for kind, count in kinds.items())
    slowest = max(request.latency for request in run.requests)
    return Finding(
        f"{asked[0].upper()}{asked[1:]}.",
        run.errors == 0,
        f"{len(run) - run.errors} of {len(run)} readers had one"
        + (f", the others: {bad}." if bad else f"; the slowest waited {slowest:.1f} s."),
        hints,
        run,
        "timeline",
    )


def _hints(run: Traffic) -> Hints:
    if run.outcomes[Outcome.TIMEOUT]:
        return SILENCE
    tried = [[a.backend for a in r.attempts] for r in run.requests if r.outcome is not Outcome.OK]
    return FORGETS if any(asked.count(2) > 1 for asked in tried) else RULE_REPLACED
