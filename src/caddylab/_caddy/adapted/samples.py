"""Texts that fit a regular expression, so that a request can be made that a matcher lets in."""

from __future__ import annotations

import contextlib
import importlib
import re
from collections.abc import Iterable
from typing import Any

PARSER: Any = importlib.import_module("re._parser")  # what Python itself reads patterns with
PREFERRED = "1a-/ ."
"""What stands for "any character", and for one that must not be some others."""


def sample(pattern: str) -> str:
    """A text that matches a pattern, as short as is easily made; "" where there is none.

    Args:
        pattern: a Go pattern; its syntax is nearly the same as Python's.
    """
    with contextlib.suppress(re.error, RecursionError, OverflowError):
        found = re.compile(pattern)
        text = _all(PARSER.parse(pattern))
        return next((one for one in (text, pattern, "ok") if pattern and found.search(one)), "")
    return ""


def _all(parts: Iterable[tuple[Any, Any]]) -> str:
    return "".join(_one(str(kind), value) for kind, value in parts)


def _one(kind: str, value: Any) -> str:
    match kind:
        case "LITERAL":
            return chr(int(value))
        case "IN":
            return _of(value)
        case "ANY" | "NOT_LITERAL":
            return "1" if value != ord("1") else "a"
        case "SUBPATTERN":
            return _all(value[-1])
        case "BRANCH":
            return _all(value[1][0])
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return _all(value[2]) * max(int(value[0]), min(1, int(value[1])))
    return ""  # the beginning, the end, look-arounds


def _of(members: list[tuple[Any, Any]]) -> str:
    """One character of a class."""
    kinds = [str(kind) for kind, _ in members]
    if kinds[0] != "NEGATE":
        return _member(kinds[0], members[0][1])
    ranges = [value if kind == "RANGE" else (value, value)
              for kind, value in zip(kinds, (value for _, value in members), strict=True)
              if kind in ("RANGE", "LITERAL")]  # fmt: skip
    free = (one for one in PREFERRED if not any(low <= ord(one) <= high for low, high in ranges))
    return next(free, "_")


def _member(kind: str, value: Any) -> str:
    if kind == "CATEGORY":
        name = str(value)
        return " " if name.endswith("CATEGORY_SPACE") else "-" if "_NOT_WORD" in name else "1"
    return chr(value[0] if kind == "RANGE" else value)
