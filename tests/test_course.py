"""Every chapter runs from top to bottom, alone, on both runtimes, with the verdicts on record."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import nbformat
import pytest
from ahead import ahead
from runtimes import notebooks, settings

from caddylab._charts.parts.renderer import LIVE
from caddylab._claims import verify
from caddylab._machine import shipped
from caddylab._notebook.lab import PLACES

NOTEBOOKS = sorted(shipped.course().glob("*.ipynb"))
JUDGED = re.compile(r"\b(judge|verdicts)\(")

pytestmark = pytest.mark.filterwarnings("default")  # what Jupyter warns about is not ours


def has_a_lab(notebook: Path) -> bool:
    """Whether it matters where it runs."""
    return "Lab(" in notebook.read_text("utf-8")


def text_of(notebook) -> str:
    """All that the cells have printed or shown as text."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return "\n".join(
        output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs
    )


def charts_as_pngs(notebook) -> bool:
    """Whether its charts have become PNGs as well."""
    shown = [
        output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])
    ]
    return any(LIVE in data and "image/png" in data for data in shown)


PICTURED = "02-crash"
"""Its charts become PNGs as well, as a learner's do. That every kind of picture does is proved by
`test_charts.py`, without a JavaScript engine in each of the kernels here.
"""

OVERLOADED = "10-overload"
"""It asks for more than a site can do, but not for more than this machine can."""

executed = ahead(
    "test_notebook",
    lambda notebook, runtime: verify.run(
        notebook, settings(runtime, pictures=(notebook.stem, runtime) == (PICTURED, "process"))
    ),
    quiet=lambda name: name.startswith(OVERLOADED),
)


@pytest.mark.timeout(600)
@notebooks(NOTEBOOKS, "notebook, runtime", {path.stem for path in NOTEBOOKS if has_a_lab(path)})
def test_notebook(notebook: Path, runtime: str, executed, request):
    executed = executed[request.node.nodeid].result()
    if has_a_lab(notebook):
        assert PLACES[runtime] in text_of(executed)
    assert charts_as_pngs(executed) == ((notebook.stem, runtime) == (PICTURED, "process"))
    findings = list(verify.compare(notebook, verify.claims(executed)))
    assert [finding for finding in findings if finding.drifted] == []


def test_what_is_on_record_was_measured_with_the_caddy_of_the_course():
    from caddylab._caddy.running.version import CADDY_VERSION

    assert verify.record()["caddy"] == CADDY_VERSION


def test_every_chapter_has_claims_on_record():
    chapters = [path.stem for path in NOTEBOOKS if JUDGED.search(path.read_text("utf-8"))]
    assert sorted(verify.record()["chapters"]) == chapters
    assert len(chapters) >= 8


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_cell_that_is_run_again_does_the_same_again(notebook):
    """What is made of itself (`step = step.replace(…)`) grows each time that its cell is run."""
    growing = [
        ast.unparse(node)
        for node in ast.walk(ast.parse("\n".join(plain(cells(notebook)))))
        if isinstance(node, ast.Assign)
        and {ast.unparse(target) for target in node.targets}
        & {name.id for name in names(node.value)}
    ]
    assert growing == []


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_warning_that_was_held_back_is_shown_later(notebook):
    sources = cells(notebook)
    held = [n for n, source in enumerate(sources) if "--no-warnings" in source.split("\n")[0]]
    shown = [n for n, source in enumerate(sources) if source.endswith("lab.warnings")]
    assert not held or max(shown) > held[-1]


def cells(notebook) -> list[str]:
    return [cell.source for cell in nbformat.read(notebook, 4).cells if cell.cell_type == "code"]


def plain(sources) -> list[str]:
    return [source for source in sources if not source.startswith("%%")]


def names(node) -> list[ast.Name]:
    return [part for part in ast.walk(node) if isinstance(part, ast.Name)]
