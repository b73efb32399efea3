"""A run in a few sentences."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from caddylab._look.called import called
from caddylab._look.counted import counted
from caddylab._look.spoken import ms
from caddylab._records import NAMES, UNSENT, Answerer, Outcome, Request
from caddylab._traffic.counts import Counts

WORDS = {
    Outcome.NOBODY: "taken by nobody (Caddy's empty 200)",
    Outcome.REFUSED: "refused",
    Outcome.TLS: "failed in the TLS handshake",
    Outcome.RESET: "cut off",
    Outcome.TIMEOUT: "timed out",
    Outcome.CANCELLED: "cancelled",
    Outcome.PENDING: "still waiting",
}
REDIRECTIONS = frozenset((301, 302, 303, 307, 308))
"""The statuses that redirect to another address; the engine's clients do not follow them."""
MANY = 100
GIVEN_UP = "context canceled"
"""What Caddy writes of an attempt whose client has gone: to Caddy, its backend has not failed."""
TOLD = (Answerer.CADDY, Answerer.NOBODY)
"""Who answered beside the backends; of the others the endings tell."""


def describe(traffic: Counts) -> str:
    """The summary that a notebook shows for a run."""
    return "\n".join(_lines(traffic))


def _lines(traffic: Counts) -> Iterator[str]:
    yield _what(traffic)
    if not traffic.requests:
        return
    if who := _who(traffic):
        yield who
    yield from _unsafe(traffic.requests)
    yield _latency(traffic)
    yield _attempts(traffic)
    yield from _reservations(traffic)


def _what(traffic: Counts) -> str:
    sent, planned = len(traffic.requests), traffic.run.planned_total
    count = f"{sent} of {planned} requests" if sent < planned else counted(sent, "request")
    count += f" ({traffic.again:,} of them sent again)" if traffic.again else ""
    going = "" if traffic.done else "still going on; "
    return f"{count} to {traffic.run.plan.path}: {going}{_ends(traffic.requests)}"


def _ends(requests: Sequence[Request]) -> str:
    """How the requests ended: "all answered", "50 answered, 48 failed (502), 2 timed out"."""
    ends = Counter(map(ending, requests))
    if len(ends) == 1 and len(requests) > 1:
        return f"all {next(iter(ends))}"
    if len(requests) == 1:
        return next(iter(ends))
    return ", ".join(f"{n:,} {end}" for end, n in ends.most_common()) or "nothing sent"


def ending(request: Request) -> str:
    """How a request ended, in words that follow a number."""
    if word := WORDS.get(request.outcome):
        return word
    if request.outcome is not Outcome.OK:
        return f"failed ({request.status})"
    if request.status in REDIRECTIONS:
        return f"redirected ({request.status})"
    page = request.answerer is Answerer.CADDY
    return f"answered by {NAMES[Answerer.CADDY]}" if page else "answered"


def _who(traffic: Counts) -> str:
    shares = [(called(number, traffic.names), n) for number, n in sorted(traffic.shares.items())]
    others = [(NAMES[who], n) for who, n in traffic.answerers.items() if who in TOLD]
    return "  ".join(f"{name}: {count:,}" for name, count in [*shares, *others])


def _unsafe(requests: Sequence[Request]) -> Iterator[str]:
    """Why TLS handshakes failed; the commonest reason, where there are several."""
    reasons = Counter(r.error for r in requests if r.outcome is Outcome.TLS and r.error)
    for reason, _ in reasons.most_common(1):
        yield reason


def _latency(traffic: Counts) -> str:
    open_loop = traffic.run.plan.open
    times = sorted(
        r.latency_intended if open_loop else r.latency
        for r in traffic.requests
        if r.outcome is not Outcome.CANCELLED
    )
    if not times:
        return "no request ended"
    since = " (from the planned send)" if open_loop else ""
    return f"latency{since}: {_spread(times)}"


def _spread(times: Sequence[float]) -> str:
    """As many numbers as differ: of fewer than a hundred, the slowest is what 99 % stay within."""
    if len(times) == 1:
        return ms(times[0])
    told = {"median": 50, "99 %": 99, "slowest": 100}
    if len(times) < MANY:
        del told["99 %"]
    return ", ".join(f"{name} {ms(percentile(times, p))}" for name, p in told.items())


def _attempts(traffic: Counts) -> str:
    attempts = [attempt for request in traffic.requests for attempt in request.attempts]
    if not attempts:
        return "Caddy made no attempt at a backend"
    given_up = sum(GIVEN_UP in attempt.error for attempt in attempts)
    failed = sum(bool(attempt.error) for attempt in attempts) - given_up
    bad = Counter(a.status for a in attempts if a.status and a.status >= 500 and not a.error)
    parts = [f"{failed:,} failed"] if failed else []
    parts += [f"{given_up:,} ended when the client gave up"] if given_up else []
    parts += [f"{n:,} brought a {status}" for status, n in sorted(bad.items())]
    text = f"Caddy made {counted(len(attempts), 'attempt')}"
    return f"{text}, {', '.join(parts)}" if parts else f"{text}, none failed"


def _reservations(traffic: Counts) -> Iterator[str]:
    """Reservations that a reader must know before believing the numbers."""
    if traffic.trouble:
        yield f"! Caddy's log could not be read or written for a while ({traffic.trouble})"
    missing = sum(not r.complete and r.outcome not in UNSENT for r in traffic.requests)
    if traffic.done and missing:
        yield f"! Caddy's log has not closed {counted(missing, 'request')}: their traces end early"
    if warning := traffic.run.lateness_warning():
        yield f"! {warning}"


def percentile(ordered: Sequence[float], p: float) -> float:
    """The smallest value that is not below `p` per cent of the (sorted) values."""
    return ordered[max(0, math.ceil(len(ordered) * p / 100) - 1)]
