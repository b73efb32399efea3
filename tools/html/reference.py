"""The pages about the API, from the docstrings of all public names."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import caddylab
from caddylab import _public

GROUPS = {
    "lab": ("The lab", ("_notebook", "_rig", "_machine", "_look", "_cli")),
    "traffic": ("Traffic", ("_traffic", "_engine", "_records")),
    "trials": ("Trials of a site", ("_survey", "_trial")),
    "learning": ("The course", ("_claims", "_exercises", "_gameday")),
    "errors": ("What can go wrong", ("_errors",)),
}
"""The pages: their titles, and the rooms whose public names they list."""
LOOKED_AT = re.compile(r"[~\w.]*Annotated\[([^,\[\]]+)(?:, [~\w.]+\([^()]*\))+\]")
INTRODUCTION = """# The API

`from caddylab import Lab`: every public name, from its docstring. Times are seconds, points in time
are Unix time, and backends are numbered from 1. `help(Lab)` says the same in a notebook.

"""


def write(folder: Path) -> list[str]:
    """Write a page for each group, and one that links to them; return their names."""
    (folder / "api").mkdir()
    groups = {name: _names(rooms) for name, (_, rooms) in GROUPS.items()}
    for name, members in groups.items():
        (folder / "api" / f"{name}.md").write_text(_page(GROUPS[name][0], members), "utf-8")
    lists = "\n".join(_list(name, members) for name, members in groups.items())
    (folder / "api.md").write_text(INTRODUCTION + lists, "utf-8")
    return ["api", *(f"api/{name}" for name in groups)]


def _names(rooms: tuple[str, ...]) -> list[str]:
    found = [name for name in _public.__all__ if _room(name) in rooms]
    return sorted(found, key=lambda name: rooms.index(_room(name)))


def _room(name: str) -> str:
    module: str = getattr(caddylab, name).__module__
    return module.split(".")[1]


def _page(title: str, names: list[str]) -> str:
    return "\n".join([f"# {title}\n", *(_entry(name) for name in names)])


def _entry(name: str) -> str:
    thing = getattr(caddylab, name)
    kind = "autoclass" if inspect.isclass(thing) else "autofunction"
    return f"```{{eval-rst}}\n.. {kind}:: caddylab.{name}\n{_options(thing)}```\n"


def _options(thing: object) -> str:
    if not inspect.isclass(thing):
        return ""
    if issubclass(thing, BaseException):
        return "   :show-inheritance:\n"
    return "   :members:\n   :inherited-members: object, Enum, str, int\n"


def _list(page: str, names: list[str]) -> str:
    rows = "\n".join(map(_row, names))
    return f"## {GROUPS[page][0]}\n\n| name | what it is |\n| --- | --- |\n{rows}\n"


def _row(name: str) -> str:
    said = next(iter(_paragraph(name)), "")
    return f"| {{py:obj}}`{name} <caddylab.{name}>` | {said} |"


def _paragraph(name: str) -> Iterator[str]:
    for paragraph in (inspect.getdoc(getattr(caddylab, name)) or "").split("\n\n"):
        yield paragraph.replace("\n", " ").replace("|", "\\|")


def plain(*called: Any) -> tuple[str | None, ...]:
    """autodoc's signature, with `Annotated[T, …]` shortened to `T`."""
    return tuple(part and LOOKED_AT.sub(r"\1", part) for part in called[-2:])
