"""The claims of chapter 5."""

from __future__ import annotations

from typing import Any

from caddylab._claims.chapters.book import ClaimBook
from caddylab._claims.claims import plausible

book = ClaimBook()


@book.claim("Round robin breaks logins that live in a backend's memory.")
def breaks(turns: Any) -> tuple[bool, str]:
    return turns.errors > 0, f"{turns.errors} of {len(turns)} views were refused"


@book.claim(
    "A user whose address stays the same stays with the same backend.",
    only_if="no backend is added, removed or lost",
)
def stays(hashed: Any, moved: int) -> tuple[bool, str]:
    return hashed.errors == 0, (
        f"{len(hashed) - hashed.errors} of {len(hashed)} views found their session; "
        f"{moved} of 300 users moved when a backend was added"
    )


@book.claim("It is unreliable when hundreds of users share one address.")
def firewall(shared: Any) -> tuple[bool, str]:
    most = max(shared.shares.values())
    return most == len(shared), f"{most} of {len(shared)} requests at one backend"


@book.claim("It is unreliable when a phone's address changes.")
def mobile(journey: Any) -> tuple[bool, str]:
    told = f"at {journey.errors} of {len(journey)} addresses the session was lost"
    return journey.errors > 0, told


@book.claim("With the article's options the users of a dead backend see no error.")
def fallen(printed: Any, stubborn: Any, helped: Any) -> tuple[bool, str]:
    return printed.errors == 0, (
        f"502 as an answer: {printed.errors}; with a retry but no memory: "
        f"{stubborn.errors}; with both: {helped.errors}"
    )


@book.claim(
    "ip_hash goes by the user's address.",
    only_if="no other proxy stands in front (else client_ip_hash and trusted_proxies)",
)
def proxied(crowd: Any, behind: Any) -> tuple[bool, str]:
    alone, hidden = (" and ".join(map(str, sorted(run.shares.values()))) for run in (crowd, behind))
    told = f"600 users on the two backends: {alone}; 200 behind a proxy: {hidden}"
    return crowd.shares[1] in plausible(600), told
