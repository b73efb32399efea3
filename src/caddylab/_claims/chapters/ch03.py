"""The claims of chapter 3."""

from __future__ import annotations

from typing import Any

from caddylab._claims.chapters.book import ClaimBook
from caddylab._records import passed_over

book = ClaimBook()
COURSE = "this course"
PEOPLE = "people"


@book.claim("By default Caddy waits for a slow backend, and some users suffer.")
def patience(default: Any) -> tuple[bool, str]:
    late = [request.latency for request in default.requests if request.latency > 1.5]
    return len(late) == 6, f"{len(late)} of 12 users waited {max(late, default=0):.1f} s"


@book.claim("`80 {` is the site on port 80.")
def port(server: Any) -> tuple[bool, str]:
    listens = ", ".join(server["listen"])
    return server["listen"] == [":80"], f"it listens on {listens} for the host 80"


@book.claim("lb_try_duration 2s is a timeout: a slow request is retried on another backend.")
def timeout(meant: Any, waiting: int) -> tuple[bool, str]:
    told = f"{waiting} of 12 users waited for 5 s, {meant.retries} requests were retried"
    return waiting == 0, told


@book.claim("The printed answers come from the slow service.")
def output(replay: Any, meant: Any) -> tuple[bool, str]:
    body = replay.requests[0].body
    told = f"they are what a stopped backend 2 gives: {body}"
    return body in {request.body for request in meant.requests}, told


@book.claim(
    "Even with a slow backend every user gets a quick answer.",
    only_if="response_header_timeout, lb_retries and fail_duration stand together (for GET)",
)
def quick(fixed: Any, waiting: int) -> tuple[bool, str]:
    slowest = max(request.latency for request in fixed.requests)
    return fixed.errors == passed_over(fixed.requests) and slowest < 2, (
        f"{waiting} of 12 waited 5 s with the article's options; with all three options the "
        f"slowest took {slowest:.2f} s"
    )


@book.claim(
    "max_fails keeps one slow page from taking the whole site down.",
    only_if="users × (lb_retries + 1) stays below backends × max_fails",
    by=PEOPLE,
)
def delays(proof: Any, again: Any) -> tuple[bool, str]:
    return proof.errors == 0 and again.errors == 10, (
        f"max_fails 3, one retry: after one user {proof.errors} of 10 others failed, after "
        f"three users {again.errors}"
    )
