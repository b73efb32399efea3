"""Lab 05, IP hash: who has to move, who is told apart, and by what."""

from __future__ import annotations

from itertools import pairwise

from caddylab._claims.claims import plausible
from caddylab._engine.clients import Clients, address_of
from caddylab._exercises.answers import named, numbers
from caddylab._exercises.bench import Bench
from caddylab._exercises.chapters.calm import LEAST, MADE_UP, UNWELL, USED, lost, made_up, told
from caddylab._exercises.chapters.crash import crash, elsewhere, unseen
from caddylab._exercises.chapters.forwarded import believes, not_believed, strangers, through
from caddylab._exercises.chapters.hints05 import (
    CULPRIT,
    FOR_GOOD,
    HOW_MANY,
    LEFT_END,
    ONE_LESS,
    ONE_PLACE,
    ORDER,
    OTHERS_MOVED,
    THROWN_OUT,
    TWO_MORE,
)
from caddylab._exercises.chapters.moves import SAMPLE, moved, spread
from caddylab._exercises.chapters.outing import RESIDENTS, outing
from caddylab._exercises.chapters.sticky import (
    HELP,
    NOT_STICKY,
    OFFICE,
    all_answered,
    each,
    settled,
)
from caddylab._exercises.task import Finding, Findings, Hints, question, task
from caddylab._records import Outcome


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
    runs = [spread(bench, order) for order in orders]
    gone = [moved(a, b) for a, b in pairwise(runs)]
    yield Finding(
        f"Measured just now, with {SAMPLE} people.",
        True,
        f"{gone[0]}, {gone[1]} and {gone[2]} of {SAMPLE} people met another backend.",
        ORDER,
        runs[1],
        "shares",
    )


def _expected(when: str, said: int, right: bool, hints: Hints) -> Finding:
    return Finding(f"How many move when {when}.", right, f"You say that {said} of 600 move.", hints)


@task("05.2", "Only who must", points=2)
def only_who_must(bench: Bench) -> Findings:
    """Everybody has an address of their own and stays with one backend. Each of the two backends
    has at least a fifth of the people. Then one of them, no matter which, is **killed**. Mend the
    Caddyfile so that nobody sees an error, and only the people of that backend move.
    """
    people = bench.people(40)
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
    yield elsewhere(bench, victim, HELP)


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


@task("05.4", "Behind a proxy", points=3, guarded=True)
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
    first, again = (through(bench, map(address_of, range(40))) for _ in range(2))
    yield all_answered(first)
    shares = [first.of(number) for number in (1, 2)]
    yield Finding(
        "The people are told apart: both backends have some.",
        min(shares) >= LEAST * len(first) / 2,
        f"40 people, 40 addresses: {shares[0]} are at backend 1, {shares[1]} at 2.",
        believes(bench),
    )
    strayed = sum(a != b for a, b in zip(first.backends, again.backends, strict=True))
    yield Finding(
        "Each stays with one backend.",
        strayed == 0,
        f"{strayed} of 40 people met another backend at their second visit.",
        NOT_STICKY,
    )
    home = first.backends[0]
    lies = through(bench, [f"6.6.6.{k}, {address_of(0)}" for k in range(1, 21)])
    yield Finding(
        "What a person writes into the header changes nothing.",
        lies.of(home) == len(lies),
        f"One person of backend {home} told 20 lies, and came to backend 1 {lies.of(1)} times, to "
        f"backend 2 {lies.of(2)} times.",
        LEFT_END,
    )
    for stranger in strangers(bench):
        yield not_believed(bench, stranger)


PEOPLE = 200


@task("05.5", "The office", points=3)
def office(bench: Bench) -> Findings:
    """200 people sit in one office, behind **one** address. Each logs in and then views two pages.
    Write a Caddyfile with which nobody is thrown out, and each of the two backends has at least a
    **third** of the people.

    The address is of no use. But a person's requests carry more: each says who it is, such as
    `/login?user=p17` and then `/me?user=p17`, and every browser keeps the cookies that it is
    given. Look for a policy that can use something of that. Chapter 5 has not shown it, but
    [Caddy's documentation](https://caddyserver.com/docs/caddyfile/directives/reverse_proxy#load-balancing)
    does.
    """
    people = [Clients(1, address=OFFICE) for _ in range(PEOPLE)]
    logins = each(bench, people, 1, "/login?user=p{}", "POST")
    yield all_answered(logins)
    views = each(bench, people, 2, "/me?user=p{}")
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
