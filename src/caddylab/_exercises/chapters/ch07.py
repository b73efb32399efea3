"""Lab 07, random: how far chance goes, and what to do where it goes too far."""

from __future__ import annotations

import statistics
from itertools import groupby
from math import comb
from typing import Any

from caddylab._claims.claims import plausible
from caddylab._exercises.answers import named
from caddylab._exercises.bench import Bench
from caddylab._exercises.chapters.calm import attempts_on, served
from caddylab._exercises.chapters.hints07 import (
    CHANCE,
    ERRORS,
    IDLE,
    IN_A_ROW,
    IT_WAS_BLIND,
    LEFT_OUT,
    LOADED,
    LONG_RUN,
    NO_RANGE,
    NOT_SLOW,
    NOT_SPARED,
    REMEMBERED,
    SHORT_RUN,
    TOO_NARROW,
    TOO_UNEVEN,
    TOO_WIDE,
    UNANSWERED,
)
from caddylab._exercises.task import Finding, Findings, Hints, question, task
from caddylab._rig.backends.backend import Backend
from caddylab._traffic.traffic import Traffic

DICE = """
:80 {
	reverse_proxy backend1:8080 backend2:8080
}
"""
SERIES, LENGTH = 20, 40
SURE = 0.88
"""Nine of ten, and a little mercy: 15 to 25 is enough, 16 to 24 is not."""
SPARE = 3
"""So many numbers may be spared at each end of the narrowest range that does."""
TYPICAL = 5
"""Of forty fair throws. In two of three series the longest run is at most one off."""


@question("07.1", "A bet on chance", points=2, reads=named("least", "most", "run"))
def bet(bench: Bench, answer: dict[str, int]) -> Findings:
    """Two backends and no policy. Somebody fires **40** requests, again and again. Bet on it:

    - In nine of ten such series backend 1 gets between `least` and `most` of the 40 requests.
      Choose your range no wider than you must: three numbers to spare at each end are the most.
    - The longest `run` of the same backend: what is it in a typical series? (One more or less
      is right as well.)

    Predict first. Then measure, if you like.
    """
    bench.load(DICE)
    run = bench.fire(SERIES * LENGTH, concurrency=8)
    series = [run.backends[k : k + LENGTH] for k in range(0, len(run), LENGTH)]
    yield from _range(answer["least"], answer["most"], [one.count(1) for one in series])
    runs = [max(len(list(same)) for _, same in groupby(one)) for one in series]
    yield Finding(
        "Your run is a typical one.",
        abs(answer["run"] - TYPICAL) <= 1,
        f"You say {answer['run']}. In the {SERIES} series it was {min(runs)} to {max(runs)}, and "
        f"in {runs.count(answer['run'])} of them it was what you say.",
        SHORT_RUN if answer["run"] < TYPICAL else LONG_RUN,
        run if abs(answer["run"] - TYPICAL) <= 1 else None,
    )


def _range(least: int, most: int, counts: list[int]) -> Findings:
    """Judge a range by what it is worth: by twenty series alone it would be a matter of luck."""
    yield Finding(
        "Your range is one.",
        0 <= least <= most <= LENGTH,
        f"You say from {least} to {most}.",
        NO_RANGE,
    )
    inside = sum(least <= count <= most for count in counts)
    worth = _worth(least, most)
    seen = f"{inside} of {len(counts)} series that were just fired were inside"
    yield Finding(
        "Nine of ten series stay in your range.",
        worth >= SURE,
        f"{seen}; in the long run it will be {worth:.0%}.",
        TOO_NARROW,
    )
    yield Finding(
        "Your range is no wider than it must be.",
        most - least <= narrowest() + 2 * SPARE,
        f"{seen}. It is {most - least + 1} numbers wide; the typical series had "
        f"{statistics.median(counts):g}. In the long run {worth:.1%} will be inside.",
        TOO_WIDE,
    )


def narrowest() -> int:
    """From the lower end to the upper end of the smallest range that nine of ten stay in."""
    half = LENGTH // 2
    return 2 * next(k for k in range(half) if _worth(half - k, half + k) >= SURE)


def _worth(least: int, most: int) -> float:
    """The probability that a fair series stays in a range."""
    return float(sum(comb(LENGTH, k) for k in range(least, most + 1)) / 2**LENGTH)


VISITORS = 5
"""They come again and again; 5 is no multiple of 4, so who is remembered breaks the turns."""


@task("07.2", "Fair in the small", points=1, backends=4)
def small(bench: Bench) -> Findings:
    """Four backends. A job of four heavy requests comes now and then, and chance may give three
    of them to the same backend. Write a Caddyfile under which **any four** requests in a row
    meet all four backends, whoever sends them.
    """
    run = bench.fire(60, clients=VISITORS)
    shares = [run.shares[number] for number in (1, 2, 3, 4)]
    yield served("Every request is answered by a backend.", run, UNANSWERED)
    windows = [run.backends[k : k + 4] for k in range(len(run) - 3)]
    bad = sum(len(set(window)) < 4 for window in windows)
    yield Finding(
        "Any four requests in a row meet all four backends.",
        bad == 0,
        f"There are {len(windows)} ways to take four in a row, and in {bad} of them somebody is "
        f"there twice. In all, the four answered {', '.join(map(str, shares))}.",
        _uneven(run, shares),
        run,
    )


def _uneven(run: Traffic, shares: list[int]) -> Hints:
    if not all(shares):
        return LEFT_OUT
    if len({(request.client, request.answered_by) for request in run.requests}) == VISITORS:
        return REMEMBERED
    fair = plausible(sum(shares), 1 / len(shares), 1e-3)
    even = IN_A_ROW if run.backends[:24] == run.backends[24:48] else CHANCE
    return even if all(share in fair for share in shares) else LOADED


POOL = """
:80 {
	reverse_proxy {
		to backend1:8080 backend2:8080 backend3:8080
		to backend4:8080 backend5:8080 backend6:8080
		lb_policy random
	}
}
"""
POLICIES = ("random", "round_robin", "random_choose 2", "least_conn")


def riddle(bench: Bench) -> Traffic:
    """A blind policy, and a backend that is slow."""
    bench.load(POOL)
    bench.backend(5).slow(0.5)
    return bench.fire(240, concurrency=16, clients=16)


def _policy(answer: Any) -> str:
    policy = " ".join(str(answer).lower().replace("lb_policy", "").strip("` ").split())
    if policy not in POLICIES:
        raise ValueError(f"as policy one of {', '.join(POLICIES)}")
    return policy


POLICY_AND_SLOW = named("slow", policy=_policy)


@question("07.3", "Which policy was it?", points=2, backends=6, reads=POLICY_AND_SLOW, case=riddle)
def which_policy(bench: Bench, answer: dict[str, Any]) -> Findings:
    """`riddle` is a run of 240 requests, 16 users at a time, over six backends. **One** of them
    was slow. And one of these policies was at work: `random`, `round_robin`, `random_choose 2`
    or `least_conn`.

    Which backend was slow, and which policy was it? Look at the run from several sides, and
    reason: what would each policy have done?
    """
    policy, slow = answer["policy"], answer["slow"]
    run = riddle(bench)
    shares = [run.shares[number] for number in range(1, 7)]
    yield Finding("You know the slow one.", slow == 5, f"You say backend {slow}.", NOT_SLOW)
    yield Finding(
        "You know the policy.",
        policy == "random",
        f"You say {policy}. In the check's run of the riddle, backends 1 to 6 answered "
        f"{', '.join(map(str, shares))}.",
        TOO_UNEVEN if policy == "round_robin" else IT_WAS_BLIND,
        run if policy == "random" else None,
        "shares",
    )


CROWD, USERS, QUIET = 160, 8, 120
"""With so few users, a policy that learns by timeouts cannot send too many before it knows."""


@task("07.4", "Spare the slow one", points=3, backends=4)
def spare(bench: Bench) -> Findings:
    """Four backends. Any **one** of them may be slow (a second for each answer), and you do not
    know which. Under load, 8 users at a time, the slow one must get less than a **third** of its
    fair share. And in a quiet hour, when all are well and the requests come one by one, every
    backend gets its fair share, as far as chance allows. No client ever sees an error.
    """
    first = bench.any_backend()
    for slow in (first, bench.any_of([b for b in bench.backends if b is not first])):
        yield from _spared(bench, slow)
    bench.load(bench.caddyfile)  # Caddy may still hold their slowness against those two
    quiet = bench.fire(QUIET, clients=QUIET)
    shares = [quiet.shares[number] for number in range(1, 5)]
    least = plausible(QUIET, 1 / 4, 1e-5)[0]
    yield served("No client sees an error in the quiet hour.", quiet, ERRORS)
    yield Finding(
        "Nobody is left out in the quiet hour.",
        min(shares) >= least,
        f"Of {QUIET} requests, backends 1 to 4 answered {', '.join(map(str, shares))}; chance "
        f"leaves each of them {least} at least.",
        IDLE,
        quiet,
        "shares",
    )


def _spared(bench: Bench, slow: Backend) -> Findings:
    bench.restore()
    bench.load(bench.caddyfile)
    slow.slow(1)
    run = bench.fire(CROWD, concurrency=USERS, clients=USERS)
    bench.restore()
    got = attempts_on(run.requests, slow.number)
    yield served(f"No client sees an error while backend {slow.number} is slow.", run, ERRORS)
    yield Finding(
        f"Backend {slow.number} is spared while it is slow.",
        got < CROWD / 4 / 3,
        f"Caddy sent {got} of {CROWD} requests there; a fair share would be {CROWD / 4:g}.",
        NOT_SPARED,
        run,
        "shares",
    )
