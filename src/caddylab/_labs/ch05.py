"""Lab 05, IP hash: who has to move, who is told apart, and by what."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from caddylab._claims import plausible
from caddylab._labs.answers import named, numbers
from caddylab._labs.bench import Bench
from caddylab._labs.calm import LEAST, MADE_UP, UNWELL, USED, lost, made_up, told
from caddylab._labs.crash import crash, unseen
from caddylab._labs.hints05 import (
    CULPRIT,
    EVERYBODY,
    FOR_GOOD,
    HOW_MANY,
    LEFT_END,
    NEIGHBOURS,
    NOT_TRUSTED,
    ONE_LESS,
    ONE_PLACE,
    ORDER,
    OTHERS_MOVED,
    PEER,
    THROWN_OUT,
    TWO_MORE,
)
from caddylab._labs.sticky import HELP, NOT_STICKY, OFFICE, Answers, People, settled
from caddylab._labs.task import Finding, Findings, Hints, question, task
from caddylab._records import Outcome
from caddylab._traffic.clients import Clients, address_of
from caddylab._traffic.traffic import Traffic

HASHED = """
:80 {
	reverse_proxy UPSTREAMS {
		lb_policy ip_hash
	}
}
"""


SAMPLE = 120
"""So many people show what happens; 600 would take a busy machine too long."""


@question("05.1", "Who has to move?", points=1, backends=4, reads=numbers(3))
def who_moves(bench: Bench, answer: list[int]) -> Findings:
    """600 people, each with an address of their own, behind `lb_policy ip_hash`. How many of them
    meet another backend than before,

    1. when **two backends become four**, at once,
    2. when one of the four is **taken away** after that,
    3. when the other three are **written in another order**?

    Give three numbers, as you expect them on average: what chance can make of them is right, too.
    Predict first. Then measure, if you like.
    """
    four, three = plausible(600, 1 / 2), plausible(600, 1 / 4)
    yield _expected("two backends become four", answer[0], answer[0] in four, TWO_MORE)
    yield _expected("one of four is taken away", answer[1], answer[1] in three, ONE_LESS)
    yield _expected("their order changes", answer[2], answer[2] == 0, ORDER)
    orders = ("1 2", "1 2 3 4", "1 2 3", "3 1 2")
    runs = [_spread(bench, order) for order in orders]
    moved = [_moved(a, b) for a, b in pairwise(runs)]
    yield Finding(
        f"Measured just now, with {SAMPLE} people.",
        True,
        f"{moved[0]}, {moved[1]} and {moved[2]} of {SAMPLE} people met another backend.",
        ORDER,
        runs[1],
        "shares",
    )


def _expected(when: str, said: int, right: bool, hints: Hints) -> Finding:
    return Finding(f"How many move when {when}.", right, f"You say that {said} of 600 move.", hints)


def _spread(bench: Bench, order: str) -> Traffic:
    upstreams = " ".join(f"backend{number}:8080" for number in order.split())
    bench.load(HASHED.replace("UPSTREAMS", upstreams))
    return bench.fire(SAMPLE, concurrency=20, clients=Clients(SAMPLE))


def _moved(before: Traffic, after: Traffic) -> int:
    return sum(a != b for a, b in zip(before.backends, after.backends, strict=True))


@task("05.2", "Only who must", points=2)
def only_who_must(bench: Bench) -> Findings:
    """Everybody has an address of their own and stays with one backend. Each of the two backends
    has at least a fifth of the people. Then one of them, no matter which, is **killed**. Mend the
    Caddyfile so that nobody sees an error, and only the people of that backend move.
    """
    people = Clients(40)
    yield from settled(bench, people)
    homes = bench.fire(len(people), concurrency=20, clients=people).backends
    victim = bench.any_backend()
    run = crash(bench, people, victim)
    yield unseen(run, victim, HELP, "sticky")
    stayed = {k for k, home in enumerate(homes) if home != victim.number}
    strayed = {r.client for r in run.requests if r.answered_by != homes[r.client]} & stayed
    yield Finding(
        f"Only the people of backend {victim.number} move.",
        not strayed,
        f"{len(homes) - len(stayed)} people had to move from backend {victim.number}. Of the "
        f"{len(stayed)} others, {len(strayed)} met another backend.",
        OTHERS_MOVED,
        run,
        "sticky",
    )


HANGS = """
:80 {
	reverse_proxy backend1:8080 backend2:8080 backend3:8080 {
		lb_policy ip_hash
		lb_retries 2
		fail_duration 500ms
		transport http {
			response_header_timeout 500ms
		}
	}
}
"""
RESIDENTS = {1: 3, 2: 5, 3: 4}
"""So many people live at each backend in the case."""


def outing(bench: Bench) -> Traffic:
    """People are logged in; one backend hangs for a while, and keeps its memory."""
    bench.load(HANGS)
    homes = bench.fire(60, clients=Clients(60), concurrency=10).backends
    chosen = [
        k
        for number, count in RESIDENTS.items()
        for k in [k for k, home in enumerate(homes) if home == number][:count]
    ]
    people = People([address_of(k) for k in sorted(chosen)])
    bench.fire(len(people), path="/login?user=ann", method="POST", clients=people)
    run = bench.fire(rate=48, duration=4, path="/me", clients=people, timeout=10, background=True)
    bench.pause(0.8)
    bench.backend(3).hung()
    bench.pause(1.2)
    bench.restore()
    return run.wait()


@question(
    "05.3", "An outing", points=2, backends=3, reads=named("backend", "moved", "lost"), case=outing
)
def who_went_out(bench: Bench, answer: dict[str, int]) -> Findings:
    """`outing` is a run over three backends with `ip_hash`, a retry and a short memory. Twelve
    people have logged in and view their pages, four a second each. For a while something is wrong
    with **one** backend.

    Which backend was it? How many people **moved** because of it? And how many of the twelve have
    **lost** their login for good: they would have to log in again at the end of the run?

    Look at `outing.chart("sticky")` first, then at `outing.table()` and `outing.attempts()`.
    """
    yield Finding(
        "It was this backend.",
        answer["backend"] == 3,
        f"You say that something was wrong with backend {answer['backend']}.",
        CULPRIT,
    )
    yield Finding(
        "So many people moved.",
        answer["moved"] == RESIDENTS[3],
        f"You say that {answer['moved']} of 12 people moved.",
        HOW_MANY,
    )
    right = answer["lost"] == 0
    yield Finding(
        "So many have lost their login for good.",
        right,
        f"You say that {answer['lost']} of 12 people have to log in again.",
        FOR_GOOD,
        outing(bench) if right else None,
        "sticky",
    )


PROXY, PASSER_BY = "10.0.0.7", "198.51.100.9"
NEIGHBOUR = "10.0.0.6"
"""As near to the proxy as can be: whoever believes more than one address believes this one."""
NETWORKS = ("10.99.3.7", "172.16.4.7", "192.168.0.7", "100.64.0.7", "127.0.0.7")
"""Others who may be near: private networks, a provider's, this very machine."""


@task("05.4", "Behind a proxy", points=3)
def behind_a_proxy(bench: Bench) -> Findings:
    """All your visitors come through a proxy, whose address is **`10.0.0.7`**. It *appends* each
    person's address to the header `X-Forwarded-For`: whatever the person wrote there stands to the
    left of it. Write a Caddyfile with which

    - people are told apart by their address: each stays with one backend, and each backend has at
      least a fifth of them;
    - nobody can choose a backend with what they write into the header;
    - who comes to your Caddy *past* the proxy, with an `X-Forwarded-For` of their own, is not
      believed at all, be it somebody on the Internet or a neighbour of the proxy in your own
      network.
    """
    first, again = (_through(bench, map(address_of, range(40))) for _ in range(2))
    yield _all_answered(first)
    shares = [first.of(number) for number in (1, 2)]
    yield Finding(
        "The people are told apart: both backends have some.",
        min(shares) >= LEAST * len(first) / 2,
        f"40 people, 40 addresses: {shares[0]} are at backend 1, {shares[1]} at 2.",
        _believes(bench),
    )
    moved = sum(a != b for a, b in zip(first.backends, again.backends, strict=True))
    yield Finding(
        "Each stays with one backend.",
        moved == 0,
        f"{moved} of 40 people met another backend at their second visit.",
        NOT_STICKY,
    )
    home = first.backends[0]
    lies = _through(bench, [f"6.6.6.{k}, {address_of(0)}" for k in range(1, 21)])
    yield Finding(
        "What a person writes into the header changes nothing.",
        lies.of(home) == len(lies),
        f"One person of backend {home} told 20 lies, and came to backend 1 {lies.of(1)} times, to "
        f"backend 2 {lies.of(2)} times.",
        LEFT_END,
    )
    for stranger in (PASSER_BY, NEIGHBOUR, bench.any_of(NETWORKS)):
        yield _not_believed(bench, stranger)


def _not_believed(bench: Bench, stranger: str) -> Finding:
    past = _through(bench, map(address_of, range(20)), stranger)
    return Finding(
        f"Who comes past the proxy, from {stranger}, is not believed.",
        len(past) in (past.of(1), past.of(2)),
        f"{stranger} came directly, with 20 different headers: {past.of(1)} times to backend 1, "
        f"{past.of(2)} times to backend 2.",
        EVERYBODY if stranger == PASSER_BY else NEIGHBOURS,
    )


def _through(bench: Bench, headers: Iterable[str], peer: str = PROXY) -> Answers:
    """A request from `peer` with each of these `X-Forwarded-For`."""
    runs = [
        bench.fire(
            1,
            headers={"X-Forwarded-For": header},
            clients=Clients(1, address=peer),
            background=True,
        )
        for header in headers
    ]
    return Answers(runs)


def _believes(bench: Bench) -> Hints:
    """Whom Caddy believes shows in the header that it passes on."""
    believed = []
    for peer in (PASSER_BY, PROXY):
        header, people = {"X-Forwarded-For": "203.0.113.5"}, Clients(1, address=peer)
        run = bench.fire(1, path="/echo", headers=header, clients=people)
        believed.append(f"203.0.113.5, {peer}" in run.requests[0].body)
    return EVERYBODY if believed[0] else PEER if believed[1] else NOT_TRUSTED


PEOPLE = 200


@task("05.5", "The office", points=3)
def office(bench: Bench) -> Findings:
    """200 people sit in one office, behind **one** address. Each logs in and then views two pages.
    Write a Caddyfile with which nobody is thrown out, and each of the two backends has at least a
    **third** of the people.

    The address is of no use. But a person's requests carry more: each says who it is, such as
    `/login?user=p17` and then `/me?user=p17`, and every browser keeps the cookies that it is
    given. Look for a policy that can use something of that. This chapter has not shown it, but
    [Caddy's documentation](https://caddyserver.com/docs/caddyfile/directives/reverse_proxy#load-balancing)
    does.
    """
    people = [Clients(1, address=OFFICE) for _ in range(PEOPLE)]
    logins = _each(bench, people, 1, "/login?user=p{}", "POST")
    yield _all_answered(logins)
    views = _each(bench, people, 2, "/me?user=p{}")
    out = sum(lost(run.requests) > 0 for run in views.runs)
    unknown = sum(run.outcomes[Outcome.CLIENT_ERROR] for run in views.runs)
    painted = any(map(made_up, views.requests))
    yield Finding(
        "Nobody is thrown out.",
        not out,
        f"{out} of {PEOPLE} people had no page from a backend after their login ({unknown} times "
        f"401, “log in first”). {told(views.requests)}",
        MADE_UP if painted else THROWN_OUT if unknown else UNWELL,
    )
    shares = [logins.of(number) for number in (1, 2)]
    yield Finding(
        "Each backend has at least a third of the people.",
        3 * min(shares) >= PEOPLE,
        f"Backend 1 has {shares[0]} of {PEOPLE} people, backend 2 {shares[1]}.",
        ONE_PLACE if 0 in shares else USED,
    )


def _all_answered(answers: Answers) -> Finding:
    painted = any(map(made_up, answers.requests))
    return Finding(
        "Every request is answered.",
        lost(answers.requests) == 0,
        told(answers.requests),
        MADE_UP if painted else UNWELL,
    )


def _each(
    bench: Bench, people: list[Clients], count: int, path: str, method: str = "GET"
) -> Answers:
    """Everybody sends so many requests to a path of their own."""
    runs = [
        bench.fire(count, path=path.format(k), method=method, clients=person, background=True)
        for k, person in enumerate(people)
    ]
    return Answers(runs)
