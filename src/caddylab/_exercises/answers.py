"""Readers of answers: each accepts any sensible spelling, or says what it expected."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any


def numbers(count: int) -> Callable[[Any], list[int]]:
    """A given number of whole numbers: a list, a tuple, a dictionary in its order, or a text."""

    def read(answer: Any) -> list[int]:
        if isinstance(answer, Mapping):
            answer = [answer[key] for key in sorted(answer)]
        if isinstance(answer, str):
            answer = [part for part in re.split(r"[\s,;]+", answer) if part]
        if not isinstance(answer, Sequence) or len(answer) != count:
            raise ValueError(f"a list of {count} numbers")
        return [_whole(part) for part in answer]

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
        word = re.sub(r"[\s-]+", "_", str(answer).strip().strip("`").lower())
        if word not in words:
            raise ValueError(f"one of {', '.join(words)} in place of {answer!r}")
        return word

    return read


def _whole(part: Any) -> int:
    try:
        return int(str(part))
    except ValueError:
        raise ValueError(f"a whole number in place of {part!r}") from None
