"""A run in a few sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from caddylab._records import Outcome

if TYPE_CHECKING:
    from caddylab._traffic.traffic import Traffic


def describe(traffic: Traffic) -> str:
    """The summary that a notebook shows for a run."""
    return "\n".join(_lines(traffic))


def _lines(traffic: Traffic) -> Iterator[str]:
    yield _what(traffic)
    if not traffic.requests:
        return
    if who := _who(traffic):
        yield who
    yield _latency(traffic)
    yield _attempts(traffic)
    yield from _reservations(traffic)


def _what(traffic: Traffic) -> str:
    sent, planned = len(traffic.requests), traffic.run.planned_total
    count = f"{sent} of {planned} requests" if sent < planned else _count(sent, "request")
    ends = ", ".join(f"{n} {outcome.value}" for outcome, n in traffic.outcomes.most_common())
    if traffic.errors == 0 and sent:
        ends = "all answered" if sent > 1 else "answered"
    going = "" if traffic.done else "still going on; "
    return f"{count} to {traffic.run.plan.path}: {going}{ends or 'nothing sent'}"


def _who(traffic: Traffic) -> str:
    shares = sorted(traffic.shares.items())
    return "  ".join(f"backend {number}: {count}" for number, count in shares)


def _latency(traffic: Traffic) -> str:
    open_loop = traffic.run.plan.open
    times = sorted(
        r.latency_intended if open_loop else r.latency
        for r in traffic.requests
        if r.outcome is not Outcome.CANCELLED
    )
    if not times:
        return "no request ended"
    median, p99, slowest = (percentile(times, p) for p in (50, 99, 100))
    since = " (from the planned send)" if open_loop else ""
    return f"latency{since}: median {ms(median)}, 99 % {ms(p99)}, slowest {ms(slowest)}"


def _attempts(traffic: Traffic) -> str:
    attempts = sum(len(request.attempts) for request in traffic.requests)
    failed = sum(bool(a.error) for request in traffic.requests for a in request.attempts)
    text = f"Caddy made {_count(attempts, 'attempt')}"
    return f"{text}, {failed} failed" if failed else f"{text}, none failed"


def _reservations(traffic: Traffic) -> Iterator[str]:
    """What must be said before the numbers are believed."""
    missing = sum(not r.complete and r.outcome is not Outcome.REFUSED for r in traffic.requests)
    if traffic.done and missing:
        yield f"! Caddy's log has not closed {_count(missing, 'request')}: their traces end early"
    if warning := traffic.run.lateness_warning():
        yield f"! {warning}"


def percentile(ordered: Sequence[float], p: float) -> float:
    """The smallest value that is not below `p` per cent of the (sorted) values."""
    return ordered[max(0, math.ceil(len(ordered) * p / 100) - 1)]


def ms(seconds: float) -> str:
    """A time as people read it."""
    if seconds < 0.01:
        return f"{seconds * 1000:.1f} ms"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
