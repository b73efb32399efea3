"""Where Caddy differs from its documentation: the smallest input that shows it, and a run."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from lint_runs import MEMORY, ONE, PAIR, RETRY, TURNS, fault, page, site, statuses, web

from caddylab import Lab, Traffic, plausible
from caddylab._machine.waiting import poll

BACKENDS = 3
DOCS = "https://caddyserver.com/docs/caddyfile/directives/reverse_proxy"
MODULE = "https://caddyserver.com/docs/modules/http.handlers.reverse_proxy"
OPTIONS = "https://caddyserver.com/docs/caddyfile/options"
ROUTES = "https://caddyserver.com/docs/caddyfile/concepts#named-routes"
METRICS = "https://caddyserver.com/docs/metrics"


@dataclass(frozen=True)
class Found:
    """A difference between what the documentation says and what happens.

    Args:
        title: the difference in one line.
        says: what the documentation says, in our words.
        where: the page that says it.
        caddyfile: the smallest input that shows it.
        done: what was done with it.
        measure: runs it and says what came of it.
        chapter: where the course shows it; empty where it does not.
        judge: reduces a result to what is the same each time; by default all of it.
    """

    title: str
    says: str
    where: str
    caddyfile: str
    done: str
    measure: Callable[[Lab], str]
    chapter: str = ""
    judge: Callable[[str], str] = str

    def measured(self, lab: Lab) -> str:
        """The result with this lab's Caddy."""
        try:
            lab.load(self.caddyfile)
            return self.measure(lab)
        finally:
            lab.restore()


def number(said: str) -> int:
    """The first number in a result."""
    return int(re.findall(r"\d+", said)[0])


def only_the_first(said: str) -> str:
    """Whether backend 1 got all of 100 requests."""
    return "all to the first" if number(said.partition(":")[2]) == 100 else "shared"


def status(said: str) -> str:
    """The answer, regardless of when it came."""
    return said.partition(" ")[0]


def half(said: str) -> str:
    """Whether a backend gets half of 200 requests or, as by independent draws, a quarter."""
    return "about half" if number(said) >= HALF else "fewer"


def third(said: str) -> str:
    """Whether it is plausibly a third of 300."""
    return "about a third" if number(said) in plausible(300, 1 / 3) else "something else"


HALF = 76
"""Of 200: a fair quarter stays below this and a fair half above, except once in 10,000 times."""

# --- what is measured -------------------------------------------------------------------------


def alternating(wanted: int, otherwise: str) -> Callable[[Lab], str]:
    """Let every other check fail, and send requests for 5 s or until one gets `wanted`."""

    def measure(lab: Lab) -> str:
        with lab.backend(2).failing(1.0, 500):
            came = poll(lambda: lab.get("/test-api").status_code == wanted, 5)
        return f"{wanted} within 5 seconds" if came else otherwise

    return measure


def shares(count: int) -> Callable[[Lab], str]:
    """Who answered `count` requests, sent one after the other."""

    def measure(lab: Lab) -> str:
        answered = lab.fire(count).shares
        return ", ".join(f"backend {n}: {answered[n]} of {count}" for n in (1, 2))

    return measure


def to_the_busier(lab: Lab) -> str:
    """Backend 1 has five requests under way and backend 2 one; who gets two hundred more?"""
    held = [
        lab.fire(number, concurrency=number, path=path, background=True)
        for number, path in ((5, "/delay/4000"), (1, "/delay/4001"))
    ]
    poll(lambda: [lab.backend(n).in_flight for n in (1, 2)] == [5, 1], 5)
    quick = lab.fire(200)
    for run in held:
        run.wait()
    return f"{quick.shares[1]} of 200 went to backend 1, which had 5 requests in hand, not 1"


def order_and_readers(lab: Lab) -> str:
    """A POST to a backend that hangs, and then four GETs."""
    with lab.backend(2).hung():
        order = lab.fire(1, method="POST", body=b"order", path="/echo", timeout=5)
        return f"the POST: {_codes(order)}; 4 GETs after it: {_codes(lab.fire(4, timeout=5))}"


def order_to_a_dead_one(lab: Lab) -> str:
    """A POST whose backend is dead, and then four GETs."""
    with lab.backend(2).killed():
        order = lab.fire(1, method="POST", body=b"order", path="/echo")
        return f"the POST: {_codes(order)}; 4 GETs after it: {_codes(lab.fire(4))}"


def after_a_kill(number: int, count: int) -> Callable[[Lab], str]:
    """What requests get when a backend is dead."""

    def measure(lab: Lab) -> str:
        with fault(lab, number, "stopped"):
            return statuses(count)(lab)

    return measure


def cookies(lab: Lab) -> str:
    """How many cookies a first visit gets if its first attempt fails."""
    with lab.backend(2).killed():
        answer = lab.get("/test-api")
    return f"{len(answer.headers.get_list('Set-Cookie'))} `Set-Cookie` in one answer"


def waited(lab: Lab) -> str:
    """How long a client waits for a backend whose packets are lost."""
    with lab.backend(1).partitioned():
        [request] = lab.fire(1, timeout=10).requests
    return f"{request.status} after {request.latency:.0f} s"


def header(name: str) -> Callable[[Lab], str]:
    """A header of the answer."""
    return lambda lab: f"`{name}: {lab.get('/test-api').headers.get(name, '')}`"


def events(lab: Lab) -> str:
    """Whether Caddy emits an event when it leaves a backend out."""
    before = _told(lab)
    with lab.backend(2).killed():
        lab.fire(1)
        rest = lab.fire(4)
    told = _told(lab) - before
    return f"backend 2 was left out of {4 - rest.shares[2]} of 4 requests; events: {told}"


def _told(lab: Lab) -> int:
    return lab.stack.runtime.read_log(0).count(b'"name":"unhealthy"')


def moved(lab: Lab) -> str:
    """How many clients change backends when a third one is added."""
    before = lab.fire(300, clients=300)
    lab.load(before_and_after("backend3:8080"))
    after = lab.fire(300, clients=300)
    changed = sum(a != b for a, b in zip(before.backends, after.backends, strict=True))
    return f"{changed} of 300 clients came to another backend"


def before_and_after(*more: str) -> str:
    """A pool that is divided by the clients' addresses."""
    return site("lb_policy ip_hash", upstreams=" ".join([PAIR, *more]))


def _codes(run: Traffic) -> str:
    return ", ".join(str(request.status or "no answer") for request in run.requests)


def up_again(lab: Lab) -> str:
    """Whether a backend whose every other check fails is used again once it was left out."""
    with lab.backend(2).failing(1.0, 500):
        if not poll(lambda: lab.get("/test-api").status_code == 503, 5):
            return "never left out"
        came = poll(lambda: lab.get("/test-api").status_code == 200, 5)
    return "200 within 5 seconds" if came else "no 200 within 5 seconds"


def in_a_second(lab: Lab) -> str:
    """What a request gets after ten checks."""
    lab.pause(1)
    return str(lab.get("/").status_code)


def through_a_reload(lab: Lab) -> str:
    """What a request gets that is under way while Caddy reloads."""
    run = lab.fire(1, path="/delay/2000", background=True)
    poll(lambda: lab.backend(1).in_flight, 5)
    lab.load(lab.caddyfile, warn=False)
    [request] = run.wait().requests
    return f"{request.status or request.outcome} after {request.latency:.0f} s"


def beside_a_slow_one(milliseconds: int, count: int) -> Callable[[Lab], Traffic]:
    """Send quick requests while the only upstream is busy with a slow one."""

    def send(lab: Lab) -> Traffic:
        slow = lab.fire(1, path=f"/delay/{milliseconds}", background=True)
        poll(lambda: lab.backend(1).in_flight, 5)
        quick = lab.fire(count)
        slow.wait()
        return quick

    return send


def asked_again(lab: Lab) -> str:
    """How long a request waits for a free upstream, though nothing has failed."""
    [request] = beside_a_slow_one(1500, 1)(lab).requests
    failed = sum(bool(attempt.error) for attempt in request.attempts)
    return f"{failed} attempts failed; the quick one was answered after {request.latency:.1f} s"


def patience(said: str) -> str:
    """Whether it waited for the interval, though nothing failed."""
    failed, seconds = map(float, re.findall(r"[\d.]+", said))
    return "waited" if not failed and seconds >= 1 else "something else"


def gauge_at_a_flip(lab: Lab) -> str:
    """What the metric says of a backend just after its checks have failed.

    Caddy updates it every ten seconds, perhaps just then, so this tries up to three times.
    """

    def told() -> float:
        table = lab.metrics("caddy_reverse_proxy_upstreams_healthy").set_index("upstream")
        return float(table["value"]["backend2:8080"])

    if "caddy_reverse_proxy_upstreams_healthy" not in lab.stack.admin.metrics():
        return "there is no such metric"
    for _ in range(3):
        poll(lambda: told() == 1, 15)
        with lab.backend(2).failing(1.0, 500):
            poll(lambda: "unhealthy" in lab.backend(2).opinion, 5)
            if told() == 1:
                return "left out by its checks; the metric says 1"
    return "left out by its checks; the metric says 0"


# --- the findings -----------------------------------------------------------------------------

CHECKED = """
:81 {
	handle /check {
		reverse_proxy backend1:8080 backend2:8080 {
			lb_policy round_robin
			rewrite /
		}
	}
	handle {
		reverse_proxy backend1:8080
	}
}
"""
"""A site whose checks alternately pass and fail while backend 2 fails."""


def checked(*options: str) -> str:
    """A proxy that checks this site."""
    every = ("health_uri /check", "health_interval 100ms")
    return site(*every, *options, upstreams="localhost:81") + CHECKED


FINDINGS = {
    "health-fails": Found(
        "`health_fails` counts failures, consecutive or not",
        "that many *consecutive* failed checks mark a backend as unhealthy",
        f"{DOCS}#health_fails",
        checked("health_fails 2", "health_passes 1000"),
        "Backend 2 answered 500, so that checks passed and failed in turns: never two failures in "
        "a row. Requests were sent until one got 503.",
        alternating(503, "no 503 within 5 seconds"),
        "09-deploys-and-reloads, the glossary's *health check*",
    ),
    "health-passes": Found(
        "`health_passes` counts passed checks, consecutive or not",
        "that many *consecutive* passed checks mark a backend as healthy again",
        f"{DOCS}#health_passes",
        checked("health_fails 1", "health_passes 2"),
        "Backend 2 answered 500, so that checks passed and failed in turns: never two passes in a "
        "row. When the site had once been left out, requests were sent until one got 200.",
        up_again,
    ),
    "health-status": Found(
        "Without `health_status`, a check accepts every 2xx",
        "200 is what a check expects by default",
        f"{DOCS}#health_status",
        site("health_uri /", "health_interval 100ms", upstreams="localhost:81")
        + "\n:81 {\n\trespond 204\n}\n",
        "After a second of checks that were answered 204, a request was sent.",
        in_a_second,
    ),
    "events": Found(
        "A backend that is left out after failures is no event",
        "an event is emitted whenever a backend turns from healthy to unhealthy, or back",
        f"{DOCS}#events",
        site(TURNS, RETRY, MEMORY),
        "Backend 2 was killed, one request failed there, and four more were sent.",
        events,
    ),
    "random-choose-idle": Found(
        "`random_choose 2` of two idle backends always takes the first",
        "it selects two at random and takes the one with the least load",
        f"{DOCS}#lb_policy",
        site("lb_policy random_choose 2"),
        "100 requests were sent, one after the other.",
        shares(100),
        "07-random",
        judge=only_the_first,
    ),
    "random-choose-busy": Found(
        "`random_choose 2` of two backends often takes the busier one",
        "it selects two at random and takes the one with the least load",
        f"{DOCS}#lb_policy",
        web(
            "reverse_proxy /delay/4000 backend1:8080", "reverse_proxy /delay/4001 backend2:8080",
            f"reverse_proxy {PAIR} {{", "lb_policy random_choose 2", "}",
        ),
        "Backend 1 had 5 requests in hand and backend 2 one; then 200 quick ones were sent.",
        to_the_busier,
        "07-random",
        judge=half,
    ),
    "weights": Found(
        "Too few weights are accepted; when a backend fails, requests end without an answer",
        "the number of weights should match that of the upstreams",
        f"{DOCS}#lb_policy",
        site("lb_policy weighted_round_robin 2 1", MEMORY, upstreams=f"{PAIR} backend3:8080"),
        "Backend 1 was killed; 4 requests were sent.",
        after_a_kill(1, 4),
    ),
    "header-fallback-cookie": Found(
        "`header` with the fallback `cookie` ends every request without an answer",
        "`header` takes another policy as its fallback",
        f"{DOCS}#lb_policy",
        site("lb_policy header X-User {", "fallback cookie lb", "}"),
        "4 requests without that header were sent.",
        statuses(4),
    ),
    "cookie-twice": Found(
        "A first visit that is retried brings several `Set-Cookie`",
        "the answer to a client without a cookie gets a `Set-Cookie`",
        f"{DOCS}#lb_policy",
        site("lb_policy cookie lb {", "fallback round_robin", "}", RETRY, MEMORY),
        "Backend 2, whose turn it was, was killed; one request was sent.",
        cookies,
    ),
    "hash-moves": Found(
        "A hash moves clients when a backend is added",
        "a client stays mapped to the same upstream even if the list of upstreams changes",
        f"{DOCS}#lb_policy",
        before_and_after(),
        "300 clients sent a request each, before and after `backend3:8080` was added.",
        moved,
        "05-ip-hash",
        judge=third,
    ),
    "try-duration": Found(
        "`lb_try_duration` does not bound how long a client waits",
        "clients wait up to this long while an available backend is sought",
        f"{DOCS}#lb_try_duration",
        site("lb_policy first", "lb_try_duration 1s"),
        "Backend 1 got no packets any more (partitioned); one request was sent.",
        waited,
        "03-slow-service, 08-fallback-strategies",
    ),
    "retry-without-body": Found(
        "A retried POST loses its body, and the healthy backend is counted as failed",
        "a request that matches `lb_retry_match` is retried",
        f"{DOCS}#lb_retry_match",
        site(
            TURNS, RETRY, MEMORY, "lb_retry_match {", "method POST", "}",
            "transport http {", "response_header_timeout 300ms", "}",
        ),
        "Backend 2, whose turn it was, hung; a POST with a body was sent, then 4 GETs.",
        order_and_readers,
        "08-fallback-strategies",
    ),
    "max-fails": Found(
        "A `max_fails` below 1 is accepted, and answers every request with 503",
        "it must be at least 1",
        f"{DOCS}#max_fails",
        site(MEMORY, "max_fails -1"),
        "4 requests were sent; nothing was broken.",
        statuses(4),
    ),
    "grace-period": Found(
        "`grace_period` does not end a request that an upstream works on",
        "a server whose clients have not finished within it is forcefully terminated",
        f"{OPTIONS}#grace_period",
        "{\n\tgrace_period 500ms\n}\n" + site(upstreams=ONE),
        "While a request was under way that takes two seconds, the configuration was loaded anew.",
        through_a_reload,
        "09-deploys-and-reloads",
        judge=status,
    ),
    "request-count": Found(
        "`unhealthy_request_count` counts without `fail_duration`",
        "passive health checks, of which this is one, need `fail_duration`",
        f"{DOCS}#passive-health-checks",
        site("unhealthy_request_count 1", upstreams=ONE),
        "While the upstream had a slow request in hand, 3 others were sent.",
        lambda lab: _codes(beside_a_slow_one(1500, 3)(lab)),
        "10-overload",
    ),
    "try-interval": Found(
        "`lb_try_interval` is waited for where no request has failed",
        "it is relevant only when a request to an upstream fails",
        f"{DOCS}#lb_try_interval",
        site(
            "unhealthy_request_count 1", "lb_try_duration 10s", "lb_try_interval 1s", upstreams=ONE
        ),
        "While the upstream had a request in hand that takes 1.5 seconds, a quick one was sent.",
        asked_again,
        "10-overload",
        judge=patience,
    ),
    "metric-late": Found(
        "`caddy_reverse_proxy_upstreams_healthy` says 1 of an upstream that is left out",
        "1 means that the upstream is healthy, 0 that it is not",
        f"{METRICS}#caddy_reverse_proxy_upstreams_healthy",
        site("health_uri /", "health_interval 100ms"),
        "Backend 2 answered 500; as soon as a check had found that, the metric was asked for. It "
        "is made anew every ten seconds.",
        gauge_at_a_flip,
        "12-watching",
    ),
    "named-route-cut": Found(
        "Of a named route without matchers one directive is left",
        "a named route holds the directives that stand between its braces",
        ROUTES,
        "&(app) {\n\theader X-Site shop\n" + f"\treverse_proxy {ONE}\n}}\n" + web("invoke app"),
        "`/test-api` was asked for.",
        page("/test-api"),
    ),
    "placeholder": Found(
        "`{rp.retries}` in a header of the answer stays a literal text",
        "the placeholder can be used within this handler and after it",
        MODULE,
        site("header_down X-Retries {rp.retries}", upstreams=ONE),
        "One request was sent; this header came back.",
        header("X-Retries"),
    ),
}  # fmt: skip
"""By name, in the order of the page."""

CHANGES = {
    "post-after-dial-error": Found(
        "A POST with a body is retried when its backend refuses the connection",
        "if the connection to the upstream failed, a retry is always allowed",
        f"{DOCS}#lb_retry_match",
        site(TURNS, RETRY, MEMORY),
        "Backend 2, whose turn it was, was killed; a POST with a body was sent, then 4 GETs.",
        order_to_a_dead_one,
        "08-fallback-strategies",
    ),
}
"""What the course's version does as documented and older ones did not."""
