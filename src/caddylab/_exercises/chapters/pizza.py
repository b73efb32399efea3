"""The pizza shop of lab 13: its address, its servers, and who belongs to whom."""

from __future__ import annotations

from typing import Any

from caddylab._errors import TrafficError
from caddylab._exercises.bench import Bench
from caddylab._exercises.chapters.calm import USED, served
from caddylab._exercises.chapters.hints13 import (
    NO_SITE,
    NO_SUCH_SERVER,
    UNWELL,
    WRONG_HOUSE,
    WRONG_PAGE,
)
from caddylab._exercises.task import Finding, Findings
from caddylab._rig.backends.backend import Backend
from caddylab._rig.site import caddyfiles
from caddylab._traffic.traffic import Traffic

HOST = "pizza.example"
ACCOUNT, PAIR = "account:3000", ("shop1:8000", "shop2:8000")
SERVERS = {ACCOUNT, *PAIR}
CROWD = 30
"""So many at once: even where chance chooses, it will hardly leave out one of the pair."""


def original() -> str:
    """The site as the company runs it."""
    return caddyfiles.read("pizza-shop")[1]


def profile(bench: Bench) -> str:
    """The check's page, which every server knows from its first moment on, of the accounts."""
    return f"/account{bench.page}"


def ask(bench: Bench, count: int, path: str | None = None, **how: Any) -> Traffic:
    """So many customers at once, by the address that they know; for a page of the shop, or this."""
    return bench.fire(
        count, concurrency=count, clients=count, path=path, host=HOST, scheme="https", **how
    )


def server(bench: Bench, name: str) -> Backend:
    return bench.backend(name)


def all_well(bench: Bench) -> Findings:
    """The site is where it was, with the servers that there are, and everybody is answered."""
    strangers = sorted(set(bench.numbers) - SERVERS)
    missing = sorted(SERVERS - set(bench.numbers))
    yield Finding(
        "The upstreams are the servers that there are.",
        not strangers and not missing,
        f"Not there: {', '.join(strangers) or 'none'}. Not used: {', '.join(missing) or 'none'}.",
        NO_SUCH_SERVER,
    )
    try:
        shop, account = ask(bench, CROWD), ask(bench, CROWD, profile(bench))
    except TrafficError as error:
        yield Finding("Customers come to the site by HTTPS.", False, str(error), NO_SITE)
        return
    yield served("While all is well, everybody in the shop has an answer.", shop, UNWELL)
    yield served("While all is well, everybody has their account.", account, UNWELL)
    yield Finding(
        "Each house answers its own customers.",
        _of(bench, shop) <= set(PAIR) and _of(bench, account) == {ACCOUNT},
        f"The shop's were answered by {_names(bench, shop)}; those of the accounts by "
        f"{_names(bench, account)}.",
        WRONG_HOUSE,
        shop,
    )
    yield Finding(
        "Each is asked for the page that it was asked for before.",
        _page(bench, shop) == bench.page == _page(bench, account),
        f"For `{bench.page}` the shop was asked for `{_page(bench, shop)}`, and for "
        f"`{profile(bench)}` the account server for `{_page(bench, account)}`.",
        WRONG_PAGE,
        account,
    )
    yield Finding(
        "Both servers of the pair work.",
        _of(bench, shop) == set(PAIR),
        f"The shop's customers were answered by {_names(bench, shop)}.",
        USED,
        shop,
        "shares",
    )


def _page(bench: Bench, run: Traffic) -> str:
    """What a server was asked for when this run's customers came."""
    other = bench.stack.journal.joining.rewritten.get(run.run.id, "")
    asked = other.partition(", ")[0] or f"GET {run.run.plan.path}"
    return asked.removeprefix("GET ")


def _of(bench: Bench, run: Traffic) -> set[str]:
    return {name for name, number in bench.numbers.items() if run.shares[number]}


def _names(bench: Bench, run: Traffic) -> str:
    return " and ".join(sorted(_of(bench, run))) or "nobody"
