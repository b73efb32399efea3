"""The house: imports go downwards only, from a room to one on a lower floor, and in no circle."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import caddylab

ROOT = Path(caddylab.__file__).parent
PROJECT = Path(__file__).parents[1]
MOST_LINES = 250
"""Of a module (CONTRIBUTING.md)."""

FLOORS = (
    {"__main__"},
    {"cli"},
    {"__init__"},
    {"_public"},
    {"_cli", "_gameday"},
    {"_notebook"},
    {"_trial"},
    {"_exercises", "_panel", "_survey"},
    {"_rig"},
    {"_traffic"},
    {"_view", "_claims"},
    {"_runtimes", "_engine"},
    {"_caddy", "_charts"},
    {"_machine", "_look"},
    {"_records", "_border"},
    {"_errors"},
)
CADDY = ("running", "completion", "safety", "advice", "adapted", "text")
"""The rooms within `_caddy`, from the top down."""


def modules() -> dict[str, Path]:
    return {name_of(path): path for path in sorted(ROOT.rglob("*.py"))}


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts)


def imports(path: Path, known: dict[str, Path]) -> Iterator[str]:
    """The modules of ours that one imports, anywhere in it, for types or to run."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "caddylab":
            package = (node.module or "").removeprefix("caddylab").lstrip(".")
            for alias in node.names:
                name = f"{package}.{alias.name}".lstrip(".")
                yield name if name in known else package or "__init__"
        elif isinstance(node, ast.Import):
            names = (alias.name.partition(".") for alias in node.names)
            yield from (rest or "__init__" for first, _, rest in names if first == "caddylab")


KNOWN = modules()
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}


@cache
def arrows() -> dict[str, list[str]]:
    """Of each module the others of ours that it imports."""
    return {name: sorted({*imports(path, KNOWN)} - {name}) for name, path in KNOWN.items()}


def room(module: str) -> str:
    return module.split(".")[0]


def test_every_module_is_in_a_room_with_a_floor():
    assert {room(name) for name in KNOWN} - {"_slides"} == set(FLOOR)


def test_each_room_says_in_one_sentence_what_it_is():
    for path in ROOT.rglob("*/__init__.py"):
        sentence = (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").splitlines()
        assert sentence, path
        assert sentence[0].endswith("."), path


def test_few_modules_stand_outside_of_a_room():
    loose = {name for name in KNOWN if "." not in name and (ROOT / f"{name}.py").is_file()}
    assert loose == {"__init__", "__main__", "_public", "cli", "_errors", "_records"}


def upwards(module: str, other: str) -> bool:
    here, there = room(module), room(other)
    if here == there == "_caddy" and other.count(".") > 1 < module.count("."):
        return CADDY.index(module.split(".")[1]) > CADDY.index(other.split(".")[1])
    return here != there and FLOOR[here] >= FLOOR[there]


def pairs() -> list[tuple[str, str]]:
    return [(module, other) for module, others in arrows().items() for other in others]


def test_imports_go_downwards():
    assert [pair for pair in pairs() if upwards(*pair)] == []


def test_charts_know_nothing_but_records_and_looks():
    allowed = {"_charts", "_look", "_machine", "_records", "_border", "_errors"}
    charts = {other for module, other in pairs() if room(module) == "_charts"}
    assert {other for other in charts if room(other) not in allowed} == set()


def test_what_caddy_serves_and_its_backends_know_nothing_of_each_other():
    sides = "_rig.site.", "_rig.backends."
    assert [(a, b) for a, b in pairs() for one in sides for other in sides
            if a.startswith(one) and b.startswith(other) and one != other] == []  # fmt: skip
    assert [(a, b) for a, b in pairs() if a.startswith(sides) and b == "_rig.rig"] == []


def test_no_circle():
    try:
        TopologicalSorter(arrows()).prepare()
    except CycleError as error:
        pytest.fail(f"a circle: {' -> '.join(error.args[1])}")


@pytest.mark.parametrize("folder", ["src/caddylab", "containers/app"])
def test_no_module_is_longer_than_the_project_allows(folder):
    sources = (path for kind in ("py", "js") for path in (PROJECT / folder).rglob(f"*.{kind}"))
    lengths = {
        str(path.relative_to(PROJECT)): len(path.read_text("utf-8").splitlines())
        for path in sources
    }
    assert lengths
    assert {name: lines for name, lines in lengths.items() if lines > MOST_LINES} == {}


def test_no_two_public_classes_have_one_name():
    owners: dict[str, list[str]] = {}
    for name, path in KNOWN.items():
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                owners.setdefault(node.name, []).append(name)
    assert {name: where for name, where in owners.items() if len(where) > 1} == {}


SHOWN = ("_repr_", "_view_count", "_dom_classes")
"""Private by their spelling, but IPython and ipywidgets have others use them."""
MOST_PRIVATE = 15
"""How often tests reach for what is private. Each time the design is missing something, or the test
looks at too much: this number may only fall.
"""


REACH = re.compile(r"""(\w+|[)\]])(?:\.|, ")(_[a-z]\w*)""")
"""What a private name belongs to and the name itself, used or replaced."""


def test_tests_reach_for_what_is_public():
    texts = [path.read_text("utf-8") for path in (PROJECT / "tests").rglob("*.py")]
    found = [pair for text in texts for pair in REACH.findall(text)]
    others = [name for owner, name in found if owner not in ("self", "cls", "caddylab")]
    private = [name for name in others if not name.startswith(SHOWN)]
    assert 0 < len(private) <= MOST_PRIVATE, "name what the test needs, or test it from outside"
