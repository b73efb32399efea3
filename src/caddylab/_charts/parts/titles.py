"""Sentences that say what a picture shows, made from the very records that it draws."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from caddylab._charts.parts import journeys, lanes, who_answered, words
from caddylab._charts.parts.levels import Level
from caddylab._look.counted import counted

FEW = 4
"""Up to this many backends are named one by one."""
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
        others = "every other request" if _unfinished(requests) else "every request"
        said = f"{_attempts(given_up, lead)}, {others} answered"
    else:
        said = who_answered.division(requests, backends)
    if not (lead or len(failed)):
        lead = counted(len(requests), "request")
    return words.capital(f"{lead}: {said}" if lead else said) + _stopped(requests)


def _attempts(given_up: pd.DataFrame, lead: str) -> str:
    """How many attempts failed, and where unless `lead` says so already."""
    where = words.listing(map(lanes.name, sorted(set(lanes.tried(given_up)))))
    tally = counted(len(given_up), "failed attempt")
    return tally if where.lower() in lead.lower() else f"{tally} at {where}"


def _losses(requests: pd.DataFrame, failed: pd.DataFrame) -> str:
    total = counted(len(requests), "request")
    number = f"{len(failed):,} of" if len(failed) < len(requests) else "all" * (len(failed) > 1)
    return f"{number} {total} failed ({words.endings(failed, len(failed))})".strip()


def _stopped(requests: pd.DataFrame) -> str:
    tally = _unfinished(requests)
    return f", {tally:,} not finished" if tally else ""


def _unfinished(requests: pd.DataFrame) -> int:
    return int(requests["outcome"].isin(["cancelled", "pending"]).sum())


def timeline(requests: pd.DataFrame, given_up: pd.DataFrame, spans: pd.DataFrame) -> str:
    """What the timeline shows: how long failures took, what retries cost, who was slow."""
    lead = words.faults(spans)
    failed = requests[journeys.failed(requests)]
    if len(failed):
        said = f"{_losses(requests, failed)}{_after(failed)}"
    elif len(given_up):
        said = f"{_attempts(given_up, lead)}, {_cost(requests, given_up)}"
    else:
        worst = words.seconds(float(requests["latency"].max()))
        said = f"nothing was retried, the slowest answer took {worst}"
    lead = lead or ("" if len(failed) else counted(len(requests), "request"))
    return words.capital(f"{lead}: {said}" if lead else said) + _stopped(requests)


def _cost(requests: pd.DataFrame, given_up: pd.DataFrame) -> str:
    """What failed attempts cost: each by itself, unless some had more than one."""
    tried = given_up["n"]
    if not tried.is_unique:
        waited = requests[requests["n"].isin(tried)]["latency"].max()
        return f"whoever met them was answered within {words.seconds(float(waited))}"
    worst = words.seconds(float(given_up["duration"].max()))
    return (
        f"each cost its request at most {worst}"
        if len(tried) > 1
        else f"it cost its request {worst}"
    )


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
        return f"{failed:,} of {counted(whole, 'request')} never had a good answer"
    half = words.seconds(float(actual[math.ceil(whole / 2) - 1]))
    if failed:
        share = words.percent(failed / whole)
        total = counted(whole, "request")
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
        said = f"each backend had at most {counted(most[order[0]], 'request')} in flight"
    else:
        first, *rest = order
        said = f"{lanes.name(first)} had up to {counted(most[first], 'request')} in flight"
        few = rest if len(rest) < FEW else rest[-1:]
        said += "".join(f", {lanes.name(lane)} up to {most[lane]:,}" for lane in few)
    said += f"; up to {waits:,} waited" if waits else ""
    return words.capital(f"{lead}: {said}" if lead else said)


def compare(runs: Mapping[str, pd.DataFrame]) -> str:
    """How many failed in each run, and where most latencies of the others lie."""
    return "; ".join(f"{name}: {_short(requests)}" for name, requests in runs.items())


def _short(requests: pd.DataFrame) -> str:
    failed = int(journeys.failed(requests).sum())
    lost = f"{failed:,} of {counted(len(requests), 'request')} failed"
    good = requests["latency_intended"][requests["outcome"] == "ok"]
    if good.empty:
        return lost
    most = words.seconds(float(good.quantile(0.99)))
    return f"{lost if failed else 'none failed'}, 99 % of the answers within {most}"


def latency(timed: pd.DataFrame, spans: pd.DataFrame) -> str:
    """What a fault did to those who were sent meanwhile, else where the latencies lie."""
    failed = int(journeys.failed(timed).sum())
    lost = f"; {counted(failed, 'request')} failed" if failed else ""
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
        return f"{lead}, {failed:,} of {counted(int(inside.sum()), 'request')} failed"
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
