"""The claims of chapter 2."""

from __future__ import annotations

from typing import Any

from caddylab._claims.chapters.book import ClaimBook
from caddylab._records import CHANCE, passed_over

book = ClaimBook()
COURSE = "this course"


@book.claim(
    "When a backend crashes, users see no error.",
    only_if="the backend refuses at once, or breaks off a GET",
)
def unseen(first: Any, second: Any, post: Any, hang: Any) -> tuple[bool, str]:
    errors = first.errors + second.errors
    beyond = f"{hang.errors} of {len(hang)} clients of a hung one gave up"
    status = post.requests[0].status
    return errors == 0, f"{errors} errors in its own test. A POST under way got {status}; {beyond}"


@book.claim(
    "The failed request is retried on the other backend.",
    only_if="nobody else takes that turn meanwhile",
)
def retried(first: Any, crowd: Any) -> tuple[bool, str]:
    told = f"one by one, {len(first.attempts())} attempts for {len(first)} requests"
    return first.retries == 1 and first.errors == 0 < crowd.errors, (
        f"{told}; in a crowd {crowd.errors} of {len(crowd)} met the dead one twice"
    )


@book.claim("One retry is a failover.")
def failover(crowd: Any, both: Any) -> tuple[bool, str]:
    return crowd.errors == 0, (
        f"{crowd.errors} of {len(crowd)} failed without fail_duration, {both.errors} with it"
    )


@book.claim("Caddy leaves a failed backend out for fail_duration, and then tries it again.")
def left_out(second: Any) -> tuple[bool, str]:
    told = f"ten seconds later, attempts that failed and were retried: {second.retries}"
    return second.retries == 1, told


@book.claim("Two seconds after the restart the backends take turns again: 1, 2, 1, 2.")
def turns(third: Any, waited: float) -> tuple[bool, str]:
    order = ", ".join(map(str, third.backends))
    return third.backends == [1, 2, 1, 2], f"{order}; backend 2 was back {waited:.1f} s later"


@book.claim(
    "Retry and memory belong together.", only_if="there are at least two backends", by=COURSE
)
def together(crowd: Any, both: Any, afterwards: Any, served: Any) -> tuple[bool, str]:
    needed = both.errors == passed_over(both.requests) and crowd.errors > CHANCE
    return needed and afterwards.errors == 20 and served.errors == 0, (
        f"two backends, one dead: {crowd.errors} errors with a retry alone, {both.errors} "
        f"with both. One backend, after its restart: {afterwards.errors} of 20 users with a memory "
        f"had an error, {served.errors} without"
    )
