"""Sentences that say what there is to see, from the very records that are drawn."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from caddylab._charts.parts import journeys, lanes, words
from caddylab._charts.parts.levels import Level

FEW = 4
"""So many backends are named one by one."""
MANY = 200
"""From so many answers on, the slowest hundredth is worth a number."""
APART = 3.0
"""Medians that differ by this factor are worth a sentence."""


def routing(
    requests: pd.DataFrame, given_up: pd.DataFrame, spans: pd.DataFrame, backends: int = 0
) -> str:
    """What the routing strip shows: losses first, then failed attempts, then who got what."""
    lead = words.faults(spans)
    failed = requests[journeys.failed(requests)]
    if len(failed):
        said = _losses(requests, failed)
    elif len(given_up):
        said = f"{_attempts(given_up, lead)}, every request answered"
    else:
        said = _division(requests, backends)
    if not (lead or len(failed)):
        lead = words.count(len(requests), "request")
    return words.capital(f"{lead}: {said}" if lead else said) + _stopped(requests)


def _attempts(given_up: pd.DataFrame, lead: str) -> str:
    """How many attempts failed, and where unless `lead` says so already."""
    where = words.listing(map(lanes.name, sorted(set(lanes.tried(given_up)))))
    tally = words.count(len(given_up), "failed attempt")
    return tally if where in lead.lower() else f"{tally} at {where}"


def _losses(requests: pd.DataFrame, failed: pd.DataFrame) -> str:
    total = words.count(len(requests), "request")
    number = f"{len(failed):,} of" if len(failed) < len(requests) else "all" * (len(failed) > 1)
    return f"{number} {total} failed ({words.endings(failed, len(failed))})".strip()


def _stopped(requests: pd.DataFrame) -> str:
    tally = requests["outcome"].isin(["cancelled", "pending"]).sum()
    return f", {tally:,} not finished" if tally else ""


def _division(requests: pd.DataFrame, backends: int) -> str:
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


def timeline(requests: pd.DataFrame, given_up: pd.DataFrame, spans: pd.DataFrame) -> str:
    """What the timeline shows: how long failures took, what retries cost, who was slow."""
    lead = words.faults(spans)
    failed = requests[journeys.failed(requests)]
    if len(failed):
        said = f"{_losses(requests, failed)}{_after(failed)}"
    elif len(given_up):
        worst = words.seconds(float(given_up["duration"].max()))
        many = "each cost its request at most" if len(given_up) > 1 else "it cost its request"
        said = f"{_attempts(given_up, lead)}, {many} {worst}"
    else:
        worst = words.seconds(float(requests["latency"].max()))
        said = f"nothing was retried, the slowest answer took {worst}"
    lead = lead or ("" if len(failed) else words.count(len(requests), "request"))
    return words.capital(f"{lead}: {said}" if lead else said) + _stopped(requests)


def _after(failed: pd.DataFrame) -> str:
    """How long the clients of failed requests waited: ", after 2 s each"."""
    times = {words.seconds(float(failed["latency"].quantile(share))) for share in (0, 1)}
    half = words.seconds(float(failed["latency"].median()))
    one = f", after {half}{' each' if len(failed) > 1 else ''}"
    return one if len(times) == 1 else f", half of them after {half} or more"


def percentiles(whole: int, intended: NDArray[np.float64], actual: NDArray[np.float64]) -> str:
    """Where the latencies of the good answers lie, sorted, among the `whole` of all requests."""
    failed = whole - len(actual)
    if 2 * len(actual) < whole:
        return f"{failed:,} of {words.count(whole, 'request')} never had a good answer"
    half = words.seconds(float(actual[math.ceil(whole / 2) - 1]))
    if failed:
        share = words.percent(failed / whole)
        total = words.count(whole, "request")
        return f"Half of {total} had a good answer within {half}, {share} never had one"
    late, prompt = (float(np.quantile(side, 0.99)) for side in (intended, actual))
    if late > APART * prompt:
        return (
            f"99 % of the answers came within {words.seconds(prompt)} of the sending, "
            f"but {words.seconds(late)} of when it should have been"
        )
    most, high = ("the slowest took", actual[-1]) if whole < MANY else ("99 % within", prompt)
    return f"Half of the answers came within {half}, {most} {words.seconds(float(high))}"


def in_flight(levels: Mapping[int, Level], spans: pd.DataFrame) -> str:
    """How many requests each backend had at once at most, the fullest first."""
    lead = words.faults(spans)
    most = {lane: level.most for lane, level in levels.items() if lane != lanes.WAITING}
    waits = levels[lanes.WAITING].most if lanes.WAITING in levels else 0
    order = sorted(most, key=lambda lane: -most[lane])
    if not order:
        said = "no attempt is known"
    elif len(order) > 1 and len(set(most.values())) == 1:
        said = f"each backend had at most {words.count(most[order[0]], 'request')} in flight"
    else:
        first, *rest = order
        said = f"{lanes.name(first)} had up to {words.count(most[first], 'request')} in flight"
        few = rest if len(rest) < FEW else rest[-1:]
        said += "".join(f", {lanes.name(lane)} up to {most[lane]:,}" for lane in few)
    said += f"; up to {waits:,} waited" if waits else ""
    return words.capital(f"{lead}: {said}" if lead else said)


def compare(runs: Mapping[str, pd.DataFrame]) -> str:
    """How many failed in each run, and where most latencies of the others lie."""
    return "; ".join(f"{name}: {_short(requests)}" for name, requests in runs.items())


def _short(requests: pd.DataFrame) -> str:
    failed = int(journeys.failed(requests).sum())
    lost = f"{failed:,} of {words.count(len(requests), 'request')} failed"
    good = requests["latency_intended"][requests["outcome"] == "ok"]
    if good.empty:
        return lost
    most = words.seconds(float(good.quantile(0.99)))
    return f"{lost if failed else 'none failed'}, 99 % of the answers within {most}"


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
    also = f"; {words.count(failed, 'request')} failed" if failed else ""
    if losers:
        times = words.count(int(each["lost"].sum()), "time")
        return f"{_of(losers, clients)} lost {_their(losers)} session, {times} in all{also}"
    if movers:
        times = words.count(int(each["moved"].sum()), "time")
        kept = ", no session was lost" if known else ""
        return f"{_of(movers, clients)} changed backend, {times} in all{kept}{also}"
    nothing = int((each["failed"] == cells.groupby("client").size()).sum())
    if nothing:
        return f"{_of(nothing, clients)} got nothing but errors"
    return f"{'Every' if clients > 1 else 'The'} client stayed with its backend{also}"


def _of(some: int, clients: int) -> str:
    if some == clients:
        return "The client" if clients == 1 else f"All {clients:,} clients"
    return f"{some:,} of {words.count(clients, 'client')}"


def _their(number: int) -> str:
    return "their" if number > 1 else "its"


def shares(requests: pd.DataFrame, backends: int = 0) -> str:
    """How the requests were shared among so many backends, and how many failed."""
    _, tally = _answers(requests)
    failed = int(journeys.failed(requests).sum())
    return _shared(tally, len(requests), backends) + (f"; {failed:,} failed" if failed else "")


def _shared(tally: dict[int, int], total: int, backends: int) -> str:
    of = f"of {words.count(total, 'request')}"
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


def latency(timed: pd.DataFrame, spans: pd.DataFrame) -> str:
    """What a fault did to those who were sent meanwhile, else where the latencies lie."""
    failed = int(journeys.failed(timed).sum())
    lost = f"; {words.count(failed, 'request')} failed" if failed else ""
    return _meanwhile(timed, spans) or _middle(timed[journeys.good(timed)]) + lost


def _meanwhile(timed: pd.DataFrame, spans: pd.DataFrame) -> str:
    """While there was one fault: how many failed, or how much slower its backend answered."""
    made = spans[spans["source"] == "fault"]
    if len(made) != 1:
        return ""
    fault = made.iloc[0]
    inside = timed["x"].between(fault["start"], fault["end"] if fault["end"] > 0 else math.inf)
    failed = int(journeys.failed(timed)[inside].sum())
    lead = words.meanwhile(fault["backend"], fault["kind"])
    if failed:
        return f"{lead}, {failed:,} of {words.count(int(inside.sum()), 'request')} failed"
    own = (timed["lane"] == fault["backend"]) & (timed["outcome"] == "ok")
    slow, usual = timed["y"][own & inside].median(), timed["y"][own & ~inside].median()
    if slow > APART * usual:
        slow, usual = words.seconds(slow), words.seconds(usual)
        return f"{lead}, half of its answers took {slow} or more, else {usual}"
    return ""


def _middle(good: pd.DataFrame) -> str:
    if good.empty:
        return "No request was answered well"
    middles = [(good["y"][good["lane"] == lane].median(), lane) for lane in set(good["lane"])]
    (low, fast), (high, slow) = min(middles), max(middles)
    if high > APART * low:
        return (
            f"Half of {lanes.name(slow)}'s answers took {words.seconds(high)} or more, "
            f"half of {lanes.name(fast)}'s at most {words.seconds(low)}"
        )
    half = words.seconds(good["y"].median())
    most = "the slowest took" if len(good) < MANY else "99 % within"
    high = good["y"].max() if len(good) < MANY else good["y"].quantile(0.99)
    return f"Half of the answers came within {half}, {most} {words.seconds(float(high))}"
