"""A backend that is slow: who meets it, how long they wait, and what would help them."""

from __future__ import annotations

from caddylab._exercises.bench import Bench
from caddylab._exercises.chapters.calm import attempts_on, served
from caddylab._exercises.chapters.hints03 import ADDS_UP, NO_MEMORY, NO_RETRY, NO_TIMEOUT
from caddylab._exercises.task import Finding, Hints
from caddylab._records import Outcome
from caddylab._rig.backends.backend import Backend
from caddylab._traffic.traffic import Traffic

SLOW = 5.0
"""Seconds that a slow backend takes: nobody who waits for it is within any limit here."""


def other(bench: Bench, backend: Backend) -> Backend:
    return bench.backend(3 - backend.number)


def meet(bench: Bench, slow: Backend, patience: float) -> Traffic:
    """Twelve clients meet a slow backend.

    They meet it once more if the other one, who is well, was slow meanwhile: then this machine had
    stalled, and a timeout has struck that was meant for the slow one.
    """
    for _ in range(2):
        run = bench.fire(12, concurrency=12, clients=12, timeout=patience)
        if longest(run, other(bench, slow)) < 0.5:
            break
        bench.load(bench.caddyfile)
    return run


def answered(asked: str, run: Traffic, slow: Backend, hints: Hints | None = None) -> Finding:
    tries = f"Attempts after the first: {run.retries}."
    return served(asked, run, hints or why(run, slow), seen=tries)


def in_time(asked: str, run: Traffic, limit: float, hints: Hints | None = None) -> Finding:
    worst = max(request.latency for request in run.requests)
    seen = "had no answer after" if run.outcomes[Outcome.TIMEOUT] else "took"
    return Finding(
        asked,
        worst < limit,
        f"{f'The slowest of {len(run)}' if len(run) > 1 else 'It'} {seen} {worst:.1f} s.",
        hints or (NO_TIMEOUT if longest(run) > limit else ADDS_UP),
        run,
        "timeline",
    )


def why(run: Traffic, slow: Backend) -> Hints:
    """What the Caddyfile lacks, judged by the attempts of the failed requests."""
    failed = [request for request in run.requests if not request.good]
    if any(attempts_on([request], slow.number) > 1 for request in failed):
        return NO_MEMORY
    return NO_TIMEOUT if run.outcomes[Outcome.TIMEOUT] else NO_RETRY


def longest(run: Traffic, backend: Backend | None = None) -> float:
    """How long the longest attempt took, on one backend or on any."""
    attempts = [attempt for request in run.requests for attempt in request.attempts]
    of_interest = (a.duration for a in attempts if backend is None or a.backend == backend.number)
    return max(of_interest, default=0.0)


def tries(count: int) -> str:
    return {0: "not tried", 1: "tried once", 2: "tried twice"}.get(count, f"tried {count} times")
