"""Lab 07, random: how far chance goes, and what to do where it goes too far."""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from itertools import groupby
from math import comb
from typing import Any

from caddylab._claims import plausible
from caddylab._labs.answers import named
from caddylab._labs.bench import Bench
from caddylab._labs.task import Finding, Findings, Hints, question, task
from caddylab._traffic.traffic import Traffic

DICE = """
:80 {
	reverse_proxy backend1:8080 backend2:8080
}
"""
SERIES, LENGTH = 20, 40
SURE = 0.88
"""Nine of ten, and a little mercy: 15 to 25 is enough, 16 to 24 is not."""
WIDEST = 20
TYPICAL = 5
"""Of forty fair throws. In two of three series the longest run is at most one off."""

NO_RANGE = Hints(
    "no range",
    "Look at `least` and `most`: which one is the smaller number?",
    "Backend 1 can get no fewer than 0 and no more than 40 of 40 requests.",
    "Write the lower end of your range as `least`, the upper end as `most`.",
)
TOO_NARROW = Hints(
    "too narrow",
    "Chance left your range in too many of the twenty series. Do it yourself: fire 40 requests "
    "ten times, and note what backend 1 got.",
    "Twenty of forty is the most likely count, and still most series have another one. Remember "
    "the histogram of tens.",
    "`plausible` takes the probability of leaving the range as `error`; chapter 7 asked for one "
    "in 10,000, you need one in ten.",
)
TOO_WIDE = Hints(
    "too wide",
    "You would win this bet always. What does your range tell you, then?",
    "A range that nothing can leave shows no fault, either. Chance is more orderly than that.",
    "`plausible` takes the probability of leaving the range as `error`: one in ten is wanted.",
)
SHORT_RUN = Hints(
    "run too short",
    "Fire 40 requests, and look at `lab.last.chart()`. How long is the longest run?",
    "Chance does not take care to change. After three in a row, the fourth is the same in one of "
    "two cases.",
    "Chapter 7 has the line that finds the longest run; use it for ten series of 40, and take "
    "the one in the middle.",
)
LONG_RUN = Hints(
    "run too long",
    "Fire 40 requests, and look at `lab.last.chart()`. How long is the longest run?",
    "Such a run happens, but not in a typical series. How likely is it that ten throws in a row "
    "are the same?",
    "Chapter 7 has the line that finds the longest run; use it for ten series of 40, and take "
    "the one in the middle.",
)


@question("07.1", "A bet on chance", points=2, reads=named("least", "most", "run"))
def bet(bench: Bench, answer: dict[str, int]) -> Findings:
    """Two backends and no policy. Somebody fires **40** requests, again and again. Bet on it:

    - In nine of ten such series backend 1 gets between `least` and `most` of the 40 requests.
      Choose your range no wider than you must.
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
        f"You say {answer['run']}. It was {min(runs)} to {max(runs)} in the {SERIES} series, and "
        f"{'in' if answer['run'] in runs else 'not in'} one of them what you say.",
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
    worth = sum(comb(LENGTH, k) for k in range(least, most + 1)) / 2**LENGTH
    seen = f"{inside} of {len(counts)} series that were just fired were inside"
    yield Finding(
        "Nine of ten series stay in your range.",
        worth >= SURE,
        f"{seen}; in the long run it will be {worth:.0%}.",
        TOO_NARROW,
    )
    yield Finding(
        "Your range is no wider than it must be.",
        most - least <= WIDEST,
        f"{seen}, and it is {most - least + 1} numbers wide; the typical series had "
        f"{statistics.median(counts):g}.",
        TOO_WIDE,
    )


UNANSWERED = Hints(
    "no answer",
    "Look at the status of the answers. Who made it: a backend, or Caddy?",
    "502: the upstream that Caddy chose did not answer. 503: Caddy had none to choose.",
    "Compare the upstreams of `reverse_proxy` with the backends' names and ports.",
)
LEFT_OUT = Hints(
    "somebody left out",
    "Count the answers of each backend. Who gets nothing, or hardly anything?",
    "Every backend has to be among the upstreams, and the policy has to use all of them, whoever "
    "asks.",
    "Compare the list behind `reverse_proxy` with the backends, and `lb_policy` with what the "
    "policy looks at.",
)
CHANCE = Hints(
    "chance",
    "Look at four requests in a row, anywhere in the picture. Is one backend there twice?",
    "Over many requests the shares are fair. Over four they are not, and four is all that you "
    "have here: the choice must not be thrown.",
    "`lb_policy` says how to choose. `least_conn` throws, too, when all are idle.",
)
LOADED = Hints(
    "unequal",
    "Count the answers of each backend over the whole run. Chance alone would not do this.",
    "Each backend is as good as the others, and has to count once.",
    "Look for one that is listed twice, for weights that differ, and for a policy that prefers "
    "whoever stands first.",
)


@task("07.2", "Fair in the small", points=1, backends=4)
def small(bench: Bench) -> Findings:
    """Four backends. A job of four heavy requests comes now and then, and chance may give three
    of them to the same backend. Write a Caddyfile under which **any four** requests in a row
    meet all four backends, whoever sends them.
    """
    run = bench.fire(60, clients=60)
    shares = [run.shares[number] for number in (1, 2, 3, 4)]
    yield Finding(
        "Every request is answered by a backend.",
        sum(shares) == len(run) and run.errors == 0,
        f"Backends answered {sum(shares)} of {len(run)} requests.",
        UNANSWERED,
        run,
    )
    windows = [run.backends[k : k + 4] for k in range(len(run) - 3)]
    bad = sum(len(set(window)) < 4 for window in windows)
    yield Finding(
        "Any four requests in a row meet all four backends.",
        bad == 0,
        f"There are {len(windows)} ways to take four in a row, and in {bad} of them somebody is "
        f"there twice. In all, the four answered {', '.join(map(str, shares))}.",
        _uneven(shares),
        run,
    )


def _uneven(shares: list[int]) -> Hints:
    if not all(shares):
        return LEFT_OUT
    fair = plausible(sum(shares), 1 / len(shares), 1e-3)
    return CHANCE if all(share in fair for share in shares) else LOADED


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
NOT_SLOW = Hints(
    "not the slow one",
    '`riddle.chart("in flight")`: at which backend do requests pile up?',
    "The slow one holds each of its requests much longer than the others do. How many it got "
    "does not say how quick it was.",
    "`riddle.table()` has the latency of each request beside the backend that answered it.",
)
IT_WAS_BLIND = Hints(
    "it was blind",
    "How many requests did the slow backend get, compared with the others?",
    "Your policy looks at how busy the backends are. Would it have sent so many to one that was "
    "up to its neck in work?",
    "Compare with chapter 7, where four policies meet a slow backend: what was its share under "
    "each?",
)
TOO_UNEVEN = Hints(
    "it did not count",
    "Compare the shares of the five quick backends with each other.",
    "Your policy goes round: after six requests everybody had one. Are the shares as even as that?",
    "Which policy looks at nothing, and does not count either?",
)


def riddle(bench: Bench) -> Traffic:
    """A blind policy, and a backend that is slow."""
    bench.load(POOL)
    bench.backend(5).slow(0.5)
    return bench.fire(240, concurrency=16, clients=16)


def _policy_and_slow(answer: Any) -> tuple[str, int]:
    example = '{"policy": "…", "slow": …}'
    if not isinstance(answer, Mapping):
        raise ValueError(f"a dictionary such as {example}")  # noqa: TRY004
    given = {str(name).lower(): value for name, value in answer.items()}
    if set(given) != {"policy", "slow"}:
        raise ValueError(f"exactly the entries {example}")
    words = str(given["policy"]).lower().replace("lb_policy", "").split()
    if " ".join(words) not in POLICIES:
        raise ValueError(f"as policy one of {', '.join(POLICIES)}")
    return " ".join(words), named("slow")({"slow": given["slow"]})["slow"]


@question("07.3", "Which policy was it?", points=2, backends=6, reads=_policy_and_slow, case=riddle)
def which_policy(bench: Bench, answer: tuple[str, int]) -> Findings:
    """`riddle` is a run of 240 requests, 16 users at a time, over six backends. **One** of them
    was slow. And one of these policies was at work: `random`, `round_robin`, `random_choose 2`
    or `least_conn`.

    Which backend was slow, and which policy was it? Look at the run from several sides, and
    reason: what would each policy have done?
    """
    policy, slow = answer
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
NOT_SPARED = Hints(
    "not spared",
    "How many requests did the slow backend get, and how many would be its fair share?",
    "Its share is that of a quick one. Something has to look at how busy a backend is, or to learn "
    "that it is slow.",
    "Some values of `lb_policy` look at the requests under way: at all backends, or at a few. "
    "(Whom you leave out yourself is no answer: next time another one is slow.)",
)
ERRORS = Hints(
    "errors",
    "Clients got errors, and not one backend was down. Look at the status: whose is it?",
    "A slow backend is to be spared, and a busy moment is to be waited for. Neither is a reason to "
    "turn somebody away.",
    "Look at every timeout and at every limit of yours: what happens to the request that meets "
    "it? `lb_retries` and `lb_try_duration` give it a second chance.",
)
IDLE = Hints(
    "left out when idle",
    "The slow one was spared. Now look at the quiet hour: one request at a time, all is well. Who "
    "gets nothing?",
    "With nothing under way, all backends are equally busy, and the policy has to choose "
    "all the same. In this version of Caddy, one of them does not choose fairly then.",
    "Read “Where two choices surprise” in chapter 7 again. Which other policy looks at how busy "
    "the backends are?",
)


@task("07.4", "Spare the slow one", points=3, backends=4)
def spare(bench: Bench) -> Findings:
    """Four backends. Any **one** of them may be slow (a second for each answer), and you do not
    know which. Under load, 8 users at a time, the slow one must get less than a **third** of its
    fair share. And in a quiet hour, when all are well and the requests come one by one, every
    backend gets its fair share, as far as chance allows. No client ever sees an error.
    """
    for number in (4, 2):
        yield from _spared(bench, number)
    bench.load(bench.caddyfile)  # Caddy may still hold their slowness against those two
    quiet = bench.fire(QUIET, clients=QUIET)
    shares = [quiet.shares[number] for number in range(1, 5)]
    least = plausible(QUIET, 1 / 4, 1e-5)[0]
    yield _no_errors(quiet, "in the quiet hour")
    yield Finding(
        "Nobody is left out in the quiet hour.",
        min(shares) >= least,
        f"Of {QUIET} requests, backends 1 to 4 answered {', '.join(map(str, shares))}; chance "
        f"leaves each of them {least} at least.",
        IDLE,
        quiet,
        "shares",
    )


def _spared(bench: Bench, number: int) -> Findings:
    bench.restore()
    bench.load(bench.caddyfile)
    bench.backend(number).slow(1)
    run = bench.fire(CROWD, concurrency=USERS, clients=USERS)
    bench.restore()
    got = sum(number in [a.backend for a in request.attempts] for request in run.requests)
    yield _no_errors(run, f"while backend {number} is slow")
    yield Finding(
        f"Backend {number} is spared while it is slow.",
        got < CROWD / 4 / 3,
        f"Caddy sent {got} of {CROWD} requests there; a fair share would be {CROWD / 4:g}.",
        NOT_SPARED,
        run,
        "shares",
    )


def _no_errors(run: Traffic, when: str) -> Finding:
    answered = sum(run.shares.values())
    return Finding(
        f"No client sees an error {when}.",
        run.errors == 0 and answered == len(run),
        f"Backends answered {answered} of {len(run)} requests; {run.errors} failed.",
        ERRORS,
        run,
    )
