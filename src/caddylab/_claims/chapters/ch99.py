"""The claims of the summary."""

from __future__ import annotations

from typing import Any

from caddylab._claims.chapters.book import ClaimBook

book = ClaimBook()
COURSE = "this course"
UNHARMED = "With this Caddyfile no user gets an error when a backend {}."


@book.claim(UNHARMED.format("is stopped"), by=COURSE)
def is_stopped(stopped: Any) -> tuple[bool, str]:
    return _unharmed(stopped)


@book.claim(UNHARMED.format("hangs"), by=COURSE)
def hangs(hung: Any) -> tuple[bool, str]:
    return _unharmed(hung)


@book.claim(UNHARMED.format("is slow"), by=COURSE)
def is_slow(slow: Any) -> tuple[bool, str]:
    return _unharmed(slow)


@book.claim(UNHARMED.format("answers 500"), by=COURSE)
def answers_500(bug: Any) -> tuple[bool, str]:
    return _unharmed(bug)


def _unharmed(run: Any) -> tuple[bool, str]:
    slowest = max(request.latency for request in run.requests)
    return run.errors == 0, f"{run.errors} errors; the slowest took {slowest:.1f} s"


@book.claim("With this Caddyfile a reload cuts no WebSocket off.", by=COURSE)
def outlives(calls: Any, cut: Any) -> tuple[bool, str]:
    return cut == 0, f"{cut} of {len(calls)} cut off"


@book.claim(
    "When everything is down, users read a page of yours, with an error's status.", by=COURSE
)
def polite(last: Any) -> tuple[bool, str]:
    page = "Sorry" in str(last.body)
    return last.status in (502, 503) and page, f"{last.status}: {last.body}"


@book.claim(
    "With this Caddyfile a page that is slow everywhere harms only those who ask for it.",
    only_if="no more than one of them asks within fail_duration",
    by=COURSE,
)
def alone(harmed: Any) -> tuple[bool, str]:
    told = f"after one user {harmed[1]} of 20 others failed, after two {harmed[2]}"
    return harmed[1] == 0 and harmed[2] == 20, told
