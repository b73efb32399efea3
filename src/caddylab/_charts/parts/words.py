"""Numbers and records put into words: for titles, labels and tooltips."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable

import pandas as pd

from caddylab._look.called import called, named
from caddylab._look.fault_kinds import DOWN, KINDS
from caddylab._records import NAME_SERVER

STATE = {name: kind.then for name, kind in KINDS.items()}
"""What a backend did or suffered, by the kind of the fault."""

ENDINGS = {"nobody": "answered by nobody"}
"""Outcomes whose own names say too little in a sentence."""

REASONS = {
    "connection refused": "refused",
    "connection reset": "reset",
    "broken pipe": "reset",
    "context canceled": "client gone",
    "no such host": "no such name",
    "EOF": "cut off",
    "timeout": "timed out",
    "deadline exceeded": "timed out",
}
"""A part of Caddy's or Go's error text → the word for it."""


def seconds(value: float) -> str:
    """A duration with its unit: "0.42 ms", "31 ms", "1.5 s"; "never" where there is none."""
    if math.isnan(value):
        return "never"
    if value < 0.9995:
        return f"{_short(value * 1000)} ms"
    return f"{_short(value)} s"


def _short(value: float) -> str:
    digits = 2 if value < 1 else 1 if value < 10 else 0
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(share: float) -> str:
    """A share of 1 as "37.5 %", without a fraction where there is none."""
    return f"{share:.1%}".replace(".0%", "%").replace("%", " %")


def listing(parts: Iterable[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    *head, last = parts
    return f"{', '.join(head)} and {last}" if head else last


def reason(error: str, status: object) -> str:
    """In a word or two, how an attempt ended."""
    for part, word in REASONS.items():
        if part in error:
            return word
    if error:
        return textwrap.shorten(error, 40, placeholder="…")
    return "no answer" if pd.isna(status) else str(status)  # type: ignore[call-overload]


def tries(attempts: pd.DataFrame) -> dict[int, str]:
    """By request number, all its attempts: "backend 2: refused, then backend 1: 200"."""
    ordered = attempts.sort_values(["n", "attempt"])
    numbers = zip(ordered["backend"], ordered["upstream"], strict=True)
    names = [upstream if pd.isna(backend) else called(backend) for backend, upstream in numbers]
    ends = [reason(*pair) for pair in zip(ordered["error"], ordered["status"], strict=True)]
    told: dict[int, str] = {}
    for n, name, end in zip(ordered["n"], names, ends, strict=True):
        told[n] = f"{told[n]}, then {name}: {end}" if n in told else f"{name}: {end}"
    return told


def ended(attempt: int, error: str, status: object, duration: float) -> str:
    """How one attempt ended: "1: refused after 0.3 ms"."""
    return f"{attempt}: {reason(error, status)} after {seconds(duration)}"


def faults(spans: pd.DataFrame) -> str:
    """ "Backend 2 was killed", "3 faults were made", or "" where nobody made one."""
    made = spans[spans["source"] == "fault"].groupby("kind", sort=False)["backend"].unique()
    if made.empty:
        return ""
    if len(made) > 2:
        return f"{len(made)} kinds of faults were made"
    return capital(listing(_state(str(kind), sorted(who)) for kind, who in made.items()))


def meanwhile(backend: int, kind: str) -> str:
    """ "While backend 2 hung", "While backend 2 was down"."""
    return f"While {called(backend)} {'was down' if kind in DOWN else STATE.get(kind, kind)}"


def _state(kind: str, backends: list[int]) -> str:
    state = STATE.get(kind, f"was {kind}")
    if len(backends) == 1 or NAME_SERVER in backends:
        return listing(f"{called(number)} {state}" for number in backends)
    who = listing(map(called, backends)) if named() else f"backends {listing(map(str, backends))}"
    return f"{who} {state.replace('was ', 'were ')}"


def endings(requests: pd.DataFrame, whole: int) -> str:
    """How these requests ended: "23 × 503 and 2 × timeout".

    Without a number where all of a `whole` ended in one way.
    """
    coarse = requests["outcome"].isin(["4xx", "other 5xx"]) & requests["status"].notna()
    ends = requests["outcome"].replace(ENDINGS)
    counts = ends.mask(coarse, requests["status"].astype("string")).value_counts()
    if len(counts) == 1 and len(requests) == whole:
        return str(counts.index[0])
    return listing(f"{number:,} × {name}" for name, number in counts.items())


def capital(text: str) -> str:
    """The text with a capital letter at its beginning, unless that is a name."""
    return text if text.startswith(tuple(named())) else text[:1].upper() + text[1:]
