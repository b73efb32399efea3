"""Requests in flight: how many each backend had at a time, over time."""

from __future__ import annotations

import pandas as pd

from caddylab._border import Lanes, border
from caddylab._charts.parts import bands, clock, lanes, levels, theme, titles
from caddylab._charts.parts.frame import Frame
from caddylab._charts.parts.levels import Level
from caddylab._errors import TrafficError

LEAST = 0.1
"""Seconds between client, Caddy and backend that do not count as waiting yet."""


@border(TrafficError)
def in_flight(
    requests: pd.DataFrame,
    attempts: pd.DataFrame,
    spans: pd.DataFrame,
    *,
    backends: Lanes = 0,
) -> theme.Picture:
    """Draw how many requests each backend had in flight.

    A backend has a request from the beginning of Caddy's attempt to its end, also if that
    brought no answer. Requests without a known attempt are "waiting": Caddy waits before it
    tries again, or the attempt has not ended yet and Caddy's log does not mention it.

    Args:
        requests: one row a request; those never sent are left out.
        attempts: one row for each of Caddy's attempts.
        spans: faults and Caddy's opinions of the backends.
        backends: how many the lab has, so that one that got nothing has its lane too.
    """
    sent = requests[requests["sent"].notna()]
    if sent.empty:
        return theme.nothing()
    ends = clock.extent(sent)
    found = _levels(sent, attempts, ends)
    shown, spans = levels.drawn(found, ends), clock.cut(spans, ends)
    order = lanes.present([*found, *spans["backend"]], backends) or [lanes.WAITING]
    notes = {lane: f"at most {found[lane].most:,}" if lane in found else "none" for lane in order}
    frame = Frame("time", order, ends, notes)
    shades = bands.layers(frame.banded(spans), frame.x(), frame.y("top"), ends)
    title = theme.title(titles.in_flight(found, spans), *_hints(found, levels.full(shown)))
    return theme.picture([*shades, *levels.layers(shown, frame)], title, frame.height)


def _levels(
    sent: pd.DataFrame, attempts: pd.DataFrame, ends: tuple[float, float]
) -> dict[int, Level]:
    """By lane, how many requests were in flight."""
    lane = lanes.tried(attempts)
    begin = attempts["start"].to_numpy()
    end = (attempts["start"] + attempts["duration"]).clip(upper=ends[1]).to_numpy()
    found = {k: Level.of(begin[lane == k], end[lane == k]) for k in lanes.present(set(lane))}
    waiting = _waiting(sent, attempts)
    return found | ({lanes.WAITING: waiting} if waiting.most else {})


def _waiting(sent: pd.DataFrame, attempts: pd.DataFrame) -> Level:
    """The requests that are in flight and in no attempt, if that lasts."""
    spent = attempts.groupby("n")["duration"].sum()
    rest = sent["latency"] - sent["n"].map(spent).fillna(0)
    waited = sent[rest > LEAST].set_index("n")
    over = waited["sent"] + waited["latency"]
    tried = attempts[attempts["n"].isin(waited.index)]
    limit = tried["n"].map(over)
    start = tried["start"].clip(upper=limit)
    end = (tried["start"] + tried["duration"]).clip(upper=limit)
    return Level.of(
        pd.concat([waited["sent"], end]).to_numpy(float), pd.concat([over, start]).to_numpy(float)
    )


def _hints(found: dict[int, Level], full: float) -> list[str]:
    """How to read the picture."""
    average = ", averaged in columns" * levels.averaged(found)
    said = f"How many requests each backend has at a time{average}."
    height = f"A lane's whole height stands for {full:,.3g}."
    waiting = "Waiting: in Caddy, and at no backend that its log knows of."
    return [f"{said} {height}", *([waiting] if lanes.WAITING in found else [])]
