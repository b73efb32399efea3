"""Whether a value is what an annotation asks for; NumPy's numbers are accepted like Python's."""

from __future__ import annotations

import math
import numbers
import operator
import sys
import types
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from collections.abc import Callable as AnyCallable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

LONGEST = 60
"""Characters of a wrong argument that are shown."""


@dataclass(frozen=True)
class Between:
    """A range of numbers, both ends included, for `Annotated[float, Between(0, 1)]`."""

    least: float
    most: float

    def __str__(self) -> str:
        return f" from {self.least:,g} to {self.most:,g}"


class Odd(Exception):
    """What was expected in the place of a value."""


Seconds = Annotated[float, Between(0, 1e9)]
Lanes = Annotated[int, Between(0, 100)]
"""The most backends that fit into a picture."""
Speed = Annotated[float, Between(0.001, 1000)]


def fit(value: Any, hint: Any) -> Any:
    """The value as this type, where it fits.

    Raises:
        Odd: it does not fit; says what was expected.
    """
    if hint in _PLAIN:
        return _PLAIN[hint](value)
    origin, parts = get_origin(hint), get_args(hint)
    if origin in _COMPOUND:
        return _COMPOUND[origin](value, parts)
    kind = origin or hint
    if kind in (Any, object) or not isinstance(kind, type) or getattr(kind, "_is_protocol", False):
        return value  # Any, or what our own modules pass to one another
    if not isinstance(value, kind):
        raise Odd(f"a {_called(kind)}")
    return value


def public_names() -> dict[str, Any]:
    """The library's public objects, by name; `caddylab` itself imports them only on demand."""
    return vars(sys.modules.get("caddylab._public", sys.modules["caddylab"]))


def _called(kind: type) -> str:
    """Its public name, or that of the public class that is one."""
    public = [thing for thing in public_names().values() if isinstance(thing, type)]
    mine = (thing for thing in public if issubclass(thing, kind))
    return (kind if kind in public else next(mine, kind)).__name__


def _whole(value: Any) -> int:
    if not _is_bool(value):
        try:
            return operator.index(value)
        except TypeError:
            pass
    raise Odd("a whole number")


def _number(value: Any) -> float:
    if not isinstance(value, numbers.Real) or _is_bool(value):
        raise Odd("a number")
    try:
        if math.isfinite(value):
            return value if isinstance(value, int | float) else float(value)
    except OverflowError:
        raise Odd("a number that is not so large") from None
    raise Odd("a finite number")


def _flag(value: Any) -> bool:
    if not _is_bool(value):
        raise Odd("True or False")
    return bool(value)


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool) or type(value).__name__ in ("bool_", "bool")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise Odd("text")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        half = value[error.start]
        raise Odd(f"text without half a character ({half!r}), which cannot be sent") from None
    return value


def _bytes(value: Any) -> bytes:
    if not isinstance(value, bytes):
        raise Odd("bytes, such as b'...' or '...'.encode()")
    return value


def _nothing(value: Any) -> None:
    if value is not None:
        raise Odd("None")


def _callable(value: Any, _: Any = ()) -> Any:
    if not callable(value):
        raise Odd("a function")
    return value


def _annotated(value: Any, parts: tuple[Any, ...]) -> Any:
    limits = [part for part in parts[1:] if isinstance(part, Between)]
    try:
        fitting = fit(value, parts[0])
    except Odd as expected:
        raise Odd(f"{expected}{''.join(map(str, limits))}") from None
    for limit in limits:
        if not limit.least <= fitting <= limit.most:
            what = "a whole number" if parts[0] is int else "a number"
            raise Odd(f"{what}{limit}")
    return fitting


def _union(value: Any, parts: tuple[Any, ...]) -> Any:
    expected = []
    for part in parts:
        try:
            return fit(value, part)
        except Odd as odd:
            expected.append(str(odd))
    raise Odd(" or ".join(expected))


def _literal(value: Any, parts: tuple[Any, ...]) -> Any:
    for part in parts:
        if type(part) is type(value) and part == value:
            return value
    raise Odd(" or ".join(map(repr, parts)))


def _mapping(value: Any, parts: tuple[Any, ...]) -> Any:
    if not isinstance(value, Mapping):
        raise Odd("a dictionary")
    key, item = parts or (Any, Any)
    try:
        return {fit(k, key): fit(v, item) for k, v in value.items()}
    except Odd as expected:
        raise Odd(f"a dictionary with {expected} in each place") from None


def _sequence(value: Any, parts: tuple[Any, ...]) -> Any:
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Sequence):
        raise Odd("a list")
    for item in value if parts else ():
        try:
            fit(item, parts[0])
        except Odd as expected:
            raise Odd(f"a list, each of it {expected}") from None
    return value


def _several(value: Any, parts: tuple[Any, ...]) -> Any:
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise Odd("a list")
    return tuple(_sequence(list(value), parts))


def _tuple(value: Any, parts: tuple[Any, ...]) -> Any:
    if len(parts) == 2 and parts[1] is ...:
        if not isinstance(value, list | tuple):
            raise Odd("a list")
        return tuple(fit(item, parts[0]) for item in value)
    if not isinstance(value, list | tuple) or len(value) != len(parts):
        raise Odd(f"{len(parts)} values in brackets")
    return tuple(fit(item, part) for item, part in zip(value, parts, strict=True))


_PLAIN: dict[Any, Callable[[Any], Any]] = {
    int: _whole, float: _number, bool: _flag, str: _text, bytes: _bytes, type(None): _nothing,
    None: _nothing, AnyCallable: _callable,
}  # fmt: skip
_COMPOUND: dict[Any, Callable[[Any, tuple[Any, ...]], Any]] = {
    Annotated: _annotated, Union: _union, types.UnionType: _union, Literal: _literal,
    AnyCallable: _callable, Mapping: _mapping, dict: _mapping, Sequence: _sequence,
    list: _sequence, tuple: _tuple, Iterable: _several, Collection: _several,
}  # fmt: skip
