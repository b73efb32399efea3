"""The claims of chapter 6."""

from __future__ import annotations

from typing import Any

from caddylab._claims.chapters.book import ClaimBook
from caddylab._claims.claims import plausible
from caddylab._look.counted import counted
from caddylab._records import Outcome

book = ClaimBook()
COURSE = "this course"


@book.claim("Caddy gives everybody a cookie at their first visit.")
def handed_out(visitors: Any, first_visit: Any, second_visit: Any) -> tuple[bool, str]:
    again = second_visit.headers.get("set-cookie", "no new one")
    given = sum(bool(visitor.cookies) for visitor in visitors)
    told = f"{given:,} of 1,000 got one; a second visit brought {again}"
    return given == 1000 and "set-cookie" in first_visit.headers, told


@book.claim(
    "After that, everybody comes to the same backend each time.",
    only_if="that backend is up, and the cookie has not expired",
)
def sticks(visits: Any, moved: int) -> tuple[bool, str]:
    changed = _changed(visits)
    return changed == 0 < moved, (
        f"{changed} of 1,000 visitors met another backend at their second visit; with a cookie "
        f"that expires after a second {moved} of 20"
    )


def _changed(visits: Any) -> int:
    once, again = visits.backends[:1000], visits.backends[1000:]
    return sum(a != b for a, b in zip(once, again, strict=True))


@book.claim("It works where addresses mislead: behind a company's router, or on a phone.")
def addresses(office: Any, phone: Any) -> tuple[bool, str]:
    fair = plausible(200)
    met = counted(len(phone.shares), "backend")
    return office.shares[1] in fair and len(phone.shares) == 1, (
        f"office: {office.shares[1]} and {office.shares[2]} of 200; chance gives "
        f"{fair[0]} to {fair[-1]}. Phone: 10 networks, {met}"
    )


@book.claim("With the article's options users are safe when a backend crashes.")
def unnoticed(printed: Any, nothing: Any, both: Any) -> tuple[bool, str]:
    return printed.errors == 0, (
        f"{printed.errors} of 20 got a 502; without fail_duration {nothing.errors}; "
        f"with fail_duration and lb_retries {both.errors}"
    )


@book.claim(
    "The cookie takes users to the backend that holds their session.",
    only_if="that backend does not crash",
)
def data(slept: bool, visits: Any, awake: Any, story: Any) -> tuple[bool, str]:
    return slept and _changed(visits) == 0, (
        f"{_strangers(awake)} of {awake.shares[2]} sleepers came home to a backend that had "
        f"forgotten them; {_strangers(story)} visits of the busy ones met a stranger"
    )


def _strangers(run: Any) -> int:
    return int(run.outcomes[Outcome.CLIENT_ERROR])


@book.claim(
    "max_age counts from the first visit; whoever keeps coming is moved all the same.", by=COURSE
)
def counts(moved: int) -> tuple[bool, str]:
    told = f"max_age 1s: {moved} of 20 people who came three times a second were moved"
    return moved > 0, told


@book.claim("With HTTPS the cookie is Secure and SameSite=None.", by=COURSE)
def https(by_https: Any) -> tuple[bool, str]:
    cookie = by_https.headers["set-cookie"]
    return cookie.endswith("; HttpOnly; Secure; SameSite=None"), (
        f"it ends with {cookie.partition('; ')[2]}"
    )
