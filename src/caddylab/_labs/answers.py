"""Readers of answers: each accepts any sensible spelling, or says what it expected."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any


def numbers(count: int) -> Callable[[Any], list[int]]:
    """So many whole numbers: a list, a tuple, a dictionary in its order, or a text."""

    def read(answer: Any) -> list[int]:
        if isinstance(answer, Mapping):
            answer = [answer[key] for key in sorted(answer)]
        if isinstance(answer, str):
            answer = [part for part in re.split(r"[\s,;]+", answer) if part]
        if not isinstance(answer, Sequence) or len(answer) != count:
            raise ValueError(f"a list of {count} numbers")
        return [_whole(part) for part in answer]

    return read


def named(*names: str) -> Callable[[Any], dict[str, int]]:
    """A number for each name: a dictionary."""

    def read(answer: Any) -> dict[str, int]:
        example = ", ".join(f'"{name}": …' for name in names)
        if not isinstance(answer, Mapping):
            raise ValueError(f"a dictionary such as {{{example}}}")  # noqa: TRY004
        read = {str(name).lower(): value for name, value in answer.items()}
        if set(read) != set(names):
            raise ValueError(f"exactly the entries {{{example}}}")
        return {name: _whole(read[name]) for name in names}

    return read


def _whole(part: Any) -> int:
    try:
        return int(str(part))
    except ValueError:
        raise ValueError(f"whole numbers; {part!r} is none") from None
