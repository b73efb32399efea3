"""What explains a prediction waits for it: the chapters say which cells these are."""

from __future__ import annotations

import ast
import re

import nbformat
import pytest

from caddylab._exercises.syllabus import chapters
from caddylab._machine import shipped

ASKED = re.compile(r"^(\w+) = predict\(", re.M)
COMPARED = re.compile(r"\b(\w+)\.compare\(")
CHAPTERS = [
    path
    for path in sorted(shipped.course().glob("[0-9]*.ipynb"))
    if '"explains": ' in path.read_text("utf-8")
]
ALL = [
    pytest.param(path, name, id=f"{path.stem}-{name}")
    for path in CHAPTERS
    for name in ASKED.findall("\n".join(c.source for c in nbformat.read(path, 4).cells))
]


def cells(path):
    return nbformat.read(path, 4).cells


def explains(cell):
    return cell.metadata.get("caddylab", {}).get("explains")


def place(path, pattern, name):
    """The number of the one code cell that asks, or that compares."""
    code = [(n, cell) for n, cell in enumerate(cells(path)) if cell.cell_type == "code"]
    (found,) = [n for n, cell in code if name in pattern.findall(cell.source)]
    return found


def test_every_question_of_these_chapters_is_looked_at():
    numbers = [path.stem[:2] for path in CHAPTERS]
    assert len(ALL) == sum(len(chapters()[number].questions) for number in numbers)
    assert {
        "00",
        "01",
        "02",
        "03",
        "04",
        "05",
        "06",
        "07",
        "08",
        "09",
        "10",
        "11",
        "12",
        "13",
    } <= set(numbers)


@pytest.mark.parametrize(("path", "name"), ALL)
def test_what_explains_a_prediction_is_folded(path, name):
    compared = place(path, COMPARED, name)
    after = cells(path)[compared + 1 :]
    assert name in [explains(cell) for cell in after], "which cells explain it?"


@pytest.mark.parametrize(("path", "name"), ALL)
def test_nothing_tells_the_answer_before_it_is_measured(path, name):
    asked, compared = place(path, ASKED, name), place(path, COMPARED, name)
    between = [cell for cell in cells(path)[asked + 1 : compared] if not explains(cell)]
    for cell in between:
        if cell.cell_type == "markdown":
            claims = re.findall(r"\*\*(.+?)\*\*", cell.source)
            assert all(claim.startswith("Step") for claim in claims), cell.source
            options = answers(cells(path)[asked].source)
            assert not [option for option in options if option in cell.source], cell.source
        else:
            assert "lab.warnings" not in cell.source
            assert "# new" not in cell.source or "--no-warnings" in cell.source or sound(cell)


def answers(source):
    """The texts to choose from that say more than a number."""
    call = next(node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    texts = [part.value for part in ast.walk(call.args[1]) if isinstance(part, ast.Constant)]
    return [text for text in texts if isinstance(text, str) and len(text) > 9]


def sound(cell):
    """Whether the lint finds nothing to say about a Caddyfile that is shown."""
    from caddylab._caddy.advice.lint import lint  # reaches for Caddy

    return not list(lint(cell.source.split("\n", 1)[1]))


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_what_is_folded_can_be_left_folded(path):
    """No heading is lost from sight, and no name that a later cell needs."""
    folded = [cell for cell in cells(path) if explains(cell)]
    names = set(ASKED.findall("\n".join(cell.source for cell in cells(path))))
    assert {explains(cell) for cell in folded} == names
    for cell in folded:
        if cell.cell_type == "markdown":
            assert not re.search(r"^#", cell.source, re.M), cell.source
        else:
            nodes = list(ast.walk(ast.parse(cell.source)))
            assert not [n for n in nodes if isinstance(n, ast.Assign | ast.With | ast.FunctionDef)]
