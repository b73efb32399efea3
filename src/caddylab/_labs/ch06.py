"""Lab 06, cookies: made to order, in turns, safe from forgers, and after a crash."""

from __future__ import annotations

import hmac
import time
from collections.abc import Generator
from http.cookiejar import Cookie

from caddylab import _loopback
from caddylab._labs.answers import named, one_of
from caddylab._labs.bench import Bench
from caddylab._labs.calm import UNWELL, all_well
from caddylab._labs.hints06 import (
    BY_CHANCE,
    DECORATION,
    GOES_HOME,
    GUESSABLE,
    LIFE_TIME,
    NO_COOKIE,
    NO_SECRET,
    ONE_OFFICE,
    OTHER_NAME,
    ROWS,
    SOME_NOTHING,
    WHO_WAS_IT,
)
from caddylab._labs.sticky import OFFICE, People, crash, settled, stays, unseen
from caddylab._labs.task import Finding, Findings, question, task
from caddylab._traffic.clients import Clients, address_of
from caddylab._traffic.traffic import Traffic

HALF_AN_HOUR = 1800


@task("06.1", "Made to order", points=1)
def made_to_order(bench: Bench) -> Findings:
    """Write a Caddyfile that ties every visitor to a backend with a cookie. It is called `desk`,
    and browsers keep it for **half an hour**, even when they are closed in between.
    """
    yield from settled(bench, Clients(40))
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
    trip = bench.fire(30, clients=Clients(30), headers=shown)
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
        f"It lasts {lasts:.0f} s; half an hour is {HALF_AN_HOUR} s."
        if got["desk"].expires
        else "It says nothing of how long it lasts: until the browser is closed.",
        LIFE_TIME,
    )


def _cookies(bench: Bench) -> dict[str, Cookie]:
    """What a browser that comes for the first time is given."""
    with _loopback.client(bench.url, timeout=10) as client:
        visit = client.get("/test-api")
    return {cookie.name: cookie for cookie in visit.cookies.jar}


@task("06.2", "One after the other", points=2, backends=3)
def one_after_the_other(bench: Bench) -> Findings:
    """Write a Caddyfile for **three** backends. Newcomers go to them strictly in turns: of any
    three who come one after the other, each goes to another backend. Who comes again goes where
    they were.
    """
    people = Clients(32)
    first = bench.fire(len(people), clients=people)
    yield Finding(
        "Every request is answered.",
        first.errors == 0,
        f"{len(first) - first.errors} of {len(first)} requests were answered.",
        UNWELL,
        first,
    )
    shares = [first.shares[number] for number in (1, 2, 3)]
    yield Finding(
        "Every backend gets newcomers.",
        all(shares),
        f"Of {len(first)} newcomers backends 1, 2 and 3 got {', '.join(map(str, shares))}.",
        SOME_NOTHING,
        first,
    )
    turns = first.backends
    yield Finding(
        "Newcomers go round.",
        all(len(set(turns[k : k + 3])) == 3 for k in range(len(turns) - 2)),
        f"The first twelve newcomers went to {', '.join(map(str, turns[:12]))}.",
        BY_CHANCE,
        first,
    )
    yield stays(first, bench.fire(len(people), clients=people))


COMMON = ("", "secret", "s3cret", "password", "changeme", "key", "caddy", "admin", "123456", "test")
VISITORS, STRANGERS = 200, 60


@task("06.3", "Nobody chooses", points=2)
def nobody_chooses(bench: Bench) -> Findings:
    """200 visitors sit in one office, behind **one** address. Write a Caddyfile with which each of
    them stays with one backend, and both backends have some.

    Strangers try to choose: they compute the cookie for a backend themselves, as you did in
    chapter 6. They have no secret, but they try a dozen words that people often take for one.
    Their cookies must not be obeyed.
    """
    people = Clients(VISITORS, address=OFFICE)
    first = yield from _settled_office(bench, people)
    jar = people[0].cookies
    dials = {r.answered_by: r.attempts[-1].upstream for r in first.requests}
    key = next((key for key in (*COMMON, *jar) if _forged(key, dials) & {*jar.values()}), "")
    came = {number: _strangers(bench, jar, key, dials[number]) for number in (1, 2)}
    yield Finding(
        "Nobody comes to a backend because of a home-made cookie.",
        any(run.shares[number] < STRANGERS for number, run in came.items()),
        f"{STRANGERS} strangers with a cookie for backend 1: {came[1].shares[1]} came to it. "
        f"{STRANGERS} with one for backend 2: {came[2].shares[2]} came to it."
        + f" Your secret is {key!r}."
        * bool(key),
        GUESSABLE if key else NO_SECRET,
        came[2],
        "shares",
    )


def _settled_office(bench: Bench, people: Clients) -> Generator[Finding, None, Traffic]:
    first = bench.fire(len(people), concurrency=20, clients=people)
    yield from all_well(first)
    yield stays(first, bench.fire(len(people), concurrency=20, clients=people))
    return first


def _forged(key: str, dials: dict[int | None, str]) -> set[str]:
    return {_value(key, dial) for dial in dials.values()}


def _value(key: str, dial: str) -> str:
    return hmac.new(key.encode(), dial.encode(), "sha256").hexdigest()


def _strangers(bench: Bench, jar: dict[str, str], key: str, dial: str) -> Traffic:
    """Newcomers with a cookie of their own making, under every name that the site uses."""
    cookies = "; ".join(f"{name}={_value(key, dial)}" for name in jar or ["lb"])
    strangers = Clients(STRANGERS, address=OFFICE)
    return bench.fire(STRANGERS, concurrency=10, clients=strangers, headers={"Cookie": cookies})


@task("06.4", "A new home", points=3)
def a_new_home(bench: Bench) -> Findings:
    """Each visitor stays with one backend. Then backend 2 is **killed** while 20 at a time ask.
    Mend the Caddyfile so that nobody sees an error. And who had to move stays at the new backend,
    also when backend 2 is up again and Caddy uses it. (The check need not wait for that: it loads
    your Caddyfile once more, so that Caddy forgets the failures.)
    """
    people = Clients(40)
    yield from settled(bench, people)
    homes = bench.fire(len(people), concurrency=20, clients=people).backends
    yield unseen(crash(bench, people))
    bench.backend(2).start()
    bench.load(bench.caddyfile)
    bench.soon(lambda: bench.backend(2).healthy, 3)
    back = bench.fire(len(people), concurrency=20, clients=people)
    movers = [k for k, home in enumerate(homes) if home == 2]
    returned = sum(back.backends[k] != 1 for k in movers)
    yield Finding(
        "Who had to move stays at the new backend.",
        returned == 0,
        f"{len(movers)} people had to move. Backend 2 is up again, and {returned} of them did not "
        "stay at backend 1.",
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
