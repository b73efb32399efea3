"""Titles about who answered how many."""

from __future__ import annotations

from collections import Counter

import pandas as pd

from caddylab._charts.parts import journeys, lanes, words
from caddylab._look.counted import counted

FEW = 4
"""Up to this many backends are named one by one."""


def division(requests: pd.DataFrame, backends: int) -> str:
    """Who answered how many: "the backends took turns, 8 each"."""
    order, tally = _answers(requests)
    if len(tally) == 1:
        every = "all of them" if len(order) > 1 else "it"
        return f"{lanes.name(order[0])} answered {every}"
    if _turns(order, len(tally)):
        return f"the backends took turns, {_each(tally)}"
    return _named(tally, backends) if tally else "none was answered"


def _answers(requests: pd.DataFrame) -> tuple[list[int], dict[int, int]]:
    """Who answered well, request by request, and how often each did."""
    good = (requests["outcome"] == "ok").to_numpy()
    order = [int(lane) for lane in lanes.answered(requests)[good]]
    return order, dict(sorted(Counter(order).items()))


def _turns(order: list[int], number: int) -> bool:
    """Whether the backends answered in the same order again and again."""
    rounds = len(set(order[:number])) == number and len(order) >= 2 * number
    return min(order, default=0) > 0 and rounds and order[number:] == order[:-number]


def _each(tally: dict[int, int]) -> str:
    sizes = [f"{size:,}" for size in sorted(set(tally.values()))]
    return f"{' or '.join(sizes)} each"


def _named(tally: dict[int, int], backends: int) -> str:
    if len(tally) <= FEW:
        return words.listing(f"{lanes.name(lane)} answered {n:,}" for lane, n in tally.items())
    most, least = max(tally, key=tally.__getitem__), min(tally, key=tally.__getitem__)
    fewest = f"{lanes.name(least)} fewest ({tally[least]:,})"
    if idle := [lane for lane in range(1, backends + 1) if lane not in tally]:
        who = words.listing(map(lanes.name, idle)) if len(idle) <= FEW else f"{len(idle)} backends"
        fewest = f"{who} none"
    return f"{lanes.name(most)} answered most ({tally[most]:,}), {fewest}"


def sticky(cells: pd.DataFrame, known: bool) -> str:
    """Whose session was lost, else who changed backends.

    Args:
        cells: the requests with `lost` (the session) and `moved` (to another backend).
        known: whether the answers tell of sessions.
    """
    clients = cells["client"].nunique()
    each = cells.groupby("client")[["lost", "moved", "failed"]].sum()
    losers, movers = int((each["lost"] > 0).sum()), int((each["moved"] > 0).sum())
    failed = int(each["failed"].sum())
    also = f"; {counted(failed, 'request')} failed" if failed else ""
    if losers:
        times = counted(int(each["lost"].sum()), "time")
        return f"{_of(losers, clients)} lost {_their(losers)} session, {times} in all{also}"
    if movers:
        times = counted(int(each["moved"].sum()), "time")
        kept = ", no session was lost" if known else ""
        return f"{_of(movers, clients)} changed backend, {times} in all{kept}{also}"
    nothing = int((each["failed"] == cells.groupby("client").size()).sum())
    if nothing:
        return f"{_of(nothing, clients)} got nothing but errors"
    return f"{'Every' if clients > 1 else 'The'} client stayed with its backend{also}"


def _of(some: int, clients: int) -> str:
    if some == clients:
        return "The client" if clients == 1 else f"All {clients:,} clients"
    return f"{some:,} of {counted(clients, 'client')}"


def _their(number: int) -> str:
    return "their" if number > 1 else "its"


def shares(requests: pd.DataFrame, backends: int = 0) -> str:
    """How the requests were shared among the backends, and how many failed."""
    _, tally = _answers(requests)
    failed = int(journeys.failed(requests).sum())
    return _shared(tally, len(requests), backends) + (f"; {failed:,} failed" if failed else "")


def _shared(tally: dict[int, int], total: int, backends: int) -> str:
    of = f"of {counted(total, 'request')}"
    if not tally:
        return f"None {of} was answered well"
    if tally == {min(tally): total}:
        return f"{words.capital(lanes.name(min(tally)))} answered every one {of}"
    if len(tally) > 1 and len(set(tally.values())) == 1 and min(tally) > 0:
        return f"The backends shared equally: {_each(tally)} {of}"
    if len(tally) > FEW:
        return f"{words.capital(_named(tally, backends))} {of}"
    said = words.listing(f"{words.percent(n / total)} by {lanes.name(k)}" for k, n in tally.items())
    return f"{words.capital(of)}, {said.replace(' by ', ' were answered by ', 1)}"
