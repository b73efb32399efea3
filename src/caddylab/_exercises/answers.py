"""Readers of answers: each accepts any sensible spelling, or says what it expected."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

NEARLY = 1e-6
"""So far a number may be from a whole one: what was worked out by division seldom is one."""


def numbers(count: int) -> Callable[[Any], list[int]]:
    """A given number of whole numbers: a list, a column, a dictionary in its order, or a text."""

    def read(answer: Any) -> list[int]:
        if isinstance(answer, Mapping):
            answer = [answer[key] for key in sorted(answer)]
        if isinstance(answer, str):
            answer = [part for part in re.split(r"[\s,;/]+", answer) if part]
        given = list(answer) if isinstance(answer, Iterable) else []
        if len(given) != count or isinstance(answer, set | frozenset):
            raise ValueError(f"a list of {count} numbers")
        return [_whole(part) for part in given]

    return read


def named(*names: str, **readers: Callable[[Any], Any]) -> Callable[[Any], dict[str, Any]]:
    """A value for each name: a dictionary. It is a number, or what the name's reader reads."""
    wanted = dict.fromkeys(names, _whole) | readers

    def read(answer: Any) -> dict[str, Any]:
        example = ", ".join(f'"{name}": …' for name in wanted)
        if not isinstance(answer, Mapping):
            raise ValueError(f"a dictionary such as {{{example}}}")  # noqa: TRY004
        given = {str(name).lower(): value for name, value in answer.items()}
        if set(given) != set(wanted):
            raise ValueError(f"exactly the entries {{{example}}}")
        return {name: reader(given[name]) for name, reader in wanted.items()}

    return read


def one_of(*words: str) -> Callable[[Any], str]:
    """One of these words, in any case and also with `-` or a space in place of `_`."""

    def read(answer: Any) -> str:
        word = str(answer).lower().replace("lb_policy", "").strip("` ")
        word = re.sub(r"[\s-]+", "_", word)
        if word not in words:
            raise ValueError(f"one of {', '.join(words)} in place of {answer!r}")
        return word

    return read


def _whole(part: Any) -> int:
    """A whole number, also one that is written as 50.0."""
    try:
        if abs(float(str(part)) - (whole := round(float(str(part))))) < NEARLY:
            return whole
    except (ValueError, OverflowError):
        pass
    raise ValueError(f"a whole number in place of {part!r}")
