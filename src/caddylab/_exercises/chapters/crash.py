"""A backend that is killed while many ask, and what no client may see of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from caddylab._engine.clients import Clients
from caddylab._exercises.bench import Bench
from caddylab._exercises.chapters.calm import served
from caddylab._exercises.task import Finding, Hints
from caddylab._look.counted import counted
from caddylab._records import Outcome, Request
from caddylab._rig.backends.backend import Backend
from caddylab._traffic.traffic import Traffic

AT_A_TIME = 20
LOST = Hints(
    "in flight",
    "Look at when the failed requests were sent, and what their attempts say.",
    "Requests that were under way when the backend died need a second attempt too, and enough "
    "time for it.",
    "Look at `lb_try_duration`, at every timeout, and at `lb_retry_match`.",
)


@dataclass(frozen=True)
class Help:
    """Hints for a Caddyfile without a retry, or without a memory of failures."""

    no_retry: Hints
    no_memory: Hints


def crash(bench: Bench, people: Clients, victim: Backend) -> Traffic:
    """The victim is killed while twenty people at a time ask for a page."""
    run = bench.fire(
        max(600, 15 * len(people)),
        concurrency=AT_A_TIME,
        clients=people,
        path=bench.delay(30),
        background=True,
    )
    bench.wait_until(lambda: ended(run) > max(100, 2 * len(people)), 20)
    victim.kill()
    return run.wait()


def unseen(run: Traffic, victim: Backend, help: Help, chart: str = "routing") -> Finding:
    """No client has seen the crash, except those whom no Caddyfile could have saved."""
    requests = [request for request in run.requests if not _excused(request)]
    number = victim.number
    failed = [sum(a.backend == number and a.error != "" for a in r.attempts) for r in requests]
    excused = sum(_cut_off(request) for request in run.requests)
    return served(
        f"No client sees an error when backend {number} is killed.",
        run,
        _hints(run, requests, max(failed), help),
        seen=f"Caddy made {counted(run.retries, 'retry', 'retries')}; "
        f"{sum(failed)} attempts on backend {number} failed."
        + f" (Cut off in the middle, for which there is no remedy: {excused}.)"
        * bool(excused),
        chart=chart,
        requests=requests,
    )


def elsewhere(bench: Bench, victim: Backend, help: Help) -> Finding:
    """Newcomers want another page, and Caddy has forgotten the crash: no remedy is for one page."""
    bench.load(bench.caddyfile)
    run = bench.fire(AT_A_TIME, clients=bench.people(AT_A_TIME))
    failed = [sum(a.backend == victim.number for a in r.attempts) for r in run.requests]
    return served(
        f"Nor does any newcomer who wants another page (`{bench.page}`).",
        run,
        _hints(run, run.requests, max(failed), help),
    )


def ended(run: Traffic) -> int:
    """How many requests have come to their end until now."""
    return sum(request.outcome is not Outcome.PENDING for request in list(run.requests))


def _excused(request: Request) -> bool:
    """Whether we ended it ourselves, or its answer had begun when the backend was killed."""
    return _cut_off(request) or request.outcome is Outcome.CANCELLED


def _cut_off(request: Request) -> bool:
    """Caddy cannot take back what the client has already got."""
    return request.outcome is Outcome.RESET and request.status is not None


def _hints(run: Traffic, requests: Sequence[Request], most: int, help: Help) -> Hints:
    """A request that tried the dead backend twice is the proof that Caddy had forgotten."""
    if run.retries == 0:
        return help.no_retry
    return help.no_memory if most > 1 else LOST
