"""The run that proves each lint rule: a Caddyfile, the same one mended, and what to measure."""

from __future__ import annotations

import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from caddylab import Lab
from caddylab._caddy.adapted.tree import find
from caddylab._machine import loopback

Measure = Callable[[Lab, str], str]
PAIR = "backend1:8080 backend2:8080"
ROOT = "/srv"
"""Stands for a folder that has a page."""


@dataclass(frozen=True)
class Run:
    """What is done with the Caddyfile `wrong`, and with `right`, which follows the advice."""

    done: str
    wrong: str
    right: str
    measure: Measure

    def measured(self, lab: Lab) -> tuple[str, str]:
        """The results of both."""
        return self._one(lab, self.wrong), self._one(lab, self.right)

    def _one(self, lab: Lab, text: str) -> str:
        try:
            return self.measure(lab, text)
        finally:
            lab.restore()


# --- Caddyfiles -------------------------------------------------------------------------------


def web(*lines: str, head: tuple[str, ...] = ()) -> str:
    """One site with these lines, indented."""
    depth, text = 0, []
    for line in (*head, ":80 {", *lines, "}"):
        depth -= line.startswith("}")
        text.append("\t" * depth + line)
        depth += line.endswith("{")
    return "\n".join([*text, ""])


def site(*options: str, upstreams: str = PAIR, head: tuple[str, ...] = ()) -> str:
    """One site with one proxy."""
    if not options:
        return web(f"reverse_proxy {upstreams}", head=head)
    return web(f"reverse_proxy {upstreams}".rstrip() + " {", *options, "}", head=head)


# --- what is measured -------------------------------------------------------------------------


def counted(words: list[str]) -> str:
    """Each distinct word with its count."""
    return ", ".join(f"{number} × {word}" for word, number in sorted(Counter(words).items()))


def statuses(count: int = 8, **kwargs: object) -> Callable[[Lab], str]:
    """The answers to `count` requests."""

    def measure(lab: Lab) -> str:
        requests = lab.fire(count, **kwargs).requests  # type: ignore[arg-type]
        return counted([str(request.status or "no answer") for request in requests])

    return measure


def shares(count: int) -> Callable[[Lab], str]:
    """Who answered `count` requests."""

    def measure(lab: Lab) -> str:
        return counted([f"backend {request.answered_by}" for request in lab.fire(count).requests])

    return measure


def loaded(look: Callable[[Lab], str], *ill: str, at: tuple[int, ...] = (1,)) -> Measure:
    """Load, give the backends `at` the fault `ill` (its name and arguments), and look."""

    def measure(lab: Lab, text: str) -> str:
        lab.load(text)
        with ExitStack() as stack:
            for number in at if ill else ():
                stack.enter_context(fault(lab, number, *ill))
            return look(lab)

    return measure


def fault(lab: Lab, number: int, kind: str, *arguments: str):
    """A backend's fault, by its name."""
    backend = lab.backend(number)
    if kind == "slow":
        return backend.slow(
            float(arguments[0]), **({"path": arguments[1]} if arguments[1:] else {})
        )
    return backend.failing(1.0, 500) if kind == "failing" else getattr(backend, kind)()


def seen(header: str, **kwargs: object) -> Callable[[Lab], str]:
    """A header as the backend got it."""

    def measure(lab: Lab) -> str:
        headers = lab.get("/echo", **kwargs).json()["headers"]  # type: ignore[arg-type]
        return f"`{header}: {headers.get(header.lower(), '')}`"

    return measure


def got(header: str) -> Callable[[Lab], str]:
    """A header as the client got it."""

    def measure(lab: Lab) -> str:
        return f"`{header}: {lab.get('/').headers.get(header, '')}`"

    return measure


def got_over_http2(header: str) -> Callable[[Lab], str]:
    """The same over HTTP/2."""

    def measure(lab: Lab) -> str:
        with loopback.client(lab.url, http2=True) as client:
            return f"`{header}: {client.get('/').headers.get(header, '')}`"

    return measure


def page(path: str) -> Callable[[Lab], str]:
    """Who answered a request for a path, and with which status."""

    def measure(lab: Lab) -> str:
        answer = lab.get(path)
        who = answer.headers.get("X-Backend")
        said = (
            f"backend {who}" if who else f"Caddy: `{answer.headers.get('Location', answer.text)}`"
        )
        return f"{answer.status_code} from {said}"

    return measure


def dials(lab: Lab, text: str) -> str:
    """Where Caddy would connect to."""
    upstreams = list(find(lab.adapt(text), "dial"))
    return "Caddy dials " + " and ".join(f"`{dial}`" for dial in upstreams)


def log_goes_to(lab: Lab, text: str) -> str:
    """Where the access log of a site is written."""
    files = list(find(lab.adapt(text), "filename"))
    return " and ".join(f"to `{file}`" for file in files) or "to the standard error output"


def policy(lab: Lab, text: str) -> str:
    """What Caddy made of the policy."""
    [found] = list(find(lab.adapt(text), "selection_policy"))
    return f"in Caddy's JSON stands `{json.dumps(found)}`"


def sites(lab: Lab, text: str) -> str:
    """Where Caddy would listen, and for which host."""
    [server] = lab.adapt(text)["apps"]["http"]["servers"].values()
    hosts = list(find(server, "host"))
    return f"Caddy listens on `{server['listen'][0]}` for " + (
        f"`{hosts[0][0]}`" if hosts else "all"
    )


def linted(lab: Lab, text: str) -> str:
    """What the lint says."""
    return " and ".join(f"`{note.rule}`" for note in lab.lint(text)) or "nothing"


def later(seconds: float, look: Callable[[Lab], str]) -> Callable[[Lab], str]:
    """What is seen after some time."""

    def measure(lab: Lab) -> str:
        lab.pause(seconds)
        return look(lab)

    return measure


def noticed(seconds: float) -> Callable[[Lab], str]:
    """Whether the checks notice something within this time."""

    def measure(lab: Lab) -> str:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if any(span.kind == "unhealthy" and span.end is None for span in lab.opinions):
                return f"noticed within {seconds:g} s"
            time.sleep(0.05)
        return f"not noticed within {seconds:g} s"

    return measure


def in_the_end(lab: Lab) -> str:
    """What clients get after some checks."""
    end = time.monotonic() + 3
    while (status := lab.get("/").status_code) != 503 and time.monotonic() < end:
        time.sleep(0.05)
    return str(status)


def after_a_restart(lab: Lab) -> str:
    """One request while the backend is down, and five once it is back."""
    with lab.backend(1).stopped():
        lab.fire(1)
    return statuses(5, concurrency=5)(lab)


def after_one_bad_page(lab: Lab) -> str:
    """One request for a page that is slow everywhere, then ten for another one."""
    with lab.backend(1).slow(1, path="/echo"), lab.backend(2).slow(1, path="/echo"):
        lab.get("/echo")
        return statuses(10)(lab)


def after_a_failing_page(lab: Lab) -> str:
    """Two requests for a page that fails everywhere, then ten for another one."""
    broken = [lab.backend(number).failing(path="/fail") for number in (1, 2)]
    with broken[0], broken[1]:
        lab.fire(2, path="/fail")
        return statuses(10)(lab)


def offices(lab: Lab) -> str:
    """How many backends twenty clients reach through a proxy in front."""
    addresses = [f"198.51.100.{number}" for number in range(20)]
    answers = [lab.get("/echo", headers={"X-Forwarded-For": each}) for each in addresses]
    return f"{len({answer.json()['backend'] for answer in answers})} of 2 backends used"


def with_a_page(path: str) -> Measure:
    """Like `page`, with a folder that has an `index.html`."""

    def measure(lab: Lab, text: str) -> str:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "index.html").write_text("the page")
            lab.load(text.replace(ROOT, folder), allow=[folder])
            return page(path)(lab)

    return measure


# --- the runs ---------------------------------------------------------------------------------

ONE = "backend1:8080"
TURNS, FIRST = "lb_policy round_robin", "lb_policy first"
MEMORY, RETRY = "fail_duration 10s", "lb_retries 1"
QUICK = ("transport http {", "response_header_timeout 300ms", "}")
BY_STATUS = ("lb_retry_match {", "expression `{rp.status_code} >= 500`", "}")
GETS = ("lb_retry_match {", "method GET", "}")
BY_BOTH = (
    "lb_retry_match {",
    "method GET",
    "expression `{rp.is_transport_error} || {rp.status_code} >= 500`",
    "}",
)
API = ("handle_path /api* {", f"reverse_proxy {ONE}", "}")
DEAD = "Backend 1 was killed, then 8 requests were sent."
SLOW = "Backend 1 took a second, then 4 GETs were sent."
ECHO = "The backend told which headers it got."
ADAPTED = "`caddy adapt`."
UNSET = "CADDYLAB_NOBODY_SETS_THIS"


def trusting(addresses: str) -> tuple[str, ...]:
    """Global options that trust proxies."""
    return ("{", "servers {", f"trusted_proxies static {addresses}", "}", "}")


def header_up(rule: str, right: str) -> tuple[str, str]:
    """A proxy that sends a header, and the same mended."""
    return site(f"header_up {rule}", upstreams=ONE), site(f"header_up {right}", upstreams=ONE)


RUNS = {
    "bad-status-not-retried": Run(
        "One page failed at both backends: it was asked for twice, then another page 10 times.",
        site(TURNS, RETRY, MEMORY, "unhealthy_status 5xx"),
        site(TURNS, RETRY, MEMORY, "unhealthy_status 5xx", "max_fails 3"),
        loaded(after_a_failing_page),
    ),
    "blank-in-placeholder": Run(
        ECHO, *header_up('X-Path "{ uri }"', "X-Path {uri}"), loaded(seen("X-Path"))
    ),
    "brace-not-closed": Run(
        "`/b` was asked for.",
        ":80 {\n\thandle /a {\n\t\trespond a\n\trespond rest\n}\n",
        web("handle /a {", "respond a", "}", "respond rest"),
        loaded(page("/b")),
    ),
    "caddy-warns": Run(
        ADAPTED,
        f"http://0.0.0.0:8080 {{\n\treverse_proxy {ONE}\n}}\n",
        f":8080 {{\n\treverse_proxy {ONE}\n}}\n",
        sites,
    ),
    "check-slower-than-interval": Run(
        "Backend 1 was hung.",
        site("health_uri /", "health_interval 500ms", "health_timeout 5s", RETRY, MEMORY),
        site("health_uri /", "health_interval 500ms", "health_timeout 500ms", RETRY, MEMORY),
        loaded(noticed(4), "hung"),
    ),
    "checks-of-dynamic-upstreams": Run(
        "Backend 1 was killed; a second later 8 requests were sent.",
        site("dynamic a app 8080", TURNS, "health_uri /", "health_interval 200ms", upstreams=""),
        site("dynamic a app 8080", TURNS, RETRY, MEMORY, upstreams=""),
        loaded(later(1, statuses()), "stopped"),
    ),
    "checks-without-address": Run(
        "Backend 1 was killed.",
        site("health_interval 200ms", RETRY, MEMORY),
        site("health_uri /", "health_interval 200ms", RETRY, MEMORY),
        loaded(noticed(3), "stopped"),
    ),
    "checks-without-failover": Run(
        DEAD,
        site(FIRST, "health_uri /", "health_interval 60s"),
        site(FIRST, "health_uri /", "health_interval 60s", RETRY, MEMORY),
        loaded(statuses(), "stopped"),
    ),
    "checks-without-interval": Run(
        "Backend 1 was killed.",
        site("health_uri /", "health_interval -1s", RETRY, MEMORY),
        site("health_uri /", "health_interval 200ms", RETRY, MEMORY),
        loaded(noticed(3), "stopped"),
    ),
    "comma-in-matcher": Run(
        "`/echo` was asked for.",
        web("@app path /echo, /slow", f"reverse_proxy @app {ONE}"),
        web("@app path /echo /slow", f"reverse_proxy @app {ONE}"),
        loaded(page("/echo")),
    ),
    "comma-in-upstream": Run(
        ADAPTED,
        site(RETRY, MEMORY, upstreams="backend1:8080,backend2:8080"),
        site(RETRY, MEMORY),
        dials,
    ),
    "cookie-as-fallback": Run(
        "8 requests without that header were sent.",
        site("lb_policy header X-User {", "fallback cookie lb", "}", RETRY, MEMORY),
        site("lb_policy header X-User {", "fallback round_robin", "}", RETRY, MEMORY),
        loaded(statuses()),
    ),
    "deprecated-health-path": Run(
        "Requests were sent for 3 seconds.",
        site("health_path /echo?deep=1", RETRY, MEMORY),
        site("health_uri /echo?deep=1", RETRY, MEMORY),
        loaded(in_the_end),
    ),
    "every-proxy-trusted": Run(
        "A client sent `X-Forwarded-For: 203.0.113.9`. " + ECHO,
        site(upstreams=ONE, head=trusting("0.0.0.0/0 ::/0")),
        site(upstreams=ONE, head=trusting("192.0.2.0/24")),
        loaded(seen("X-Forwarded-For", headers={"X-Forwarded-For": "203.0.113.9"})),
    ),
    "failures-not-counted": Run(
        DEAD,
        site(FIRST, "max_fails 1"),
        site(FIRST, "max_fails 1", MEMORY),
        loaded(statuses(), "stopped"),
    ),
    "fallback-file-before-api": Run(
        "`/api/echo` was asked for.",
        web(f"root {ROOT}", "try_files {path} /index.html", *API, "handle {", "file_server", "}"),
        web(
            f"root {ROOT}", *API,
            "handle {", "try_files {path} /index.html", "file_server", "}",
        ),
        with_a_page("/api/echo"),
    ),
    "ip-hash-behind-proxy": Run(
        "20 clients came through one proxy.",
        site("lb_policy ip_hash", RETRY, MEMORY, head=trusting("127.0.0.1")),
        site("lb_policy client_ip_hash", RETRY, MEMORY, head=trusting("127.0.0.1")),
        loaded(offices),
    ),
    "line-break-in-header": Run(
        "A page was asked for over HTTP/2.",
        f'localhost {{\n\theader X-Site "\n\t\tshop\n\t"\n\treverse_proxy {ONE}\n}}\n',
        f"localhost {{\n\theader X-Site shop\n\treverse_proxy {ONE}\n}}\n",
        loaded(got_over_http2("X-Site")),
    ),
    "log-name-like-a-file": Run(
        "Caddy was asked where it writes the log.",
        web("log /var/log/site.log", "respond hello"),
        web("log {", "output file /var/log/site.log", "}", "respond hello"),
        log_goes_to,
    ),
    "foreign-variable": Run(
        ECHO, *header_up("X-Host %{HTTP_HOST}", "X-Host {host}"), loaded(seen("X-Host"))
    ),
    "memory-with-one-upstream": Run(
        "One request came while the backend was down, 5 when it was back.",
        site(MEMORY, upstreams=ONE),
        site(upstreams=ONE),
        loaded(after_a_restart),
    ),
    "memory-without-retry": Run(
        DEAD,
        site(FIRST, MEMORY, "max_fails 3"),
        site(FIRST, MEMORY, "max_fails 3", "lb_retries 3"),
        loaded(statuses(), "stopped"),
    ),
    "named-route-cut": Run(
        "A page was asked for.",
        "&(app) {\n\theader X-Site shop\n" + f"\treverse_proxy {ONE}\n}}\n" + web("invoke app"),
        "&(app) {\n\troute {\n\t\theader X-Site shop\n"
        + f"\t\treverse_proxy {ONE}\n\t}}\n}}\n" + web("invoke app"),
        loaded(page("/test-api")),
    ),
    "negative-max-fails": Run(
        "8 requests were sent; nothing was broken.",
        site(MEMORY, "max_fails -1"),
        site(MEMORY, "max_fails 3", "lb_retries 3"),
        loaded(statuses()),
    ),
    "negative-retries": Run(
        "Both backends were killed; a client waited for a second.",
        site("lb_retries -1", MEMORY, upstreams=PAIR),
        site(RETRY, MEMORY),
        loaded(statuses(1, timeout=1), "stopped", at=(1, 2)),
    ),
    "never-reached": Run(
        "`/api/echo` was asked for.",
        web("respond hello", f"reverse_proxy {ONE}"),
        web("handle_path /api/* {", f"reverse_proxy {ONE}", "}", "handle {", "respond hello", "}"),
        loaded(page("/api/echo")),
    ),
    "nginx-variable": Run(
        ECHO, *header_up("X-Host $host", "X-Host {host}"), loaded(seen("X-Host"))
    ),
    "no-such-rule": Run(
        "The lint was asked.",
        web("# lint: ignore pool-without-fallover", f"reverse_proxy {PAIR}"),
        web("# lint: ignore pool-without-failover", f"reverse_proxy {PAIR}"),
        linted,
    ),
    "no-upstream": Run(
        "8 requests were sent.", web("reverse_proxy"), site(upstreams=ONE), loaded(statuses())
    ),
    "one-request-fails-all": Run(
        "One page was slow at both backends: it was asked for once, then another page 10 times.",
        site(TURNS, RETRY, MEMORY, *QUICK),
        site(TURNS, RETRY, MEMORY, *QUICK, "max_fails 3"),
        loaded(after_one_bad_page),
    ),
    "only-the-root": Run(
        "`/test-api` was asked for.",
        web(f"reverse_proxy / {ONE}"),
        site(upstreams=ONE),
        loaded(page("/test-api")),
    ),
    "parameter-as-upstream": Run(
        ADAPTED,
        site(RETRY, MEMORY, upstreams=f"{ONE} weight=3 backend2:8080"),
        site("lb_policy weighted_round_robin 3 1", RETRY, MEMORY),
        dials,
    ),
    "path-changed-before-match": Run(
        "`/api/echo` was asked for.",
        web("uri strip_prefix /api", f"reverse_proxy /api/* {ONE}"),
        web("handle_path /api/* {", f"reverse_proxy {ONE}", "}"),
        loaded(page("/api/echo")),
    ),
    "path-in-upstream": Run(
        ADAPTED, site(upstreams=f"{ONE}/api"), web(f"reverse_proxy /api* {ONE}"), dials
    ),
    "placeholder-not-expanded": Run(
        "A client sent the cookie `session=1`. " + ECHO,
        *header_up("X-Session {cookie.*}", "X-Session {cookie.session}"),
        loaded(seen("X-Session", headers={"Cookie": "session=1"})),
    ),
    "placeholder-too-early": Run(
        "A page was asked for.",
        web("header X-Tried {rp.status_text}", f"reverse_proxy {ONE}"),
        web("header >X-Tried {rp.status_text}", f"reverse_proxy {ONE}"),
        loaded(got("X-Tried")),
    ),
    "policy-block-dropped": Run(
        ADAPTED,
        site("lb_policy ip_hash {", "fallback first", "}", RETRY, MEMORY),
        site("lb_policy header X-User {", "fallback first", "}", RETRY, MEMORY),
        policy,
    ),
    "policy-without-choice": Run(
        "8 requests were sent.",
        site(TURNS, upstreams=ONE),
        site(TURNS, RETRY, MEMORY),
        loaded(shares(8)),
    ),
    "pool-without-failover": Run(
        DEAD, site(TURNS), site(TURNS, RETRY, MEMORY), loaded(statuses(), "stopped")
    ),
    "port-as-host": Run(
        ADAPTED, site(upstreams=ONE).removeprefix(":"), site(upstreams=ONE), sites
    ),
    "port-as-upstream": Run(ADAPTED, web("reverse_proxy 8080"), site(upstreams=ONE), dials),
    "port-forgotten": Run(
        ADAPTED, site(RETRY, MEMORY, upstreams="backend1:8080 backend2"), site(RETRY, MEMORY), dials
    ),
    "redirect-to-a-status": Run(
        "`/app` was asked for.",
        web("handle /app {", "redir /app/ 301", "}", "handle {", f"reverse_proxy {ONE}", "}"),
        web("handle /app {", "redir * /app/ 301", "}", "handle {", f"reverse_proxy {ONE}", "}"),
        loaded(page("/app")),
    ),
    "request-placeholder-in-check": Run(
        "The check sends a header and expects its value in the answer; requests came for 3 s.",
        site("health_uri /echo", "health_headers {", "X-Host {host}", "}",
             "health_body localhost", upstreams=ONE),
        site("health_uri /echo", "health_headers {", "X-Host localhost", "}",
             "health_body localhost", upstreams=ONE),
        loaded(in_the_end),
    ),
    "retries-end-before-max-fails": Run(
        DEAD,
        site(FIRST, RETRY, MEMORY, "max_fails 5"),
        site(FIRST, "lb_retries 2", MEMORY, "max_fails 2"),
        loaded(statuses(), "stopped"),
    ),
    "retry-match-order": Run(
        SLOW,
        site(TURNS, RETRY, MEMORY, *BY_STATUS, *GETS, *QUICK, "max_fails 3",
             "request_buffers 1MiB"),
        site(TURNS, RETRY, MEMORY, *GETS, *BY_STATUS, *QUICK, "max_fails 3",
             "request_buffers 1MiB"),
        loaded(statuses(4), "slow", "1"),
    ),
    "retry-options-without-retry": Run(
        DEAD,
        site(TURNS, *GETS),
        site(TURNS, *GETS, RETRY, MEMORY),
        loaded(statuses(), "stopped"),
    ),
    "retry-time-too-short": Run(
        "Backend 2, whose turn it was, took two seconds; a GET was sent.",
        site(TURNS, RETRY, "lb_try_duration 200ms", MEMORY, *QUICK, "max_fails 2"),
        site(TURNS, RETRY, "lb_try_duration 5s", MEMORY, *QUICK, "max_fails 2"),
        loaded(statuses(1), "slow", "2", at=(2,)),
    ),
    "retry-without-body": Run(
        "Backend 2, whose turn it was, answered 500; a POST was sent.",
        site(TURNS, RETRY, MEMORY, *BY_STATUS),
        site(TURNS, RETRY, MEMORY, *BY_STATUS, "request_buffers 1MiB"),
        loaded(statuses(1, method="POST", body=b"order", path="/echo"), "failing", at=(2,)),
    ),
    "retry-without-memory": Run(
        DEAD, site(FIRST, RETRY), site(FIRST, RETRY, MEMORY), loaded(statuses(), "stopped")
    ),
    "rewrite-to-another-host": Run(
        "`/echo` was asked for.",
        web("rewrite * https://example.com{uri}", f"reverse_proxy {ONE}"),
        web("redir https://example.com{uri}"),
        loaded(page("/echo")),
    ),
    "status-not-a-number": Run(
        "A page was asked for.",
        web('respond 403 "not allowed"'),
        web('respond "not allowed" 403'),
        loaded(page("/")),
    ),
    "timeout-not-retried": Run(
        SLOW,
        site(TURNS, RETRY, MEMORY, *BY_STATUS, *QUICK, "max_fails 3", "request_buffers 1MiB"),
        site(TURNS, RETRY, MEMORY, *BY_BOTH, *QUICK, "max_fails 3"),
        loaded(statuses(4), "slow", "1"),
    ),
    "unknown-placeholder": Run(
        ECHO, *header_up("X-Host {hostpart}", "X-Host {host}"), loaded(seen("X-Host"))
    ),
    "upstream-from-client": Run(
        ADAPTED, site(upstreams="{header.X-Upstream}"), site(upstreams=ONE), dials
    ),
    "upstream-twice": Run(
        "12 requests were sent.",
        site(TURNS, RETRY, MEMORY, upstreams=f"{PAIR} {ONE}"),
        site(TURNS, RETRY, MEMORY),
        loaded(shares(12)),
    ),
    "variable-not-set": Run(
        "`/` was asked for.",
        web(f'respond "to {{${UNSET}}}!"'),
        web(f'respond "to {{${UNSET}:you}}!"'),
        loaded(page("/")),
    ),
    "weights-do-not-fit": Run(
        "8 requests were sent.",
        site("lb_policy weighted_round_robin 3", RETRY, MEMORY),
        site("lb_policy weighted_round_robin 3 1", RETRY, MEMORY),
        loaded(shares(8)),
    ),
}  # fmt: skip
"""By the rules' names."""
