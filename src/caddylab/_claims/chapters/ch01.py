"""The claims of chapter 1."""

from __future__ import annotations

from typing import Any

from caddylab._claims.chapters.book import ClaimBook

book = ClaimBook()


@book.claim("Round robin hands the requests evenly to both backends, in turns.")
def in_turns(t: Any) -> tuple[bool, str]:
    return t.backends == [2, 1] * 8, f"16 requests went to {', '.join(map(str, t.backends))}"


@book.claim("The first request goes to the second backend (as its printed output shows).")
def second_first(t: Any) -> tuple[bool, str]:
    return t.backends[0] == 2, f"backend {t.backends[0]} answered first, after every load"


@book.claim("Start everything and send requests: it works.")
def works_at_once(too_soon: Any) -> tuple[bool, str]:
    lost = f"{too_soon.errors} of {len(too_soon)} requests got 503: Caddy was too early"
    return too_soon.errors == 0, lost


@book.claim("After starting, the health checks need a while before they begin.")
def begins_late(check: Any, loaded: float) -> tuple[bool, str]:
    took = check["start"] - loaded
    return took > 1, f"the first came {took * 1000:.0f} ms after loading"
