"""Lab 12, watching: what stands in which log, a log that tells, checks that find, and a budget."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from caddylab._exercises.answers import named
from caddylab._exercises.bench import Bench
from caddylab._exercises.chapters.access_log import is_kept
from caddylab._exercises.chapters.calm import all_well, served
from caddylab._exercises.chapters.findings import all_right
from caddylab._exercises.chapters.hints12 import (
    BURNING,
    LATE,
    MISSED,
    NO_RETRIES,
    NO_UPSTREAM,
    NOBODY_TRIES_AGAIN,
    SLANDER,
    WHICH_LOG,
)
from caddylab._exercises.task import Finding, Findings, question, task
from caddylab._look.counted import counted
from caddylab._rig.backends.backend import Backend
from caddylab._traffic.objective import Objective
from caddylab._traffic.traffic import Traffic

SITE = """:80 {{
	reverse_proxy backend1:8080 backend2:8080 {{
		lb_policy round_robin{}
	}}
}}
"""
RETRY, MEMORY = "\n\t\tlb_retries 1", "\n\t\tfail_duration 30s"
TEN = 10
SOON = 3.0
QUIET = 2.5
"""Seconds in which nobody may be called ill while all are well."""
PAGE = "/test-api"
ILLNESSES: dict[str, Callable[[Backend], object]] = {
    "has died": lambda one: one.kill(),
    "hangs": lambda one: one.hung(),
    "answers 500 at that page": lambda one: one.failing(path=PAGE),
}


@question("12.1", "Which log?", points=2, reads=named("plain", "saved", "memory", "own", "left"))
def which_log(bench: Bench, answer: dict[str, int]) -> Findings:
    """Round robin over two backends. Something is wrong with backend 2, and ten requests come, one
    after the other. How many **lines** are there?

    - `plain`: it is dead; lines of the error log
    - `saved`: it is dead, with `lb_retries 1`; lines of the error log
    - `memory`: it is dead, with `fail_duration 30s` and no retry; lines of the error log
    - `own`: it answers 500; lines of the error log
    - `left`: it hangs, and nobody waits longer than 0.2 s; lines of the access log with a 5xx
    """
    title = "You know how many lines there are each time."
    yield all_right(title, answer, _lines(bench), WHICH_LOG)


def _lines(bench: Bench) -> dict[str, int]:
    found: dict[str, int] = {}
    for name, options in (("plain", ""), ("saved", RETRY), ("memory", MEMORY)):
        _ten(bench, options, lambda backend: backend.kill())
        found[name] = len(bench.log("error"))
    _ten(bench, "", lambda backend: backend.failing())
    found["own"] = len(bench.log("error"))
    _ten(bench, "", lambda backend: backend.hung(), timeout=0.2)
    found["left"] = int(bench.log()["status"].between(500, 599).sum())
    return found


def _ten(
    bench: Bench, options: str, strike: Callable[[Backend], object], timeout: float = 30
) -> None:
    bench.restore()
    bench.load(SITE.format(options))
    strike(bench.backend(2))
    bench.fire(TEN, timeout=timeout)


@task("12.2", "A log that tells", points=2)
def a_log_that_tells(bench: Bench) -> Findings:
    """Write a Caddyfile so that when a backend dies, no matter which, everybody is served by the
    other one, and the **access log** tells the story all the same. Each of its lines says

    - in a field `upstream`, which upstream has answered,
    - in a field `retries`, how often Caddy had to try again.
    """
    yield from all_well(well := bench.fire(40))
    before = _named(bench)
    yield from is_kept(bench.adapted, ("upstream", "retries"))
    bench.load(bench.caddyfile)
    dead = bench.any_backend()
    dead.kill()
    run = bench.fire(20)
    yield served("One backend is dead, and everybody is served.", run, NOBODY_TRIES_AGAIN)
    log, after = bench.log(), _named(bench)
    yield Finding(
        "Each line says which upstream has answered.",
        (before, after) == (_answered(well), _answered(run)),
        f"While all was well, the field `upstream` named {_listed(before)}; when one was dead, "
        f"{_listed(after)}.",
        NO_UPSTREAM,
        run,
    )
    retries = list(log["retries"]) if "retries" in log else []
    yield Finding(
        "Each line says how often Caddy had to try again.",
        sorted(map(str, retries)) == sorted(str(request.retries) for request in run.requests),
        f"Caddy made {counted(run.retries, 'retry', 'retries')} in all. "
        "In the field `retries` stands: "
        f"{', '.join(sorted(set(map(str, retries)))) or 'nothing, in no line'}.",
        NO_RETRIES,
        run,
    )


def _named(bench: Bench) -> Counter[str]:
    """How often each upstream stands in the access log."""
    log = bench.log()
    return Counter(map(str, log["upstream"]) if "upstream" in log else ())


def _answered(run: Traffic) -> Counter[str]:
    """How often each has answered, by our own records."""
    return Counter(f"backend{request.answered_by}:8080" for request in run.requests)


def _listed(named: Counter[str]) -> str:
    told = (f"{name} ({times} times)" for name, times in sorted(named.items()))
    return ", ".join(told) or "nobody"


@task("12.3", "Known within three seconds", points=3)
def known_soon(bench: Bench) -> Findings:
    """Your alert reads the lines of Caddy's active checks. Write a Caddyfile so that such a line
    names an ill backend within **three seconds**, whichever it is, when it

    - has died,
    - **hangs**,
    - answers **500 at `/test-api`**, the page that everybody asks for, while all else is well.

    A backend that is well is never named. While all is well, both work.
    """
    yield from all_well(bench.fire(40))
    bench.pause(QUIET)
    named_ = _ill(bench)
    yield Finding(
        "Nobody is called ill while all is well.",
        not named_,
        f"Named: {', '.join(sorted(named_)) or 'nobody'}.",
        SLANDER,
    )
    for what, strike in ILLNESSES.items():
        bench.restore()
        bench.load(bench.caddyfile)
        bench.fire(4)
        ill = bench.any_backend()
        strike(ill)
        took = bench.soon(lambda: f"backend{ill.number}:8080" in _ill(bench), SOON)  # noqa: B023
        yield Finding(
            f"A backend that {what} is named within {SOON:g} s.",
            took is not None,
            f"After {SOON:g} s it was not." if took is None else f"It took {took:.1f} s.",
            MISSED if what != "hangs" else LATE,
        )


def _ill(bench: Bench) -> set[str]:
    return set(bench.log("health")["upstream"])


@question("12.4", "How fast it burns", points=2, reads=named("half", "strict", "saved", "slow"))
def how_fast(bench: Bench, answer: dict[str, int]) -> Findings:
    """Two backends take turns, and forty requests come. What is the **burn rate**?

    - `half`: backend 2 answers 500; you promise 99 %
    - `strict`: the same, and you promise 99.9 %
    - `saved`: backend 2 is dead, with `lb_retries 1`; you promise 99 %
    - `slow`: backend 2 takes a second; you promise that 95 % are answered within half a second
    """
    yield all_right("You know how fast each budget burns.", answer, _rates(bench), BURNING)


def _rates(bench: Bench) -> dict[str, int]:
    bench.load(SITE.format(""))
    with bench.backend(2).failing():
        bench.fire(40)
    failing = bench.log()
    bench.load(SITE.format(RETRY))
    with bench.backend(2).killed():
        bench.fire(40)
    saved = bench.log()
    bench.load(SITE.format(""))
    with bench.backend(2).slow(1):
        bench.fire(40, concurrency=20)
    slow = bench.log()
    rates = {
        "half": Objective(0.99).burn_rate(failing),
        "strict": Objective(0.999).burn_rate(failing),
        "saved": Objective(0.99).burn_rate(saved),
        "slow": Objective(0.95, within=0.5).burn_rate(slow),
    }
    return {name: round(rate) for name, rate in rates.items()}
