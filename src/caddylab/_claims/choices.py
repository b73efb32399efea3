"""The answers to a prediction, and which of them a measurement stands for."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping, Sequence, Set
from itertools import combinations, pairwise
from typing import Any

from caddylab._errors import ArgumentError

Options = Mapping[str, Any] | Sequence[str]
KINDS = "a number, a range, a text, a list, or None for whatever no other answer stands for"


class Choices:
    """What a learner can choose, each answer with what would have to be measured.

    Args:
        options: answers and their values; or only answers, each of which is its own value.
        fewest: the least number of answers.
        unit: of what is measured, if that is a number.

    Raises:
        ArgumentError: too few answers, two for one measurement, or none for some
            between two ranges.
    """

    def __init__(self, options: Options, *, fewest: int = 2, unit: str = "") -> None:
        self._unit = unit and f" {unit}"
        given = options if isinstance(options, Mapping) else {option: option for option in options}
        if len(given) < fewest:
            raise ArgumentError(f"A prediction needs two different answers, not {list(given)}.")
        self._values = {answer: _value(answer, value) for answer, value in given.items()}
        _look_for_overlaps(self._values)
        _look_for_holes(self._values)

    @property
    def texts(self) -> tuple[str, ...]:
        """The answers as the learner reads them."""
        return tuple(self._values)

    def which(self, measured: Any) -> str | None:
        """The answer that a measurement stands for; None if it stands for none of them.

        Raises:
            ArgumentError: it cannot be a measurement, or is of another kind than every answer.
        """
        found = _measurement(measured)
        exact = [answer for answer, value in self._values.items() if _stands_for(value, found)]
        rest = [answer for answer, value in self._values.items() if value is None]
        if not exact and not rest:
            self._need_kind(found)
        return next(iter(exact + rest), None)

    def said(self, measured: Any) -> str:
        """The answer that a measurement stands for, and what was measured, in words."""
        answer, found = self.which(measured), shown(measured) + self._unit
        if answer is None:
            return f"{found}, which is none of the answers"
        exact = isinstance(self._values[answer], str | numbers.Real | tuple)
        return answer if exact else f"{answer} ({found})"

    def _need_kind(self, found: Any) -> None:
        kinds = {_kind(value) for value in self._values.values()}
        if _kind(found) not in kinds:
            raise ArgumentError(
                f"compare() was given {found!r}, which is {_kind(found)}; the answers stand for "
                f"{' or '.join(sorted(kinds))}. Give it the value that was measured."
            )


def _value(answer: str, value: Any) -> Any:
    """What an answer stands for."""
    if isinstance(value, range):
        if value.step != 1 or not value:
            raise ArgumentError(f"{answer!r} stands for {value}: expected a range upwards by one.")
        return value
    try:
        return value if value is None else _measurement(value)
    except ArgumentError:
        raise ArgumentError(f"{answer!r} stands for {value!r}; expected {KINDS}.") from None


def _measurement(value: Any) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(value, numbers.Real) and not isinstance(value, bool) and math.isfinite(value):
        return value
    if isinstance(value, Sequence | Set) and not isinstance(value, bytes | range):
        return tuple(sorted(value, key=str) if isinstance(value, Set) else value)
    raise ArgumentError(
        f"compare() was given {value!r}; expected what was measured: a number, a text or a list."
    )


def _stands_for(value: Any, found: Any) -> bool:
    if isinstance(value, range):
        return isinstance(found, numbers.Real) and value.start <= float(found) < value.stop
    return _kind(value) == _kind(found) and bool(value == found)


def _kind(value: Any) -> str:
    if isinstance(value, str):
        return "a text"
    return "a list" if isinstance(value, tuple) else "a number"


def shown(measured: Any) -> str:
    """A measurement in words."""
    if isinstance(measured, numbers.Integral):
        return f"{measured:,}"
    if isinstance(measured, numbers.Real):
        return f"{measured:,.3g}"
    whole = isinstance(measured, str)
    return str(measured) if whole else ", ".join(map(str, measured)) or "nothing"


def _look_for_overlaps(values: Mapping[str, Any]) -> None:
    for (one, first), (other, second) in combinations(values.items(), 2):
        if _overlap(first, second):
            raise ArgumentError(
                f"Two answers stand for the same measurement: {one!r} for {first}, {other!r} for "
                f"{second}. Give each measurement one answer."
            )


def _overlap(first: Any, second: Any) -> bool:
    if isinstance(first, range) and isinstance(second, range):
        return max(first.start, second.start) < min(first.stop, second.stop)
    if isinstance(second, range):
        first, second = second, first
    return (first is None and second is None) or (
        second is not None and first is not None and _stands_for(first, second)
    )


def _look_for_holes(values: Mapping[str, Any]) -> None:
    """Look for gaps: ranges are meant to cover everything between them; single numbers are not."""
    if None in values.values():
        return
    spans = sorted((_span(value), answer) for answer, value in values.items() if _counts(value))
    for ((_, end), below), ((start, _), above) in pairwise(spans):
        if start > end and any(isinstance(values[answer], range) for answer in (below, above)):
            raise ArgumentError(
                f"No answer stands for {end:g} to {start - 1:g}, between {below!r} and {above!r}. "
                "Make a range longer, or let one answer stand for None: for whatever is left."
            )


def _counts(value: Any) -> bool:
    return isinstance(value, range | numbers.Real)


def _span(value: Any) -> tuple[float, float]:
    return (value.start, value.stop) if isinstance(value, range) else (value, value + 1)
