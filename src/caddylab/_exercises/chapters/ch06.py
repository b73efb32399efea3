"""Lab 06, cookies: made to order, in turns, safe from forgers, and after a crash."""

from __future__ import annotations

import time
from collections.abc import Generator
from http.cookiejar import Cookie

from caddylab._engine.clients import Clients, address_of
from caddylab._exercises.answers import named, one_of
from caddylab._exercises.bench import Bench
from caddylab._exercises.chapters.calm import all_well, served, shared
from caddylab._exercises.chapters.crash import crash, elsewhere, unseen
from caddylab._exercises.chapters.hints06 import (
    BY_CHANCE,
    DECORATION,
    GOES_HOME,
    LIFE_TIME,
    NO_COOKIE,
    NO_SECRET,
    ONE_OFFICE,
    OTHER_NAME,
    ROWS,
    SOME_NOTHING,
    WHO_WAS_IT,
)
from caddylab._exercises.chapters.secret import STRANGERS, keys, strangers, value, weakness
from caddylab._exercises.chapters.sticky import HELP, OFFICE, People, settled, stays
from caddylab._exercises.strangers import visit
from caddylab._exercises.task import Finding, Findings, question, task
from caddylab._traffic.traffic import Traffic

HALF_AN_HOUR = 1800


@task("06.1", "Made to order", points=1)
def made_to_order(bench: Bench) -> Findings:
    """Write a Caddyfile that ties every visitor to a backend with a cookie. It is called `desk`,
    and browsers keep it for **half an hour**, even when they are closed in between. Each of the
    two backends has at least a fifth of the visitors.
    """
    yield from settled(bench, bench.people(40))
    got = _cookies(bench)
    yield Finding(
        "A new visitor gets a cookie.",
        bool(got),
        f"The first answer has {len(got)} cookies.",
        NO_COOKIE,
    )
    yield Finding(
        "It is called `desk`.",
        "desk" in got,
        f"It is called {' and '.join(map(repr, got))}.",
        OTHER_NAME,
    )
    shown = {"Cookie": f"desk={got['desk'].value}"}
    trip = bench.fire(30, clients=bench.people(30), headers=shown)
    yield served("Who shows it has a good answer.", trip)
    yield Finding(
        "Who shows it meets the same backend, whatever their address.",
        len(trip.shares) == 1,
        f"The same cookie was shown from 30 addresses: backend 1 answered {trip.shares[1]} times, "
        f"backend 2 {trip.shares[2]} times.",
        DECORATION,
        trip,
    )
    lasts = (got["desk"].expires or time.time()) - time.time()
    yield Finding(
        "It lasts half an hour.",
        abs(lasts - HALF_AN_HOUR) < 60,
        f"It lasts {lasts / 60:.1f} minutes."
        if got["desk"].expires
        else "It says nothing of how long it lasts: until the browser is closed.",
        LIFE_TIME,
    )


def _cookies(bench: Bench) -> dict[str, Cookie]:
    """What a browser that comes for the first time is given."""
    return {cookie.name: cookie for cookie in visit(bench, "/test-api").cookies.jar}


@task("06.2", "One after the other", points=2, backends=3)
def one_after_the_other(bench: Bench) -> Findings:
    """Write a Caddyfile for **three** backends. Newcomers go to them strictly in turns: of any
    three who come one after the other, each goes to another backend. Who comes again goes where
    they were.
    """
    people = bench.people(32)
    first = bench.fire(len(people), clients=people)
    yield served("Every request is answered.", first)
    yield shared("Every backend gets newcomers.", first, (1, 2, 3), SOME_NOTHING)
    turns = first.backends
    yield Finding(
        "Newcomers go round.",
        all(len(set(turns[k : k + 3])) == 3 for k in range(len(turns) - 2)),
        f"The first twelve newcomers went to {', '.join(map(str, turns[:12]))}.",
        BY_CHANCE,
        first,
    )
    yield from stays(first, bench.fire(len(people), clients=people))


VISITORS = 200


@task("06.3", "Nobody chooses", points=2)
def nobody_chooses(bench: Bench) -> Findings:
    """200 visitors sit in one office, behind **one** address. Write a Caddyfile with which each of
    them stays with one backend, and both backends have at least a fifth of them.

    Strangers try to choose: they compute the cookie for a backend themselves, as you did in
    chapter 6. They have no secret, but they have time: they try every word and every name, what
    stands in this course, and whatever can be found with ten thousand million guesses. Their
    cookies must not be obeyed.

    A secret does not belong in a text that many read, such as a Caddyfile. Put it into an
    environment variable: where the Caddyfile says `{$SECRET}`, Caddy puts in the variable's value
    when it reads the file.
    """
    people = Clients(VISITORS, address=OFFICE)
    first = yield from _settled_office(bench, people)
    found = [(key, weakness(key)) for key in keys(bench.config())]
    key, wrong = next(((key, wrong) for key, wrong in found if wrong), ("", None))
    dials = {r.answered_by: r.attempts[-1].upstream for r in first.requests}
    jars = {number: people[first.backends.index(number)].cookies for number in (1, 2)}
    came = {n: strangers(bench, jars[n], value(key, dials[n])) for n in (1, 2)}
    obeyed = all(run.shares[number] == STRANGERS for number, run in came.items())
    yield Finding(
        "Nobody comes to a backend because of a home-made cookie.",
        not (obeyed or wrong),
        f"{STRANGERS} strangers with a cookie for backend 1: {came[1].shares[1]} came to it. "
        f"{STRANGERS} with one for backend 2: {came[2].shares[2]} came to it."
        + f" They had guessed your secret: {key!r}."
        * bool(wrong and key),
        wrong or NO_SECRET,
        came[2],
        "shares",
    )


def _settled_office(bench: Bench, people: Clients) -> Generator[Finding, None, Traffic]:
    first = bench.fire(len(people), concurrency=20, clients=people)
    yield from all_well(first)
    yield from stays(first, bench.fire(len(people), concurrency=20, clients=people))
    return first


@task("06.4", "A new home", points=3)
def a_new_home(bench: Bench) -> Findings:
    """Each visitor stays with one backend, and each of the two has at least a fifth of them. Then
    one of the two, no matter which, is **killed** while 20 at a time ask. Mend the Caddyfile so
    that nobody sees an error. Whoever had to move stays at the new backend, even when the old one
    is up again and Caddy uses it. (The check need not wait for that: it loads your Caddyfile once
    more, so that Caddy forgets the failures.)
    """
    people = bench.people(40)
    yield from settled(bench, people)
    homes = bench.fire(len(people), concurrency=20, clients=people).backends
    victim = bench.any_backend()
    yield unseen(crash(bench, people, victim), victim, HELP, "sticky")
    yield elsewhere(bench, victim, HELP)
    victim.start()
    bench.load(bench.caddyfile)
    bench.soon(lambda: victim.healthy, 3)
    back = bench.fire(len(people), concurrency=20, clients=people)
    yield served(f"Everybody is served when backend {victim.number} is up again.", back)
    movers = [k for k, home in enumerate(homes) if home == victim.number]
    returned = sum(back.backends[k] == victim.number for k in movers)
    yield Finding(
        "Who had to move stays at the new backend.",
        returned == 0,
        f"{len(movers)} people had to move. Backend {victim.number} is up again, and {returned} of "
        "them went back there.",
        GOES_HOME,
        back,
    )


RIDDLE = """
:80 {
	reverse_proxy backend1:8080 backend2:8080 backend3:8080 {
		lb_policy cookie {
			fallback round_robin
		}
		lb_retries 2
		fail_duration 500ms
	}
}
"""
POLICIES = ("random", "round_robin", "least_conn", "first", "ip_hash", "cookie")
DESKS = 6
"""So many people of the riddle sit in the office; as many are at home."""


def riddle(bench: Bench) -> Traffic:
    """Office and home, logged in; one backend is killed and started again."""
    bench.load(RIDDLE)
    people = People([OFFICE] * DESKS + [address_of(k) for k in range(DESKS)])
    bench.fire(len(people), path="/login?user=ann", method="POST", clients=people)
    run = bench.fire(rate=48, duration=4, path="/me", clients=people, background=True)
    bench.pause(1)
    bench.backend(2).kill()
    bench.pause(0.7)
    bench.backend(2).start()
    return run.wait()


@question(
    "06.5",
    "The riddle",
    points=2,
    backends=3,
    reads=named("backend", policy=one_of(*POLICIES)),
    case=riddle,
)
def which_policy(bench: Bench, answer: dict[str, object]) -> Findings:
    """`riddle` is a run over three backends with a retry and a short memory. Twelve people have
    logged in and view their pages. Clients 0 to 5 sit in one office, behind one address; 6 to 11
    are at home, each with an address of their own. In the middle of it **one** backend was killed,
    and was started again a moment later.

    Which backend was it? And by which `lb_policy` were the people led: `random`, `round_robin`,
    `least_conn`, `first`, `ip_hash` or `cookie`? Look at `riddle.chart("sticky")`.
    """
    yield Finding(
        "It was this backend.",
        answer["backend"] == 2,
        f"You say that backend {answer['backend']} was killed.",
        WHO_WAS_IT,
    )
    right = answer["policy"] == "cookie"
    yield Finding(
        "It was this policy.",
        right,
        f"You say that the policy was `{answer['policy']}`.",
        ONE_OFFICE if answer["policy"] == "ip_hash" else ROWS,
        riddle(bench) if right else None,
        "sticky",
    )
