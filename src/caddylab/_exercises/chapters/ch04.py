"""Lab 04, least connections: whom it spares, whom it feeds, and what is left to chance."""

from __future__ import annotations

from collections.abc import Generator

from caddylab._exercises.answers import named
from caddylab._exercises.bench import Bench
from caddylab._exercises.chapters.calm import (
    all_well,
    attempts_on,
    honest,
    lost,
    often,
    served,
    told,
)
from caddylab._exercises.chapters.hints04 import (
    CATCHES_UP,
    COUNTS,
    FAILS,
    FIRST_ONES,
    FORGETS,
    INNOCENT,
    NO_MEMORY,
    SINKHOLE,
    SWAPPED,
    TOO_LATE,
)
from caddylab._exercises.chapters.race import ROUND_ROBIN, USERS, WORK, hard_work, sooner
from caddylab._exercises.task import Finding, Findings, question, task
from caddylab._records import Span
from caddylab._traffic.traffic import Traffic

THREE = """
:80 {
	reverse_proxy backend1:8080 backend2:8080 backend3:8080 {
		lb_policy least_conn
	}
}
"""


def three_kinds(bench: Bench) -> Traffic:
    """One backend fails at once, one is slow, one is as it should be."""
    bench.load(THREE)
    bench.backend(1).slow(0.5)
    bench.backend(3).failing(path="/delay")
    return bench.fire(300, concurrency=9, clients=9, path="/delay/60")


@question(
    "04.1", "Three desks", points=1, backends=3, reads=named("slow", "sinkhole"), case=three_kinds
)
def three_desks(bench: Bench, answer: dict[str, int]) -> Findings:
    """`case` is a run over three backends with `lb_policy least_conn`. One backend is **slow**, one
    is a **sinkhole**: it answers everything with an error, at once. The third one does honest
    work. The picture shows how many requests each of them had in hand at a time. Which is which?
    Answer with the backends' numbers.

    Make up your mind by that picture alone. Then look at `case.chart("shares")`: who got most of
    the requests, and why that one?
    """
    case = three_kinds(bench)
    kinds = {"slow": "slow", "failing": "sinkhole"}
    truth = {kinds[fault.kind]: fault.backend for fault in bench.faults}
    accused = len(set(answer.values()) & set(truth.values()))
    yield Finding(
        "It was these two.",
        accused == 2,
        f"You accuse backends {answer['slow']} and {answer['sinkhole']}: {accused} of the two "
        f"{'is' if accused == 1 else 'are'} there.",
        INNOCENT,
    )
    right = answer == truth
    yield Finding(
        "You know which is which.",
        right,
        f"You say that backend {answer['slow']} is slow and backend {answer['sinkhole']} is the "
        "sinkhole.",
        SWAPPED,
        case if right else None,
        "shares",
    )


@task("04.2", "Close the sinkhole", points=2)
def close_the_sinkhole(bench: Bench) -> Findings:
    """One of the two backends, no matter which, answers each request **at once with status 500**,
    while its health page says that all is well. The other one needs 30 milliseconds for an answer.
    Write a Caddyfile with which the sinkhole gets **less than 5 %** of 400 requests, and less than
    5 % of them end without a good answer. An error stays an error: it is not given another status.
    As long as all is well, both backends share the work: each has at least a fifth of it.
    """
    run, sinkhole = yield from _sinkhole(bench)
    met, seen = attempts_on(run.requests, sinkhole), _condemned(bench, run, sinkhole)
    yield Finding(
        "The sinkhole gets less than 5 % of the requests.",
        met < FEW,
        f"For 400 requests backend {sinkhole} was tried {often(met)}. "
        f"{'Caddy did notice.' if seen else 'To Caddy it seemed healthy all the time.'}",
        TOO_LATE if seen else SINKHOLE,
        run,
    )
    yield honest("No error is given another status.", run)
    yield Finding(
        "Less than 5 % of the requests end without a good answer.",
        lost(run.requests) < FEW,
        told(run.requests),
        FIRST_ONES,
        run,
    )


@task("04.3", "Not even the first ones", points=3)
def not_even_the_first(bench: Bench) -> Findings:
    """The same sinkhole. Now **no** client may see an error, not even the first ones who meet it:
    each has a good answer from a backend. And still the sinkhole gets less than 5 % of the
    attempts.
    """
    run, sinkhole = yield from _sinkhole(bench)
    met = attempts_on(run.requests, sinkhole)
    forgets = NO_MEMORY if run.retries else SINKHOLE
    yield Finding(
        "The sinkhole gets less than 5 % of the attempts.",
        met < FEW,
        f"For 400 requests backend {sinkhole} was tried {often(met)}. Attempts after the first: "
        f"{run.retries}. {told(run.requests)}",
        TOO_LATE if _condemned(bench, run, sinkhole) else forgets,
        run,
    )
    again = f"Attempts after the first: {run.retries}."
    yield served("Every client has a good answer.", run, FIRST_ONES, seen=again)


FEW = 20
"""Five per cent of 400."""


def _sinkhole(bench: Bench) -> Generator[Finding, None, tuple[Traffic, int]]:
    """The run, and which backend is the sinkhole."""
    yield from all_well(bench.fire(60, concurrency=10, clients=60, path=bench.delay(30)))
    sinkhole = bench.any_backend()
    sinkhole.failing(path="/delay")
    run = bench.fire(400, concurrency=10, clients=400, path=bench.delay(30))
    return run, sinkhole.number


@task("04.4", "An old machine", points=2)
def old_machine(bench: Bench) -> Findings:
    """One of the two backends is **ten times slower** than the other one: half a second for each
    answer, instead of 50 milliseconds. Which one, you do not know beforehand. Eight users ask
    again and again, 100 requests altogether. Write a Caddyfile with which all is done in **less
    than two thirds** of the time that round robin takes, with no error.
    """
    calm = bench.fire(64, concurrency=USERS, clients=64, path=bench.delay(WORK))
    yield from all_well(calm)
    favourite = max(calm.shares, key=lambda number: calm.shares[number])
    mine = bench.caddyfile
    dealt = hard_work(bench, favourite, ROUND_ROBIN)
    run = hard_work(bench, favourite, mine)
    yield served("Nobody gets an error.", run, FAILS)
    yield sooner(run, dealt, favourite)


COUNTED = """
:80 {
	handle /first/* {
		uri strip_prefix /first
		reverse_proxy backend1:8080
	}
	handle {
		reverse_proxy backend1:8080 backend2:8080 {
			lb_policy least_conn
		}
	}
}
"""


@question("04.5", "What is certain", points=3, reads=named("together", "apart", "behind"))
def what_is_certain(bench: Bench, answer: dict[str, int]) -> Findings:
    """Two backends, `lb_policy least_conn`, and each answer takes nearly a second. Four requests
    come. How many of them does backend 2 get **for certain**, that is, at least?

    - `together`: they come shortly after one another; none is answered before all are there.
    - `apart`: each one comes when the one before has been answered.
    - `behind`: like `together`, but when the first one comes, backend 1 has three others in hand
      already, and backend 2 has none.
    """
    bench.load(COUNTED)
    jam = bench.fire(3, concurrency=3, path="/first/delay/1500", background=True)
    bench.wait_until(lambda: bench.backend(1).in_flight == 3, 5)
    behind = _four(bench).shares[2]
    jam.wait()
    together = _four(bench).shares[2]
    single = bench.fire(300).backends
    apart = min(sum(b == 2 for b in single[k : k + 4]) for k in range(len(single) - 3))
    for name, measured, sure, hints in (
        ("together", f"{together}", 2, COUNTS),
        ("apart", f"of 300 requests backend 2 got {apart} in the worst four", 0, FORGETS),
        ("behind", f"{behind} this time", 3, CATCHES_UP),
    ):
        right = answer[name] == sure
        yield Finding(
            f"“{name}” is right.",
            right,
            f"You said at least {answer[name]}." + f" Measured: {measured}." * right,
            hints,
        )


def _four(bench: Bench) -> Traffic:
    """Four requests, shortly after one another."""
    return bench.fire(rate=20, duration=0.2, clients=4, path="/delay/800")


def _condemned(bench: Bench, run: Traffic, backend: int) -> bool:
    """Whether Caddy thought ill of a backend at any time of the run."""
    began = run.run.began

    def meanwhile(span: Span) -> bool:
        return span.backend == backend and (span.end is None or span.end > began)

    return any(map(meanwhile, bench.opinions))
