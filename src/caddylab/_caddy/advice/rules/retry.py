"""Rules about trying again."""

from __future__ import annotations

from typing import Any

from caddylab._caddy.adapted.proxies import Proxy
from caddylab._caddy.advice.rules.attempts import (
    INTERVAL,
    STICKY,
    WITH_BODY,
    asks_for_response,
    attempts,
    breaks,
    retry_sets,
    takes_error,
    takes_response,
    timeout,
)
from caddylab._caddy.advice.rules.registry import Findings, Remark, proxy_rule
from caddylab._caddy.advice.rules.words import duration, listed

_MANY_ENOUGH = 10
"""How many attempts are enough to find a live upstream."""
_DIAL_TIMEOUT = 3_000_000_000  # Caddy's own default, in nanoseconds


@proxy_rule(
    "retry-without-memory",
    "A retry without a memory",
    write="Add how long a failure counts, such as `fail_duration 10s`.",
)
def without_memory(proxy: Proxy) -> Findings:
    """Without `fail_duration` Caddy does not remember which upstream failed, so a retry may pick
    the dead one again.
    """
    if proxy.retries and proxy.choices > 1 and not proxy.fail_duration:
        yield Remark(
            proxy.line(*proxy.retries),
            f"{listed(proxy.retries)} without `fail_duration`: Caddy does not remember which"
            f" upstream failed, so a retry may pick the dead one again{_waits(proxy)}.",
        )


def _waits(proxy: Proxy) -> str:
    """What that costs where there is enough time to find another upstream."""
    sticky = (proxy.policies or ["random"])[0] in STICKY
    if sticky or attempts(proxy) < _MANY_ENOUGH:
        return ""
    pause = duration(proxy.balancing.get("try_interval", 0) or INTERVAL)
    return f", and a request waits {pause} each time"


@proxy_rule(
    "retry-options-without-retry",
    "Options of a retry that never happens",
    write="Add `lb_retries 1` (or `lb_try_duration 5s`).",
)
def no_retry_at_all(proxy: Proxy) -> Findings:
    """`lb_retry_match` and `lb_try_interval` say how to retry; without `lb_retries` or
    `lb_try_duration` nothing is retried.
    """
    options = [f"lb_{key}" for key in ("retry_match", "try_interval") if key in proxy.balancing]
    if options and not proxy.retries and proxy.balancing.get("retries", 0) >= 0:
        message = f"There are no retries here: {listed(options)} has no effect."
        yield Remark(proxy.line(*options), message)


@proxy_rule(
    "retry-without-body",
    "A POST that is to be sent twice",
    write="Let Caddy keep the body, `request_buffers 1MiB`, or retry only GETs: `method GET`.",
)
def body_sent_once(proxy: Proxy) -> Findings:
    """Caddy passes a body on while it comes in. When it retries, the body is gone: the retry fails,
    and the healthy upstream counts as failed too.
    """
    sets = retry_sets(proxy)
    admitted = [m for m in WITH_BODY if any(_lets_through(match, m) for match in sets)]
    several = len(proxy.dials) > 1 or proxy.dynamic
    also = ", and the healthy upstream counts as failed too" if proxy.fail_duration else ""
    if admitted and proxy.retries and several and "request_buffers" not in proxy.handler:
        yield Remark(
            proxy.line("lb_retry_match"),
            f"A {admitted[0]} cannot be sent twice, for its body is gone: the retry that"
            f" `lb_retry_match` allows fails{also}.",
        )


def _lets_through(match: dict[str, Any], method: str) -> bool:
    return takes_error(match, method) or takes_response(match, method)


@proxy_rule(
    "retry-match-order",
    "Blocks of `lb_retry_match` in an order that hides one",
    write="Put it last, or ask for both in one `expression`:"
    " `{rp.is_transport_error} || {rp.status_code} >= 500`.",
)
def match_order(proxy: Proxy) -> Findings:
    """Where there was no answer, a block that asks for the answer's status cannot be judged, and
    Caddy does not look at the blocks after it: a GET that hangs is not retried.
    """
    sets = retry_sets(proxy)
    broken = next((i for i, match in enumerate(sets) if breaks(match)), None)
    if broken is None or not proxy.retries or any(takes_error(m, "GET") for m in sets[:broken]):
        return
    if any(takes_error(m, "GET") for m in sets[broken + 1 :]):
        yield Remark(
            proxy.line("lb_retry_match"),
            "The block with the status stands first: where there was no answer it cannot be judged,"
            " and Caddy ignores the blocks after it. A GET that hangs is not retried.",
        )


@proxy_rule(
    "timeout-not-retried",
    "A timeout that is not retried",
    write="Ask for both in the `expression`: `{rp.is_transport_error} || {rp.status_code} >= 500`.",
)
def timeout_not_retried(proxy: Proxy) -> Findings:
    """Caddy retries a GET after a timeout by itself, but not where an `lb_retry_match` asks only
    for the status of an answer.
    """
    sets = retry_sets(proxy)
    asked = sets and all(asks_for_response(m) and not takes_error(m, "GET") for m in sets)
    if timeout(proxy) and proxy.retries and asked:
        yield Remark(
            proxy.line("lb_retry_match"),
            f"`lb_retry_match` asks only for an answer: a GET that got none within"
            f" {duration(timeout(proxy))} is not retried, though Caddy would do so by itself.",
        )


@proxy_rule(
    "negative-retries",
    "A negative number of retries",
    write="Write 0 or more, such as `lb_retries 1`.",
)
def negative(proxy: Proxy) -> Findings:
    """A negative `lb_retries` has no end: with all upstreams down Caddy never stops."""
    if proxy.balancing.get("retries", 0) < 0:
        message = "A negative `lb_retries` has no end: with all upstreams down Caddy never stops."
        yield Remark(proxy.line("lb_retries"), message)


@proxy_rule(
    "retry-time-too-short",
    "A time to retry that the first attempt uses up",
    write="Make `lb_try_duration` longer, or the timeout (in `transport http`) shorter.",
)
def budget(proxy: Proxy) -> Findings:
    """`lb_try_duration` begins with the first attempt. One that runs into a timeout uses it up, and
    nothing is retried. With one upstream there is nobody else to ask.
    """
    budget = proxy.balancing.get("try_duration", 0)
    limits = {"dial_timeout": _DIAL_TIMEOUT, **proxy.transport}
    for option, sign in (("response_header_timeout", 504), ("dial_timeout", 502)):
        limit = limits.get(option, 0)
        if 0 < budget <= limit and proxy.choices > 1:
            usual = "" if option in proxy.transport else " by default"
            yield Remark(
                proxy.line("lb_try_duration"),
                f"`lb_try_duration {duration(budget)}` is used up when the first attempt runs into"
                f" `{option}` ({duration(limit)}{usual}): {sign} without a retry.",
                f"Make `lb_try_duration` longer, or `{option}` (in `transport http`) shorter.",
            )
            return


@proxy_rule(
    "retries-end-before-max-fails",
    "Retries that end before an upstream counts as failed",
    write="Make `lb_retries` at least as large as `max_fails`.",
)
def sticky(proxy: Proxy) -> Findings:
    """`first` and the policies that keep a client at one upstream choose the same one again until
    it has failed `max_fails` times. Retries that end before that give an error beside a healthy
    upstream.
    """
    policy = (proxy.policies or ["random"])[0]
    tries = attempts(proxy)
    if (
        policy in STICKY
        and proxy.fail_duration
        and proxy.choices > 1
        and 1 < tries <= proxy.max_fails
    ):
        yield Remark(
            proxy.line("max_fails", *proxy.retries),
            f"`{policy}` tries the same upstream again until it has failed {proxy.max_fails} times,"
            f" and a request gets {tries} attempts: 502 beside a healthy upstream.",
            f"Make it `lb_retries {proxy.max_fails}`, or `max_fails` smaller.",
        )
