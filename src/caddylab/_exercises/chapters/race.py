"""The same work under two Caddyfiles, while one backend is ten times slower than the other."""

from __future__ import annotations

from caddylab._exercises.bench import Bench
from caddylab._exercises.chapters.hints04 import AS_MANY, NOT_ENOUGH
from caddylab._exercises.task import Finding
from caddylab._traffic.traffic import Traffic

ROUND_ROBIN = """
:80 {
	reverse_proxy backend1:8080 backend2:8080 {
		lb_policy round_robin
	}
}
"""
USERS, ASKED, WORK = 8, 100, 50


def sooner(run: Traffic, dealt: Traffic, slow: int) -> Finding:
    """Whether all was done much sooner than with round robin.

    Where the quick backend is slow as well, because the machine is busy, time tells nothing about
    a Caddyfile; then the slow one's share does. Nor does a short time where it had a large share:
    then it was round robin that met a busy moment.
    """
    took, turns, quick = _took(run), _took(dealt), 3 - slow
    answers = sorted(request.latency for request in run.requests if request.answered_by == quick)
    busy = not answers or answers[len(answers) // 2] > 0.1
    in_time, share = took < turns * 2 / 3, run.shares[slow] / ASKED
    holds = (in_time and share < 0.3) or (busy and share < 0.25)
    return Finding(
        "All is done in less than two thirds of round robin's time.",
        holds,
        f"Backend {slow} was the slow one. Round robin took {turns:.1f} s, your Caddyfile "
        f"{took:.1f} s: {took / turns:.0%}. Backend {slow} answered {run.shares[slow]} requests, "
        f"backend {quick} {run.shares[quick]}."
        + " (This machine is busy, so it is these shares that count.)"
        * (holds != in_time),
        AS_MANY if run.shares[slow] > ASKED / 3 else NOT_ENOUGH,
        run,
        "in flight",
    )


def hard_work(bench: Bench, slow: int, caddyfile: str) -> Traffic:
    """All that the users ask for, while one backend is ten times slower than the other one."""
    bench.load(caddyfile)
    with bench.backend(slow).slow(0.45):
        return bench.fire(ASKED, concurrency=USERS, clients=ASKED, path=bench.delay(WORK))


def _took(run: Traffic) -> float:
    return max((request.sent or 0) + request.duration for request in run.requests)
