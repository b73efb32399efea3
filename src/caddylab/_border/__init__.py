"""The border of the library: arguments that come from a notebook are checked once, here.

`@border(SomeError)` on a class or a function checks every argument against its annotation, so that
a wrong one is reported where it was given. NumPy's numbers are accepted like Python's.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast

from caddylab._border.fitting import LONGEST, Odd, fit, public_names
from caddylab._border.fitting import Between as Between
from caddylab._border.fitting import Lanes as Lanes
from caddylab._border.fitting import Seconds as Seconds
from caddylab._border.fitting import Speed as Speed
from caddylab._errors import CaddylabError

T = TypeVar("T")


def border(error: type[CaddylabError]) -> Callable[[T], T]:
    """Have a function, or every public method of a class, check its arguments.

    Args:
        error: what it raises for an argument that it cannot take.
    """

    def guard(thing: T) -> T:
        if not isinstance(thing, type):
            return cast("T", _guarded(thing, error))
        for name, member in list(vars(thing).items()):
            if name == "__init__" or not name.startswith("_"):
                setattr(thing, name, _guarded_member(member, error))
        return thing

    return guard


def _guarded_member(member: Any, error: type[CaddylabError]) -> Any:
    if isinstance(member, classmethod | staticmethod):
        return type(member)(_guarded(member.__func__, error))
    return _guarded(member, error) if inspect.isfunction(member) else member


def _guarded(function: Any, error: type[CaddylabError]) -> Any:
    signature = inspect.signature(function)
    hints = functools.cache(lambda: _hints(function, signature))

    @functools.wraps(function)
    def guarded(*args: Any, **options: Any) -> Any:
        try:
            given = signature.bind(*args, **options)
        except TypeError as why:
            raise error(f"{_name(function)}() {_unfit(str(why), signature)}") from None
        for name, value in given.arguments.items():
            given.arguments[name] = _argument(function, name, value, hints().get(name), error)
        return function(*given.args, **given.kwargs)

    guarded.__border__ = error  # type: ignore[attr-defined]
    return guarded


def _hints(function: Any, signature: inspect.Signature) -> dict[str, Any]:
    """The type of each argument; evaluated late, since classes name one another."""
    empty, public = inspect.Parameter.empty, public_names()
    hints = {}
    for name, parameter in signature.parameters.items():
        hint = parameter.annotation
        with contextlib.suppress(NameError):  # what our own modules pass to one another
            if isinstance(hint, str):
                hint = eval(hint, public | function.__globals__)  # our own annotations
            if hint is not empty:
                hints[name] = _whole_hint(hint, parameter.kind)
    return hints


def _whole_hint(hint: Any, kind: Any) -> Any:
    if kind is inspect.Parameter.VAR_POSITIONAL:
        return tuple[hint, ...]
    return dict[str, hint] if kind is inspect.Parameter.VAR_KEYWORD else hint


def _argument(function: Any, name: str, value: Any, hint: Any, error: type[CaddylabError]) -> Any:
    if hint is None:
        return value
    try:
        return fit(value, hint)
    except Odd as expected:
        raise error(
            f"{_name(function)}() was given {name}={_shown(value)}; expected {expected}."
        ) from None


def _name(function: Any) -> str:
    owner, _, name = function.__qualname__.rpartition(".")
    return owner.rpartition(".")[2] if name == "__init__" else str(name)


def _unfit(why: str, signature: inspect.Signature) -> str:
    takes = [name for name in signature.parameters if name not in ("self", "cls")]
    return f"{why}. It takes {', '.join(takes) or 'nothing'}."


def _shown(value: Any) -> str:
    try:
        shown = repr(value)
    except Exception:
        shown = f"a {type(value).__name__}"
    shown = ascii(shown)[1:-1] if not shown.isprintable() else shown
    return shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}…"
