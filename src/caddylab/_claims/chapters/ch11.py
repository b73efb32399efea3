"""The claims of chapter 11."""

from __future__ import annotations

from typing import Any

from caddylab._claims.chapters.book import ClaimBook

book = ClaimBook()
DOCUMENTATION = "Caddy's documentation"
PEOPLE = "people"


@book.claim("Servers with names can move: nobody notices.", by=PEOPLE)
def moves(old: Any) -> tuple[bool, str]:
    return old.errors == 0, f"{old.errors} of {len(old)} failed until Caddy asked again"


@book.claim("Caddy asks for the addresses again when refresh is over.", by=DOCUMENTATION)
def asks_again(new: Any) -> tuple[bool, str]:
    return new.errors == 0, f"after that, {new.errors} of {len(new)} failed"


@book.claim("A retry and a memory bridge the time until then.", by="this course")
def bridged(forgiven: Any) -> tuple[bool, str]:
    return forgiven.errors == 0 and forgiven.retries > 0, (
        f"{forgiven.errors} of {len(forgiven)} failed; retries: {forgiven.retries}"
    )


@book.claim(
    "First the record, then patience, then the program: so nobody notices that a server ends.",
    by="this course",
)
def in_order(program_first: Any, record_first: Any) -> tuple[bool, str]:
    told = f"{record_first.errors} failed; in the other order {program_first.errors}"
    return record_first.errors == 0 and program_first.errors > 0, told


@book.claim("The shorter the refresh, the safer the site.", by=PEOPLE)
def eager(waiting: Any, asking: Any) -> tuple[bool, str]:
    return waiting < len(asking) // 5, (
        f"with a slow name server {waiting} of {len(asking)} waited for its answer"
    )


@book.claim("While the name server fails, Caddy goes on with the addresses it has.", by=PEOPLE)
def goes_on(deaf: Any) -> tuple[bool, str]:
    return deaf.good > 0, f"{deaf.good} of {len(deaf)} were answered within 3 s"


@book.claim("Active health checks do not run for dynamic upstreams.", by=DOCUMENTATION)
def unchecked(seen: Any) -> tuple[bool, str]:
    return seen == 0, f"the backends saw {seen} checks in the time for twenty"


@book.claim("Passive health checks work for dynamic upstreams as well.", by=DOCUMENTATION)
def passive(remembered: Any) -> tuple[bool, str]:
    return 0 < remembered.errors <= 3, (
        f"one backend dead: {remembered.errors} of {len(remembered)} failed, then none"
    )


@book.claim("HTTPS makes every request slow.", by=PEOPLE)
def slow(each: Any) -> tuple[bool, str]:
    new, kept = each
    return kept > 0.8 * new, f"{new:.1f} ms with a new connection, {kept:.1f} ms without"


@book.claim("Over HTTPS the cookie becomes Secure; SameSite=None.", by=DOCUMENTATION)
def flags(cookie: Any) -> tuple[bool, str]:
    return cookie.endswith("; Secure; SameSite=None"), cookie.partition("; ")[2]


@book.claim("An encrypted connection to a backend is one to the right backend.", by=PEOPLE)
def trusted(named_wrong: Any, unchecked: Any) -> tuple[bool, str]:
    return unchecked.good == 0, (
        f"a wrong name: {named_wrong.good} of {len(named_wrong)} answered; "
        f"with tls_insecure_skip_verify {unchecked.good}"
    )
