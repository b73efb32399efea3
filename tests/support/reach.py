"""Which tests need a lab, a browser or another program: found by what they refer to.

This looks through a test, its fixtures and everything that they call within tests/, so nobody has
to keep a list for `make check`. A test that it overlooks fails there (`no_lab`).
"""

from __future__ import annotations

import inspect
import subprocess
import sys
import types
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from caddylab._runtimes.keeper import Keeper

TESTS = str(Path(__file__).parents[1])
STARTERS = {
    "Lab", "Rig", "Bench", "Caddy", "Keeper", "PodmanRuntime", "ProcessRuntime", "NotebookClient",
    "Popen", "main", "ahead", "uvicorn", "own_wheel",
    "serve", "ThreadPoolExecutor", "Benches", "BENCHES", "rehearse", "Drill", "policy_costs",
}  # fmt: skip
"""Names of what starts a program or waits for one."""
CHEAP = {"admin_caddy"}
"""A single Caddy without a lab, which a whole file of tests shares."""
FIXTURES = {"lab", "jupyterlab", "open_notebook", "pages", "browser", "page"}


def needs_a_lab(item: pytest.Function) -> bool:
    """Whether the test, one of our fixtures or anything they call starts a program."""
    if any(item.get_closest_marker(name) for name in ("podman", "browser", "hub", "load")):
        return True
    if not FIXTURES.isdisjoint(item.fixturenames):
        return True
    fixtures = [d.func for defs in item._fixtureinfo.name2fixturedefs.values() for d in defs]
    return any(map(starts, [item.function, *filter(is_ours, fixtures)]))


@cache
def starts(thing: Any) -> bool:
    """Whether this function or class, or anything it calls, names what starts a program."""
    waiting, seen = [thing], set()
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        for function in functions(one):
            for name in names(function.__code__):
                found = function.__globals__.get(name)
                if name in STARTERS or found is subprocess:
                    return True
                if is_ours(found) and name not in CHEAP:
                    waiting.append(found)
    return False


def no_lab() -> None:
    """Make every start of a lab fail from now on."""

    def refuse(*_: Any, **__: Any) -> None:
        pytest.fail("A lab, in a test that is not marked `lab`: name what starts it in STARTERS.")

    Keeper.__init__ = refuse  # type: ignore[method-assign]


def functions(thing: Any) -> Iterator[types.FunctionType]:
    thing = inspect.unwrap(thing) if callable(thing) else thing
    if inspect.isclass(thing):
        yield from (part for part in vars(thing).values() if inspect.isfunction(part))
    elif inspect.isfunction(thing):
        yield thing


def names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for const in code.co_consts:
        if isinstance(const, types.CodeType):
            yield from names(const)


def is_ours(thing: Any) -> bool:
    """Whether it is a function or a class in tests/."""
    if not (inspect.isfunction(thing) or inspect.isclass(thing)):
        return False
    module = sys.modules.get(thing.__module__)
    return str(getattr(module, "__file__", "")).startswith(TESTS)
