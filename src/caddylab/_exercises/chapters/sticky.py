"""What the labs on sticky sessions have in common: people, their homes, and hints."""

from __future__ import annotations

from collections.abc import Sequence

from caddylab._engine.clients import Clients
from caddylab._exercises.bench import Bench
from caddylab._exercises.chapters.calm import MADE_UP, UNWELL, all_well, lost, made_up, served, told
from caddylab._exercises.chapters.crash import Help
from caddylab._exercises.task import Finding, Findings, Hints
from caddylab._records import Request
from caddylab._traffic.traffic import Traffic

OFFICE = "203.0.113.200"
"""The address that everybody in an office has, as far as Caddy can see."""

NOT_STICKY = Hints(
    "not sticky",
    "Follow one person: who answers at their first visit, and who at the second?",
    "Where somebody was once, there they have to come again. A policy that takes turns or draws "
    "lots knows nobody.",
    "`lb_policy` is the option. Which policies recognise a person, and by what?",
)
NO_RETRY = Hints(
    "no retry",
    "Take one request that failed. How many attempts did Caddy make for it?",
    "One attempt failed, and nothing followed. Whoever meets the dead backend first should be "
    "taken to another one at once.",
    "`lb_retries` and `lb_try_duration` make Caddy try again; they are off unless you set them.",
)
NO_MEMORY = Hints(
    "no memory",
    "Take one request that failed. Which backend did Caddy ask first, and which one then?",
    "A retry asks the policy once more. The person is the same, so the policy says the same, as "
    "long as nobody tells it that this backend is dead.",
    "`fail_duration` is how long Caddy remembers a failure, and `max_fails` how many it takes.",
)
HELP = Help(NO_RETRY, NO_MEMORY)
"""Hints for a Caddyfile without a retry, or without a memory."""


class People(Clients):
    """Clients with chosen addresses, which need not be different ones."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = addresses
        super().__init__(len(addresses))

    def address(self, k: int) -> str:
        """The chosen address."""
        return self._addresses[k]


class Answers:
    """The results of many small runs, in the order in which they were sent."""

    def __init__(self, runs: Sequence[Traffic]) -> None:
        self.runs = [run.wait() for run in runs]

    def __len__(self) -> int:
        return len(self.requests)

    @property
    def requests(self) -> list[Request]:
        """The requests of all runs."""
        return [request for run in self.runs for request in run.requests]

    @property
    def backends(self) -> list[int | None]:
        """The backend that answered, request by request."""
        return [request.answered_by for request in self.requests]

    def of(self, backend: int | None) -> int:
        """How many requests a backend has answered."""
        return self.backends.count(backend)


def all_answered(answers: Answers) -> Finding:
    """Every request of many runs has a good answer."""
    painted = any(map(made_up, answers.requests))
    return Finding(
        "Every request is answered.",
        lost(answers.requests) == 0,
        told(answers.requests),
        MADE_UP if painted else UNWELL,
    )


def each(
    bench: Bench, people: list[Clients], count: int, path: str, method: str = "GET"
) -> Answers:
    """Everybody sends so many requests to a path of their own."""
    runs = [
        bench.fire(count, path=path.format(k), method=method, clients=person, background=True)
        for k, person in enumerate(people)
    ]
    return Answers(runs)


def settled(bench: Bench, people: Clients) -> Findings:
    """All is well, and who comes a second time comes to the same backend; returns the homes."""
    first = bench.fire(len(people), concurrency=20, clients=people)
    yield from all_well(first)
    again = bench.fire(len(people), concurrency=20, clients=people)
    yield from stays(first, again)


def stays(first: Traffic, again: Traffic) -> Findings:
    """Everybody meets the same backend at both visits."""
    yield served("Who comes a second time is answered as well.", again)
    moved = sum(a != b for a, b in zip(first.backends, again.backends, strict=True))
    yield Finding(
        "Who comes a second time meets the same backend.",
        moved == 0,
        f"{moved} of {len(first)} people met another backend at their second visit.",
        NOT_STICKY,
        again,
    )
