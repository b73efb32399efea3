"""What explains a prediction waits for it: the chapters say which cells these are."""

from __future__ import annotations

import ast
import re
from functools import cache

import nbformat
import pytest

from caddylab._caddy.running.program import executable
from caddylab._exercises.syllabus import chapters
from caddylab._machine import shipped

ASKED = re.compile(r"^(\w+) = predict\(", re.M)
SAID = re.compile(r"^> \*\*What (the article says|people say)\.\*\* ", re.M)
COMPARED = re.compile(r"\b(\w+)\.compare\(")
SHOWN_LOAD = re.compile(r"^lab\.load\((?!.*warn=False).*\)\s*\Z", re.M)
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
    assert {f"{number:02}" for number in range(14)} <= set(numbers)


@pytest.mark.parametrize("number", range(1, 14))
def test_a_chapter_begins_with_what_is_said_of_its_subject(number):
    """Nobody needs the article, and the claims that are judged in the end are known."""
    (path,) = shipped.course().glob(f"{number:02}-*.ipynb")
    assert [n for n, cell in enumerate(cells(path)) if SAID.search(cell.source)] == [0]


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
            assert not SHOWN_LOAD.search(cell.source), "it shows what the lab says of the file"


@pytest.mark.parametrize(("path", "name"), ALL)
def test_no_caddyfile_of_a_question_comes_with_a_remark_on_it(path, name):
    """Such a remark would tell the answer, also where it stands above the question."""
    told = [cell.source for cell in belonging(path, name) if not quiet(cell.source)]
    assert told == []


def belonging(path, name):
    """The Caddyfiles that a question is about, and all that comes between it and its answer."""
    asked, compared = place(path, ASKED, name), place(path, COMPARED, name)
    begins = [n for n, cell in enumerate(cells(path)[:asked]) if leads_elsewhere(cell)]
    return [cell for cell in cells(path)[begins[-1] + 1 : compared] if not explains(cell)]


def leads_elsewhere(cell):
    """Whether what stands before a cell is about something else: a heading, or a run."""
    if cell.cell_type == "markdown":
        return re.search(r"^#", cell.source, re.M) is not None
    return not cell.source.startswith("%%caddyfile")


def quiet(source):
    """Whether a cell holds no Caddyfile, one without warnings, or one that deserves none."""
    first, _, text = source.partition("\n")
    return not first.startswith("%%caddyfile") or "--no-warnings" in first or sound(text)


def answers(source):
    """The texts to choose from that say more than a number."""
    call = next(node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    texts = [part.value for part in ast.walk(call.args[1]) if isinstance(part, ast.Constant)]
    return [text for text in texts if isinstance(text, str) and len(text) > 9]


@cache
def sound(text):
    """Whether loading a Caddyfile says nothing about it.

    What a file merely lacks, such as a retry, is not said until somebody asks for it.
    """
    from caddylab._caddy.advice.lint import lint
    from caddylab._caddy.running.adapter import adapt

    config, refusal = adapt(executable(), text)
    assert config, refusal
    return all(note.lacking for note in lint(text, config))


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
