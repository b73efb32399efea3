"""Claims that the learner judges before they see the verdict."""

from __future__ import annotations

import ast
import re
from types import SimpleNamespace

import nbformat
import pytest

from caddylab import judge
from caddylab._claims import verify
from caddylab._claims.chapters.book import of_chapter
from caddylab._machine import shipped

CHAPTERS = [
    path for path in sorted(shipped.course().glob("[0-9]*.ipynb")) if of_chapter(path.stem[:2])
]
MEASURED = {
    "t": SimpleNamespace(backends=[2, 1] * 8),
    "check": {"start": 0.01},
    "loaded": 0,
}


def code(path) -> ast.Module:
    cells = [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    magics = [re.sub(r"^%%caddyfile +(\w+)\n.*", r"\1 = ''", cell, flags=re.S) for cell in cells]
    return ast.parse("\n".join(cell for cell in magics if not cell.startswith("%%")))


def made(path) -> set[str]:
    """The names that a notebook's cells give to something."""
    names = [node for node in ast.walk(code(path)) if isinstance(node, ast.Name)]
    return {node.id for node in names if isinstance(node.ctx, ast.Store)}


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_what_judges_a_claim_is_measured_in_its_chapter(path):
    book = of_chapter(path.stem[:2])
    assert {name for entry in book.entries for name in entry.needs} <= made(path)
    assert f'judge("{path.stem[:2]}")' in path.read_text("utf-8").replace('\\"', '"')


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
def test_no_cell_of_a_chapter_has_the_verdict_beside_the_claim(path):
    calls = [node.func for node in ast.walk(code(path)) if isinstance(node, ast.Call)]
    assert "Claim" not in map(ast.unparse, calls)
    recorded = verify.record()["chapters"][path.stem]
    assert list(recorded) == [entry.text for entry in of_chapter(path.stem[:2]).entries]


def test_each_claim_has_a_reply_to_each_judgement_and_none_is_open():
    shown = judge("01", MEASURED)._repr_mimebundle_()["text/html"]
    first = shown.split("caddylab-claim'>")[1]
    assert re.findall(r"<summary>(.+?)</summary>", first) == [
        "It holds", "It does not hold", "Only if …"
    ]  # fmt: skip
    assert first.count("You are right: it holds") == 1
    assert first.count("Look again: it holds") == 2
    assert " open" not in shown.replace("details[open]", "")


def test_what_holds_on_a_condition_is_not_what_holds():
    crowd, both = SimpleNamespace(errors=99), SimpleNamespace(errors=0, requests=[])
    measured = {
        "crowd": crowd,
        "both": both,
        "afterwards": SimpleNamespace(errors=20),
        "served": both,
    }
    shown = judge("02", measured)._repr_mimebundle_()["text/html"]
    together = shown.split("caddylab-claim'>")[6]
    replies = re.findall(r"<b>([^<]+?): it holds only if there are at least two", together)
    assert replies == ["Look again", "Look again", "You are right"]


def test_what_was_not_measured_says_which_cells_to_run():
    told = judge("01", MEASURED)
    assert [claim.text for claim in told] == [
        claim.text for claim in of_chapter("01").entries if claim.needs != ["too_soon"]
    ]  # fmt: skip
    lacking = "works.\n    not measured yet: run the cells that make `too_soon` first"
    assert lacking in repr(told)
    assert "<code>too_soon</code> first" in told._repr_mimebundle_()["text/html"]


def test_a_name_that_means_something_else_by_now_disturbs_nobody():
    told = repr(judge("01", MEASURED | {"too_soon": "mine"}))
    assert "run the cells that make `too_soon` again" in told
