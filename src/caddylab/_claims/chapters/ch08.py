"""The claims of chapter 8."""

from __future__ import annotations

from typing import Any

from caddylab._claims.chapters.book import ClaimBook
from caddylab._records import passed_over

book = ClaimBook()
COURSE = "this course"


def _all_good(trial: Any) -> bool:
    return int(trial.total - trial.good) == passed_over(trial.traffic.requests)


@book.claim(
    "A few lines are enough for a sudden crash.",
    only_if="retry and memory stand together, and the request is a GET or was not sent yet",
)
def crash(table: Any) -> tuple[bool, str]:
    killed, down = (table[fault, "retry + memory"] for fault in ("killed under load", "down"))
    return _all_good(killed) and _all_good(down), (
        f"killed under load: {killed.good} of {killed.total} answered, "
        f"down: {down.good} of {down.total}"
    )


@book.claim(
    "The setup softens silent trouble in the network.",
    only_if="dial_timeout and response_header_timeout are set; the article sets neither",
)
def silence(table: Any) -> tuple[bool, str]:
    cut, hung = (table[fault, "+ timeouts"] for fault in ("partitioned", "hung"))
    without = [table[fault, "retry + memory"].good for fault in ("partitioned", "hung")]
    return _all_good(cut) and _all_good(hung), (
        f"partitioned: {cut.good} of {cut.total} answered, hung: {hung.good} of "
        f"{hung.total}; with the article's options {without[0]} and {without[1]}"
    )


@book.claim("Users never see an error.")
def never(table: Any) -> tuple[bool, str]:
    trials = {fault: table[fault, "retry + memory"] for fault in table.faults}
    seen = [fault for fault, trial in trials.items() if trial.good < trial.total]
    told = f"with retry and memory they do in {len(seen)} of {len(trials)} failures: "
    return not seen, told + ", ".join(seen)


@book.claim("Whatever fails at a backend, Caddy steps in and asks another one.")
def steps_in(table: Any) -> tuple[bool, str]:
    answer = table["answers 500", "retry + memory"]
    told = f"answers 500: {answer.trouble}, and {answer.traffic.retries} retries"
    return answer.good == answer.total, told


@book.claim(
    "Resilience is a matter of a few lines in a Caddyfile.",
    only_if="timeouts, retry on status and a backup are among them, and the clients only read",
)
def simple(table: Any, backup: str) -> tuple[bool, str]:
    full = [table[fault, "+ backup"] for fault in table.faults]
    lines = [line.partition("  #")[0] for line in backup.splitlines()]
    return all(map(_all_good, full)), (
        f"{len(' '.join(lines).split())} words in {len(lines)} lines: "
        f"{sum(t.good for t in full)} of {sum(t.total for t in full)} good answers in 7 failures"
    )


@book.claim(
    "An lb_retry_match that looks at the status must not stand above the others.", by=COURSE
)
def order_matters(method_then: Any, status_then: Any) -> tuple[bool, str]:
    below, above = method_then, status_then
    return below.errors == 0 and above.errors == 1, (
        f"a GET to a hung backend got {below.requests[0].status} with it at the end, "
        f"{above.requests[0].status} with it at the top"
    )


@book.claim("One broken page can take the whole site down; max_fails only delays that.", by=COURSE)
def delays(others: Any, others_then: Any) -> tuple[bool, str]:
    return others.errors == 10 and others_then.errors == 10, (
        f"{others.errors} of 10 others failed after one user; with max_fails 2, "
        f"{others_then.errors} of 10 after two"
    )


@book.claim(
    "A weight of 0 drains a backend, and no request is lost.",
    only_if="it is a request that ends (a WebSocket is closed at the reload)",
    by=COURSE,
)
def drains(drained: Any, long: Any) -> tuple[bool, str]:
    return drained.errors + long.errors == 0 and drained.shares[2] == 0, (
        f"{long.errors} of {len(long)} under way failed, {drained.errors} of "
        f"{len(drained)} that came after, and {drained.shares[2]} of those met backend 2"
    )
