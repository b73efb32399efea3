"""Rules about remembering failures, and about doing nothing of the kind."""

from __future__ import annotations

from caddylab._caddy.adapted.proxies import Proxy
from caddylab._caddy.advice.rules.attempts import INTERVAL, STICKY, attempts
from caddylab._caddy.advice.rules.parameters import parameters
from caddylab._caddy.advice.rules.registry import Findings, Remark, proxy_rule, rule
from caddylab._caddy.advice.rules.subject import Subject
from caddylab._caddy.advice.rules.words import duration, listed

_NEEDS_MEMORY = ("max_fails", "unhealthy_status", "unhealthy_latency")
_POLICY = "selection_policy"


@proxy_rule(
    "failures-not-counted",
    "Options that count failures, without a memory",
    write="Add how long a failure counts, such as `fail_duration 10s`.",
)
def not_counted(proxy: Proxy) -> Findings:
    """Without `fail_duration` Caddy counts no failures, and what depends on their number has no
    effect.
    """
    options = [key for key in proxy.passive if key in _NEEDS_MEMORY]
    if options and not proxy.fail_duration and proxy.passive.get("max_fails", 0) >= 0:
        message = (
            f"Without `fail_duration` Caddy counts no failures: {listed(options)} has no effect."
        )
        yield Remark(proxy.line(*options), message)


@proxy_rule(
    "negative-max-fails",
    "A negative `max_fails`",
    write="Write 1 or more, such as `max_fails 3`.",
)
def negative(proxy: Proxy) -> Findings:
    """With a negative `max_fails` every upstream counts as failed: always 503."""
    if proxy.passive.get("max_fails", 0) < 0:
        message = "With a negative `max_fails` every upstream counts as failed: always 503."
        yield Remark(proxy.line("max_fails"), message)


@proxy_rule(
    "memory-with-one-upstream",
    "A memory where there is one upstream",
    write="Take `fail_duration` away: with one upstream there is no other to turn to.",
)
def one_upstream(proxy: Proxy) -> Findings:
    """After a failure Caddy leaves the only upstream out for `fail_duration`: 503 from memory, also
    when it has long been back.
    """
    if (
        proxy.fail_duration
        and not proxy.dynamic
        and len(proxy.dials) == 1
        and _patience(proxy) <= proxy.fail_duration
    ):
        yield Remark(
            proxy.line("fail_duration"),
            f"There is one upstream: after {_failures(proxy)} Caddy answers 503 from memory for"
            f" {duration(proxy.fail_duration)}, also when it is back at once.",
            "Take `fail_duration` away, and let requests wait for it: `lb_try_duration 3s`.",
        )


def _patience(proxy: Proxy) -> float:
    """How long a request is kept waiting while no upstream is available."""
    if not proxy.retries:
        return 0
    pause = proxy.balancing.get("try_interval", 0)
    if (budget := proxy.balancing.get("try_duration", 0)) > 0:
        return float(min(budget, (attempts(proxy) - 1) * (pause or INTERVAL)))
    return float((attempts(proxy) - 1) * pause)


def _failures(proxy: Proxy) -> str:
    return "a failure" if proxy.max_fails == 1 else f"{proxy.max_fails} failures"


@proxy_rule(
    "memory-without-retry",
    "A memory that takes several failures, without a retry",
    write="Add a second chance: `lb_retries 1`.",
)
def without_retry(proxy: Proxy) -> Findings:
    """Caddy leaves an upstream out after `max_fails` failures. Without a retry each of these is an
    error that somebody gets, though another upstream is healthy.
    """
    if proxy.fail_duration and proxy.max_fails > 1 and not proxy.retries and proxy.choices > 1:
        yield Remark(
            proxy.line("max_fails"),
            f"Without a retry {proxy.max_fails} requests get an error before Caddy leaves a dead"
            " upstream out.",
            f"Add a second chance: `lb_retries {_enough(proxy)}`.",
        )


def _enough(proxy: Proxy) -> int:
    """How many retries reach another upstream."""
    return proxy.max_fails if (proxy.policies or ["random"])[0] in STICKY else 1


@proxy_rule(
    "checks-without-failover",
    "Active checks alone",
    write="Add `lb_retries 1` and `fail_duration 10s`.",
    lacking=True,
)
def only_checks(proxy: Proxy) -> Findings:
    """An active check finds a dead upstream at the next `health_interval`. Until then every request
    that goes there gets an error, though another upstream is healthy.
    """
    # Dynamic upstreams are never checked, so nothing is to be said of a next check.
    others = proxy.retries or proxy.fail_duration or proxy.dynamic
    if proxy.checks and proxy.choices > 1 and not others:
        interval = duration(proxy.active.get("interval", 0) or 30_000_000_000)
        yield Remark(
            proxy.line("health_uri", "health_port", "health_path"),
            f"Until the next check (every {interval}) requests to a dead upstream get a 502:"
            " nothing is retried, and no failure is remembered.",
        )


@rule(
    "pool-without-failover",
    "Several upstreams without any failover",
    write="Add `lb_retries 1` and `fail_duration 10s`.",
    lacking=True,
)
def no_failover(subject: Subject) -> Findings:
    """Caddy goes on sending requests to a dead upstream: nothing is retried, no failure is
    remembered, nobody checks.
    """
    for proxy in subject.proxies:
        if (
            proxy.choices > 1
            and not parameters(proxy)
            and not _tries(proxy)
            and not _spare(subject, proxy)
        ):
            yield Remark(
                proxy.line(),
                f"{proxy.choices} upstreams, but when one is dead Caddy still sends requests there:"
                " 502. Nothing is retried, remembered or checked.",
            )


def _tries(proxy: Proxy) -> bool:
    """Whether there is some failover; options without effect have rules of their own."""
    passive = proxy.passive.keys() - {"unhealthy_request_count"}
    return bool(proxy.dynamic or passive or proxy.active or proxy.balancing.keys() - {_POLICY})


def _spare(subject: Subject, proxy: Proxy) -> bool:
    """Whether an error of this proxy is answered by another one, in `handle_errors`."""
    return proxy.step.main and any(
        other.step.server is proxy.step.server and not other.step.main for other in subject.proxies
    )
