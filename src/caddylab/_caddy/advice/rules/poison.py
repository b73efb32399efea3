"""Rules about a request that fails wherever it goes."""

from __future__ import annotations

from caddylab._caddy.adapted.proxies import Proxy
from caddylab._caddy.advice.rules.attempts import (
    STICKY,
    attempts,
    retries_response,
    retries_timeout,
    timeout,
)
from caddylab._caddy.advice.rules.registry import Findings, Remark, proxy_rule
from caddylab._caddy.advice.rules.words import duration

MANY = 5
"""More retries than that are too many for one request."""


@proxy_rule(
    "one-request-fails-all",
    "One request that takes every upstream away",
    write="Write `max_fails` with as many retries, such as `max_fails 2` with `lb_retries 2`.",
)
def poison(proxy: Proxy) -> Findings:
    """A request that fails wherever it goes is retried, and each attempt counts as a failure. With
    a small `max_fails` one such request takes the upstreams from everybody: 503.
    """
    if not proxy.fail_duration or proxy.choices < 2:
        return
    for each, what in _repeated_failures(proxy):
        tries = min(attempts(proxy, each), proxy.choices * proxy.max_fails)
        if (lost := _lost(proxy, tries)) > 1:
            yield Remark(
                proxy.line("fail_duration", "max_fails"),
                f"One {what} on every upstream is tried up to {tries} times, and"
                f" each failure counts: {_many(lost, proxy.choices)} left out for"
                f" {duration(proxy.fail_duration)}.",
                _cure(proxy),
            )
            return


@proxy_rule(
    "bad-status-not-retried",
    "A status that counts as a failure at once, and is not retried",
    write="Write `max_fails 2` with `lb_retries 2`, and let such answers be retried: see "
    "`lb_retry_match`.",
)
def status_not_retried(proxy: Proxy) -> Findings:
    """Who meets such a status gets it, though another upstream is healthy, and the upstream is left
    out. A few requests for a page that fails everywhere take all upstreams from everybody: 503.
    """
    if (
        proxy.passive.get("unhealthy_status")
        and proxy.fail_duration
        and proxy.max_fails == 1
        and proxy.choices > 1
        and not retries_response(proxy, "GET")
    ):
        yield Remark(
            proxy.line("unhealthy_status"),
            "An answer that `unhealthy_status` counts is not retried: each leaves an upstream out"
            f" for {duration(proxy.fail_duration)}, and {proxy.choices} requests for a page that"
            " fails everywhere leave nobody: 503.",
            "Write `max_fails 2` with `lb_retries 2`, and let such answers be retried: see "
            "`lb_retry_match`.",
        )


def _many(lost: int, choices: int) -> str:
    if lost < choices:
        return f"{lost} of {choices} upstreams are"
    return "both upstreams are" if choices == 2 else f"all {choices} upstreams are"


def _repeated_failures(proxy: Proxy) -> list[tuple[int, str]]:
    """What is both retried and counted as a failure: how long an attempt takes, and its name."""
    found = []
    for method in ("GET", "POST"):
        late = timeout(proxy) and retries_timeout(proxy, method)
        fails = proxy.passive.get("unhealthy_status") and retries_response(proxy, method)
        if late:
            what = "is too slow, or fails," if fails else "is too slow"
            found.append((timeout(proxy), f"{method} of a page that {what}"))
        if fails:
            found.append((0, f"{method} of a page that fails"))
        slow = proxy.passive.get("unhealthy_latency")
        if slow and retries_response(proxy, method):
            found.append((slow, f"{method} of a page that is slow and fails"))
    return found


def _lost(proxy: Proxy, tries: int) -> int:
    """How many upstreams one request can make count as failed."""
    if (proxy.policies or ["random"])[0] in STICKY:
        return min(proxy.choices, tries // proxy.max_fails)
    least, more = divmod(tries, proxy.choices)
    return (
        proxy.choices if least >= proxy.max_fails else more if least + 1 >= proxy.max_fails else 0
    )


def _cure(proxy: Proxy) -> str:
    """As many retries as failures: a dead upstream is survived, and of a pool one fails at most."""
    retries = int(proxy.balancing.get("retries", 0))
    enough = retries if 2 <= retries <= MANY else 2
    return (
        f"Write `max_fails {enough}` with `lb_retries {enough}`: then one such request makes one "
        "upstream fail at most, and a dead one is still made up for."
    )
