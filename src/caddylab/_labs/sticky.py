"""What the labs on sticky sessions have in common: people, homes, and a backend that dies."""

from __future__ import annotations

from collections.abc import Sequence

from caddylab._labs.bench import Bench
from caddylab._labs.calm import all_well
from caddylab._labs.task import Finding, Findings, Hints
from caddylab._records import Outcome, Request
from caddylab._traffic.clients import Clients
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
LOST = Hints(
    "in flight",
    "Look at when the failed requests were sent, and what their attempts say.",
    "Requests that were under way when the backend died need a second attempt too, and enough "
    "time for it.",
    "Look at `lb_try_duration`, at every timeout, and at `lb_retry_match`.",
)


class People(Clients):
    """Clients with chosen addresses, which need not be different ones."""

    def __init__(self, addresses: Sequence[str]) -> None:
        self._addresses = addresses
        super().__init__(len(addresses))

    def address(self, k: int) -> str:
        """The chosen one."""
        return self._addresses[k]


def settled(bench: Bench, people: Clients) -> Findings:
    """All is well, and who comes a second time comes to the same backend; returns the homes."""
    first = bench.fire(len(people), concurrency=20, clients=people)
    yield from all_well(first)
    again = bench.fire(len(people), concurrency=20, clients=people)
    yield stays(first, again)


def stays(first: Traffic, again: Traffic) -> Finding:
    """Everybody meets the same backend at both visits."""
    moved = sum(a != b for a, b in zip(first.backends, again.backends, strict=True))
    return Finding(
        "Who comes a second time meets the same backend.",
        moved == 0,
        f"{moved} of {len(first)} people met another backend at their second visit.",
        NOT_STICKY,
        again,
    )


def crash(bench: Bench, people: Clients) -> Traffic:
    """Backend 2 is killed while twenty people at a time ask for a page."""
    run = bench.fire(
        15 * len(people), concurrency=20, clients=people, path="/delay/30", background=True
    )
    bench.wait_until(lambda: _answered(run) > 2 * len(people), 20)
    bench.backend(2).kill()
    return run.wait()


def unseen(run: Traffic) -> Finding:
    """No client has seen the crash, but for answers that Caddy had begun to pass on already."""
    cut = sum(_cut_off(request) for request in run.requests)
    errors = run.errors - cut
    tries = [sum(a.backend == 2 and a.error != "" for a in r.attempts) for r in run.requests]
    return Finding(
        "No client sees an error when backend 2 is killed.",
        errors == 0,
        f"{errors} of {len(run)} requests failed. Caddy tried again {run.retries} times; "
        f"{sum(tries)} attempts on backend 2 failed."
        + f" (Cut off in the middle, for which there is no remedy: {cut}.)"
        * bool(cut),
        NO_RETRY if run.retries == 0 else NO_MEMORY if max(tries) > 1 else LOST,
        run,
        "sticky",
    )


def _cut_off(request: Request) -> bool:
    """Whether its answer had begun: Caddy cannot take back what the client has."""
    return request.outcome is Outcome.RESET and request.status == 200


def _answered(run: Traffic) -> int:
    return len(run) - run.outcomes[Outcome.PENDING]
