"""Rules about active checks: the `health_...` options."""

from __future__ import annotations

import re

from caddylab._caddy.adapted.proxies import CHECKED_BY, Proxy
from caddylab._caddy.adapted.tree import strings
from caddylab._caddy.advice.rules.registry import Findings, Remark, proxy_rule
from caddylab._caddy.advice.rules.words import duration, listed

_TIMEOUT = 5_000_000_000  # Caddy's own default, in nanoseconds
_OF_A_REQUEST = re.compile(r"\{http\.(?!reverse_proxy\.active\.target_upstream\})[\w.-]+\}")


@proxy_rule(
    "checks-without-address",
    "Options of checks that never happen",
    write="Add the path to ask for, such as `health_uri /`.",
)
def no_check(proxy: Proxy) -> Findings:
    """Without `health_uri` (or `health_port`) nothing is checked, and the other options have no
    effect.
    """
    if proxy.active and not proxy.active.keys() & CHECKED_BY:
        options = proxy.written("health_") or ["health_..."]
        message = f"Without `health_uri` nothing is checked: {listed(options)} has no effect."
        yield Remark(proxy.line(*options), message)


@proxy_rule(
    "checks-of-dynamic-upstreams",
    "Active checks that never run",
    write="Leave them out; `lb_retries 1` and `fail_duration 10s` work there, too.",
)
def unchecked(proxy: Proxy) -> Findings:
    """Caddy makes no active checks of upstreams that it looks up (`dynamic`), and does not say so:
    one that is down is noticed by nobody but its users.
    """
    if proxy.dynamic and proxy.checks and not proxy.dials:
        options = proxy.written("health_") or ["health_uri"]
        yield Remark(
            proxy.line(*options),
            "Caddy does not check upstreams that it looks up: "
            f"{listed(options)} {'have' if len(options) > 1 else 'has'} no effect.",
        )


@proxy_rule(
    "checks-without-interval",
    "An interval that is none",
    write="Write the time between two checks, such as `health_interval 2s`.",
)
def interval(proxy: Proxy) -> Findings:
    """A `health_interval` of 0 means Caddy's default, 30 s; a negative one means no checks."""
    written = "health_interval" in proxy.written()
    interval = proxy.active.get("interval", 0)
    if written and interval <= 0 and proxy.active.keys() & CHECKED_BY:
        effect = "means the default, 30 s" if interval == 0 else "switches the checks off"
        message = f"`health_interval {duration(interval)}` {effect}."
        yield Remark(proxy.line("health_interval"), message)


@proxy_rule(
    "check-slower-than-interval",
    "A check that may take longer than the time between two",
    write="Make `health_timeout` at most as long as `health_interval`.",
)
def timeout(proxy: Proxy) -> Findings:
    """Caddy begins a check every `health_interval`, whether the last one is done or not. They pile
    up at a backend that hangs, and the hang is noticed only after `health_timeout`.
    """
    limit, interval = (proxy.active.get(key, 0) for key in ("timeout", "interval"))
    if proxy.checks and limit > (interval or 30_000_000_000) and interval >= 0:
        yield Remark(
            proxy.line("health_timeout"),
            f"`health_timeout {duration(limit)}` is longer than `health_interval"
            f" {duration(interval or 30_000_000_000)}`: checks pile up at a backend that hangs,"
            f" which is noticed only after {duration(limit)}.",
        )


@proxy_rule(
    "deprecated-health-path",
    "The old name of `health_uri`",
    write="Write `health_uri`.",
)
def path(proxy: Proxy) -> Findings:
    """`health_path` is deprecated, and a `?` in it is taken for a part of the path."""
    if path := proxy.active.get("path"):
        query = ", and takes its `?` for a part of the path" if "?" in path else ""
        message = f"`health_path` is deprecated: Caddy will drop it{query}."
        yield Remark(proxy.line("health_path"), message, f"Write `health_uri {path}`.")


@proxy_rule(
    "request-placeholder-in-check",
    "A request's placeholder in a check",
    write="Write the value itself; a check knows `{http.reverse_proxy.active.target_upstream}`,"
    " `{env.…}` and the like.",
)
def placeholder(proxy: Proxy) -> Findings:
    """A check is Caddy's own request: a request's placeholders stay text."""
    for option, key in (("health_headers", "headers"), ("health_request_body", "body"),
                        ("health_uri", "uri")):  # fmt: skip
        for text in strings(proxy.active.get(key)):
            for name in _OF_A_REQUEST.findall(text):
                where = proxy.line(option)
                message = f"A check has no request of a client: `{name}` stays there as plain text."
                yield Remark(where, message)
