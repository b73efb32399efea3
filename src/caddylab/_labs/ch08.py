"""Lab 08, fallback strategies: a page, draining, a backup, and a retry that does harm."""

from __future__ import annotations

import httpx

from caddylab._labs.answers import named
from caddylab._labs.bench import Bench
from caddylab._labs.task import Finding, Findings, Hints, question, task
from caddylab._records import Attempt, Outcome
from caddylab._traffic.traffic import Traffic

UNWELL = Hints(
    "errors while all is well",
    "Nothing is broken yet, and not every client has its answer from a backend. Look at the "
    "status, and at who answered.",
    "502: the upstream that Caddy chose did not answer. 503: Caddy thought that there was none. "
    "And an answer from no backend at all is one that Caddy has made up itself.",
    "Compare the upstreams with the backends' names and ports. What is for the bad times only "
    "must not stand where it is always done.",
)

NOT_FOUND = '{"detail":"Not Found"}'
"""What a backend says of a path that it does not know."""

OWN_WORDS = Hints(
    "404 changed",
    "Ask for a path that no backend knows: `lab.get('/no-such-page')`. Compare its status, its "
    "`.text` and its `.headers` with what a backend says without your additions.",
    "This answer came from a backend. You are asked to replace only what Caddy itself has to say "
    "when no backend answers.",
    "What stands in `handle_errors` touches Caddy's own errors only. `handle_response`, "
    "`intercept`, and a `header` beside `reverse_proxy` touch the backends' answers.",
)
STATUS_LOST = Hints(
    "status lost",
    "Look at the status of the answers while both backends are down.",
    "People read the page, machines read the status: a search engine and your monitoring must "
    "see that this is an error.",
    "`respond` keeps the error's status unless you write another one behind the text. A "
    "redirect, or a file that is not there, has a status of its own.",
)
NO_PAGE = Hints(
    "no page",
    "Kill both backends in your own lab, and look at `lab.get().text`.",
    "The answer is empty: nobody has told Caddy what to say about this error, which is its own "
    "and not a backend's.",
    "`handle_errors` is a block of the site, beside `reverse_proxy` and not in it. Which errors "
    "does yours handle?",
)
SOME_PAGES = Hints(
    "not for every error",
    "Some answers have a page and some are empty. Compare the status of the ones and the others.",
    "Caddy has two words for “down”: 502 for a backend that was tried, 503 for none left to try. "
    "Both are the same to your user.",
    "The codes behind `handle_errors` say which errors it handles; without any code it handles "
    "them all.",
)
NOT_HTML = Hints(
    "not html",
    "Look at the header `Content-Type` of the page: `lab.get().headers`. A browser shows your "
    "tags as text.",
    "The answer has to say that it is HTML. Caddy does not guess that from the tags.",
    "`header` sets it, in the same block as `respond`.",
)


@task("08.1", "A friendly page", points=1)
def friendly(bench: Bench) -> Findings:
    """When no backend answers, Caddy's answer is empty. Give people a page instead, of type
    `text/html`, whether Caddy's error is a 502 or a 503. The **status** must stay what it is.

    While a backend is up, nothing may change: its own 404, for a path that it does not know,
    comes through as it is.
    """
    yield _by_backends(bench.fire(10, clients=10))
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
STILL_NEW = Hints(
    "still new ones",
    "Which requests were sent after the reload, and still went to backend 2?",
    "To drain means: nothing *new*. That a backend is busy, or that others are preferred, is not "
    "enough.",
    "Either backend 2 is no longer among the upstreams, or `lb_policy` gives it no share at all.",
)
OTHERS = Hints(
    "others idle",
    "Who works after the reload? Count the answers of each backend.",
    "Only backend 2 is to be taken out. The other two have to carry its share together.",
    "Count the upstreams behind `reverse_proxy`; and if you use weights, count those as well: "
    "each upstream needs one, in the order of the list.",
)
TURNED_AWAY = Hints(
    "turned away",
    "Look at the clients who came after the reload: their status, and whom Caddy asked for them.",
    "An upstream that must not be used must not be tried either. And nobody may be told to come "
    "back later: two backends are well.",
    "Look at the list of upstreams and at every option that makes Caddy think that a backend is "
    "down or full.",
)
CUT_OFF = Hints(
    "cut off",
    "Look at the long requests: when did they end, and how?",
    "What is under way has to end well, on the Caddyfile with which it began.",
    "Caddy does that by itself at a reload. Which option of yours is in its way?",
)


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


NO_REST = Hints(
    "no rest",
    "All is well, and backend 3 has requests. Why was it chosen?",
    "A backup is not the one with the smallest share. It is asked only when nobody else is left.",
    "Either the policy prefers the others strictly, or backend 3 does not stand among their "
    "upstreams, but where Caddy's errors are handled.",
)
NEVER_ASKED = Hints(
    "never asked",
    "Backends 1 and 2 are down. How often did Caddy ask backend 3?",
    "Not once. Caddy has met an error, and nobody has told it to go on to backend 3 with it.",
    "If you use `handle_errors`: does it handle this status? Look at the clients'. If backend 3 is "
    "an upstream like the others: what makes Caddy try again after an error?",
)
SAME_AGAIN = Hints(
    "same again",
    "Take one request that failed, and read its attempts. Whom did Caddy ask, and whom then?",
    "A retry asks the policy again, and the policy gives the same answer, as long as it does not "
    "know that this backend has just failed.",
    "`fail_duration` makes Caddy remember it.",
)
GIVES_UP = Hints(
    "gives up",
    "Some requests were served by backend 3, and some failed. How many attempts did Caddy make "
    "for those that failed?",
    "The first client finds two dead backends before the third. Somebody has to pay for finding "
    "that out, but with time, not with an error.",
    "Count how many more attempts the first client needs; `lb_retries` allows so many.",
)
NO_WAY_BACK = Hints(
    "no way back",
    "Backends 1 and 2 are up again. What does Caddy think of them? Compare `.state` and "
    "`.opinion`.",
    "Caddy's bad opinion of a backend outlives the reason for it. The question is, for how long.",
    "`fail_duration` is how long a failure counts; `health_interval` and `health_passes` are how "
    "long an active check needs to change its mind.",
)


@task("08.3", "The understudy", points=2, backends=3)
def backup(bench: Bench) -> Findings:
    """Backend 3 is a **backup**. As long as backends 1 and 2 are well it gets nothing. When both
    are killed it answers everything: no client sees an error, from the first one on. **3 seconds**
    after both are up again, it gets nothing any more. (The clients only read.)
    """
    calm = bench.fire(60, concurrency=4, clients=12)
    yield _by_backends(calm)
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
WHO_IS_ILL = Hints(
    "who is ill",
    "Look at `orders.attempts()`, and there at the column `status`.",
    "The ill one has *answered*, and its answer was an error. An attempt without a status has "
    "another kind of trouble.",
    "Find the only attempt with a status that is not 200, and see whose it is.",
)
WHO_IS_INNOCENT = Hints(
    "who is innocent",
    "One backend answered each of its orders well until Caddy gave it up. Look at its last "
    "attempt in `orders.attempts()`.",
    "There is an error, but is it the backend's? Read it: who had too little to send?",
    "`orders.chart()` shows from when on Caddy takes which backend for failed.",
)
WHICH_ORDER = Hints(
    "which order",
    "The first 503 is a consequence. Something has happened before it.",
    "A 503 has no attempts at all: Caddy knows already that nobody is left. Look for the order "
    "for which Caddy still tried.",
    "`orders.attempts()` names the order of each attempt in its first column, `n`.",
)


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

FIVE_HUNDRED = Hints(
    "500 comes through",
    "Look at the readers who got an error. Whose is it, and how many attempts did Caddy make?",
    "A 500 is an answer, and Caddy passes answers on. Remembering it spares the next reader, but "
    "not this one: somebody has to ask the other backend.",
    "`lb_retry_match` can look at the status; `lb_retries` has to allow a second attempt.",
)
SITE_DOWN = Hints(
    "down after an order",
    "Orders came, and then the readers had errors, though backend 1 is well all the time. The "
    "picture shows the orders: it is task 08.4 again.",
    "An order's text has gone to the first backend and is not there for a second attempt. Such "
    "an attempt fails, and the innocent backend is blamed.",
    "Every `lb_retry_match` block qualifies requests of its own. Which of yours also fits a POST?",
)
TWICE = Hints(
    "twice",
    "Look for an order with two attempts that reached a backend. Who has carried it out?",
    "A second attempt is harmless for those who only read. An order that was sent once must not "
    "be sent again, whatever came of it.",
    "Which methods may be retried is up to `lb_retry_match`; what happens in `handle_errors` or "
    "`handle_response` is an attempt, too.",
)
SILENCE = Hints(
    "waits in silence",
    "Look at the readers of a hung backend: how long did Caddy wait for its answer?",
    "Silence is no error, so nothing is retried. Something must turn it into one, early enough to "
    "leave time for the other backend.",
    "`response_header_timeout` in `transport http` is this clock; `dial_timeout` ends another "
    "kind of silence, and `lb_try_duration` ends none.",
)
RULE_REPLACED = Hints(
    "not retried",
    "The clock works: the attempt on the hung backend ended in time. What did Caddy do then?",
    "It gave up. Caddy's own rule is to retry a GET after such an error. A rule of yours takes its "
    "place, and then only what your rule allows is retried.",
    "Several `lb_retry_match` blocks are alternatives. Is there one that fits a GET to which "
    "nobody has answered? And do `lb_retries` or `lb_try_duration` leave room for it?",
)
FORGETS = Hints(
    "asks the hung one again",
    "Look at a reader's two attempts. Whom did Caddy ask first, and whom then?",
    "When several ask at a time, the policy's next choice may be the hung backend once more.",
    "`fail_duration` makes Caddy remember who has just failed.",
)


@task("08.5", "Readers and orders", points=3)
def readers_and_orders(bench: Bench) -> Findings:
    """Write a Caddyfile for two backends under which backend 2 may answer everything with **500**,
    or **hang**, and still

    - every reader (GET) has a good answer within **1.5 seconds**,
    - no order (POST) is ever sent to both backends,
    - no order spoils anything for the readers after it.

    An order that meets the ill backend may end with an error. While all is well, there are none.
    """
    yield _by_backends(bench.fire(10, clients=10), "reader")
    yield _by_backends(_order(bench), "order")
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
        run,
    )


def _order(bench: Bench) -> Traffic:
    return bench.fire(8, concurrency=4, clients=8, method="POST", body=b"one pizza", timeout=2)


def _reached(attempts: list[Attempt]) -> int:
    """How many of the attempts were sent, and not refused by the network."""
    return sum(not attempt.error.startswith("dial") for attempt in attempts)


def _served(run: Traffic, asked: str, hints: Hints) -> Finding:
    bad = ", ".join(f"{n} × {o.value}" for o, n in run.outcomes.items() if o is not Outcome.OK)
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


def _by_backends(run: Traffic, who: str = "client") -> Finding:
    answered = sum(run.shares.values())
    return Finding(
        f"While all is well, every {who} has a good answer from a backend.",
        run.errors == 0 and answered == len(run),
        f"Backends answered {answered} of {len(run)} requests; {run.errors} failed.",
        UNWELL,
        run,
    )
