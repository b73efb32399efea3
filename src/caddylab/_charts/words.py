"""Numbers and records put into words: for titles, labels and tooltips."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

import altair as alt
import pandas as pd

STATE = {
    "crashed": "crashed",
    "killed": "was killed",
    "hung": "hung",
    "slow": "was slow",
    "failing": "was failing",
    "partitioned": "was cut off",
    "stopped": "was stopped",
}
"""What a backend did or suffered, by the kind of the fault."""

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
    """A duration with its unit: "0.42 ms", "31 ms", "1.5 s"."""
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


def count(number: int, noun: str) -> str:
    """The number and its noun: "1 request", "2,000 requests"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


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


def tries(attempts: pd.DataFrame) -> pd.Series[str]:
    """By request number, all its attempts: "2: refused → 1: 200"."""
    ordered = attempts.sort_values(["n", "attempt"])
    names = ordered["backend"].astype("string").fillna(ordered["upstream"])
    ends = [reason(*pair) for pair in zip(ordered["error"], ordered["status"], strict=True)]
    return (names + ": " + ends).groupby(ordered["n"]).agg(" → ".join)


def faults(spans: pd.DataFrame) -> str:
    """ "Backend 2 was killed", "3 faults were made", or "" where nobody made one."""
    made = spans[spans["source"] == "fault"][["backend", "kind"]].drop_duplicates()
    if len(made) > 2:
        return f"{len(made)} faults were made"
    said = [f"backend {b} {STATE.get(k, k)}" for b, k in made.itertuples(index=False)]
    return capital(listing(said)) if said else ""


def outcomes(outcome: pd.Series[str]) -> str:
    """How often each came: "503", or "30 × 502 and 7 × timeout" where there are several."""
    counts = outcome.value_counts()
    if len(counts) == 1:
        return str(counts.index[0])
    return listing(f"{number:,} × {name}" for name, number in counts.items())


def capital(text: str) -> str:
    """The text with a capital letter at its beginning."""
    return text[:1].upper() + text[1:]


def title(text: str, subtitle: Sequence[str]) -> alt.TitleParams:
    """A sentence that says what to see, and lines that say how to read the picture."""
    return alt.TitleParams(
        textwrap.wrap(text, 80), subtitle=[p for s in subtitle for p in textwrap.wrap(s, 112)]
    )
