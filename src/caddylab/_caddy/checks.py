"""The checks of one `reverse_proxy`, as Caddy's JSON has it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from caddylab._caddy.proxies import Proxy

_DIAL_TIMEOUT = 3_000_000_000  # Caddy's own; durations of its JSON are nanoseconds
_NEEDS_MEMORY = ("max_fails", "unhealthy_status", "unhealthy_latency")
_WITH_BODY = ("POST", "PUT", "PATCH")
_CHECKED_BY = {"uri", "path", "port"}


@dataclass(frozen=True)
class Note:
    """A warning about a Caddyfile that Caddy accepts.

    `line` is 1-based and None where no line can be named, `message` says what Caddy will do,
    and `help` what was probably meant.
    """

    line: int | None
    message: str
    help: str

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line else ""
        return f"{place}{self.message} → {self.help}"


# --- upstreams ----------------------------------------------------------------------------


def _no_upstream(proxy: Proxy) -> Iterator[Note]:
    if not proxy.dials and not proxy.dynamic:
        yield Note(
            proxy.line(),
            "This `reverse_proxy` has no upstream: every request is answered with 503.",
            "Name the backends behind it: `reverse_proxy backend1:8080 backend2:8080`.",
        )


def _never_reached(proxy: Proxy) -> Iterator[Note]:
    if proxy.shadowed:
        yield Note(
            proxy.line(),
            "This `reverse_proxy` is never reached: another one before it takes every request.",
            "Name all upstreams behind one `reverse_proxy`, or give each its own path.",
        )


def _odd_dial(proxy: Proxy) -> Iterator[Note]:
    for dial in proxy.dials:
        host = dial.removesuffix(":80")
        if "," in dial:
            message = f"The comma is taken for a part of the name: Caddy dials `{dial}`."
            help = "Separate upstreams by spaces: `reverse_proxy backend1:8080 backend2:8080`."
        elif re.search(r"[/*]", dial) and not dial.startswith("unix"):
            message = f"The path is taken for a part of the name: Caddy dials `{dial}`."
            help = "An upstream is `host:port`; a path stands before the upstreams."
        elif host.isdigit():
            message = f"`{host}` is taken for the name of a host: Caddy dials its port 80."
            help = f"An upstream is `host:port`, such as `backend1:{host}`."
        else:
            continue
        place = [*proxy.upstream_lines(dial), proxy.line()]
        yield Note(place[0], message, help)


def _no_port(proxy: Proxy) -> Iterator[Note]:
    for upstream, line in proxy.block.upstreams if proxy.block else []:
        if re.fullmatch(r"(?!\d+$)[\w.-]+", upstream):
            message = f"`{upstream}` has no port: Caddy dials port 80."
            yield Note(line, message, f"Write the port too, such as `{upstream}:8080`.")


def _same_upstream_twice(proxy: Proxy) -> Iterator[Note]:
    for dial, times in Counter(proxy.dials).items():
        if times > 1:
            message = f"`{dial}` is named {times} times: it counts as {times} upstreams."
            help = "Name it once; for unequal shares there is `lb_policy weighted_round_robin`."
            place = [proxy.line(), *proxy.upstream_lines(dial)]
            yield Note(place[-1], message, help)


# --- policies -----------------------------------------------------------------------------


def _weights(proxy: Proxy) -> Iterator[Note]:
    weights = proxy.balancing.get("selection_policy", {}).get("weights", [])
    upstreams = len(proxy.dials)
    if not weights or proxy.dynamic or len(weights) == upstreams:
        return
    if len(weights) == 1:
        effect = "Caddy sends everything to the first upstream, even when it is dead."
    elif len(weights) < upstreams:
        effect = "the last get nothing, and when one fails Caddy breaks off connections."
    else:
        effect = "those beyond the last upstream distort the shares of the others."
    message = f"{len(weights)} weight(s) for {upstreams} upstream(s): {effect}"
    help = "Give one weight for each upstream, in their order."
    yield Note(proxy.line("lb_policy"), message, help)


def _cookie_fallback(proxy: Proxy) -> Iterator[Note]:
    policy = proxy.balancing.get("selection_policy", {})
    chain = []
    while policy:
        chain.append(policy.get("policy"))
        policy = policy.get("fallback")
    blind = [i for i, name in enumerate(chain) if name in ("header", "query")]
    if blind and "cookie" in chain[blind[0] :]:
        yield Note(
            proxy.line("fallback"),
            f"`{chain[blind[0]]}` cannot fall back on `cookie`: Caddy breaks off the connection.",
            "Take another fallback, such as `fallback round_robin`.",
        )


# --- failures and retries -----------------------------------------------------------------


def _remembers(proxy: Proxy) -> bool:
    return bool(proxy.passive.get("fail_duration", 0) > 0)


def _retries(proxy: Proxy) -> list[str]:
    keys = [key for key in ("retries", "try_duration") if proxy.balancing.get(key, 0) > 0]
    return [f"lb_{key}" for key in keys]


def _passive_without_memory(proxy: Proxy) -> Iterator[Note]:
    options = [key for key in proxy.passive if key in _NEEDS_MEMORY]
    if options and not _remembers(proxy) and proxy.passive.get("max_fails", 0) >= 0:
        yield Note(
            proxy.line(*options),
            f"Without `fail_duration` Caddy counts no failures: {_listed(options)} has no effect.",
            "Add how long a failure counts, such as `fail_duration 10s`.",
        )


def _retry_without_memory(proxy: Proxy) -> Iterator[Note]:
    options = _retries(proxy)
    others = proxy.dynamic or len(proxy.dials) > 1
    if options and others and not _remembers(proxy):
        yield Note(
            proxy.line(*options),
            f"{_listed(options)} without `fail_duration`: Caddy does not remember which upstream"
            " failed, so a retry may pick the dead one again.",
            "Add how long a failure counts, such as `fail_duration 10s`.",
        )


def _no_retry_at_all(proxy: Proxy) -> Iterator[Note]:
    options = [f"lb_{key}" for key in ("retry_match", "try_interval") if key in proxy.balancing]
    if options and not _retries(proxy) and proxy.balancing.get("retries", 0) >= 0:
        yield Note(
            proxy.line(*options),
            f"There are no retries here: {_listed(options)} has no effect.",
            "Add `lb_retries 1` (or `lb_try_duration 5s`).",
        )


def _body_sent_once(proxy: Proxy) -> Iterator[Note]:
    matches = proxy.balancing.get("retry_match", [])
    bodies = [m for match in matches for m in match.get("method", []) if m in _WITH_BODY]
    if bodies and _retries(proxy) and "request_buffers" not in proxy.handler:
        yield Note(
            proxy.line("lb_retry_match"),
            f"A {bodies[0]} cannot be sent twice, for its body is gone: the retry fails, and the"
            " healthy upstream counts as failed too.",
            "Let Caddy keep the body: `request_buffers 1MiB`.",
        )


def _negative(proxy: Proxy) -> Iterator[Note]:
    if proxy.balancing.get("retries", 0) < 0:
        message = "A negative `lb_retries` has no end: with all upstreams down Caddy never stops."
        yield Note(proxy.line("lb_retries"), message, "Write 0 or more, such as `lb_retries 1`.")
    if proxy.passive.get("max_fails", 0) < 0:
        message = "With a negative `max_fails` every upstream counts as failed: always 503."
        yield Note(proxy.line("max_fails"), message, "Write 1 or more, such as `max_fails 3`.")


def _budget(proxy: Proxy) -> Iterator[Note]:
    budget = proxy.balancing.get("try_duration", 0)
    limits = {"dial_timeout": _DIAL_TIMEOUT, **proxy.transport}
    for option, sign in (("response_header_timeout", 504), ("dial_timeout", 502)):
        limit = limits.get(option, 0)
        if 0 < budget <= limit:
            usual = "" if option in proxy.transport else " by default"
            yield Note(
                proxy.line("lb_try_duration"),
                f"`lb_try_duration {_duration(budget)}` is used up when the first attempt runs into"
                f" `{option}` ({_duration(limit)}{usual}): {sign} without a retry.",
                f"Make `lb_try_duration` longer, or `{option}` (in `transport http`) shorter.",
            )
            return


# --- active checks ------------------------------------------------------------------------


def _no_active_check(proxy: Proxy) -> Iterator[Note]:
    if proxy.active and not proxy.active.keys() & _CHECKED_BY:
        options = proxy.written("health_") or ["health_..."]
        yield Note(
            proxy.line(*options),
            f"Without `health_uri` nothing is checked: {_listed(options)} has no effect.",
            "Add the path to ask for, such as `health_uri /`.",
        )


def _interval(proxy: Proxy) -> Iterator[Note]:
    written = "health_interval" in proxy.written()
    interval = proxy.active.get("interval", 0)
    if not written or interval > 0 or not proxy.active.keys() & _CHECKED_BY:
        return
    effect = "means the default, 30 s" if interval == 0 else "switches the checks off"
    message = f"`health_interval {_duration(interval)}` {effect}."
    help = "Write the time between two checks, such as `health_interval 2s`."
    yield Note(proxy.line("health_interval"), message, help)


CHECKS: tuple[Callable[[Proxy], Iterator[Note]], ...] = (
    _no_upstream,
    _never_reached,
    _odd_dial,
    _no_port,
    _same_upstream_twice,
    _weights,
    _cookie_fallback,
    _passive_without_memory,
    _retry_without_memory,
    _no_retry_at_all,
    _body_sent_once,
    _negative,
    _budget,
    _no_active_check,
    _interval,
)


def _listed(options: list[str]) -> str:
    return ", ".join(f"`{option}`" for option in options)


def _duration(nanoseconds: int) -> str:
    seconds = nanoseconds / 1e9
    return f"{seconds * 1000:g}ms" if 0 < seconds < 1 else f"{seconds:g}s"
