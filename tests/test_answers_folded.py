"""What the course asks to be tried or thought about has a folded answer, with a run to copy."""

from __future__ import annotations

import ast
import re

import nbformat
import pytest

from caddylab._machine import shipped

CHAPTERS = {"00", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "12", "13"}
NOTEBOOKS = sorted([*shipped.course().glob("*.ipynb"), *shipped.labs().glob("*/*.ipynb")])
FOLDED = re.compile(r"<details>\n<summary>[^<]+</summary>\n\n(.+?)\n\n</details>", re.S)
ASKING = re.compile(r"## Try it yourself|\*\*Think about it:\*\*")
NO_RUN = (
    "A certificate expires after ninety days.",
    "How long did it take until you knew that something was wrong?",
)
"""What no run of a lab could show: ninety days, and what the learner thought in a game."""
CODE = re.compile(r"^```(\w*)\n(.*?)^```", re.S | re.M)


def name(path):
    return path.parent.name + path.stem


def asking(path):
    cells = nbformat.read(path, 4).cells
    return [
        c.source
        for c in cells
        if re.search(r"## Try it yourself|\*\*Think about it:\*\*", c.source)
    ]


@pytest.mark.parametrize(
    "path",
    [p for p in NOTEBOOKS if p.stem[:2] in CHAPTERS],
    ids=name,
)
def test_what_is_asked_is_answered(path):
    for text in asking(path):
        questions = len(re.findall(r"^\*\*\d+\.\*\* ", text, re.M)) or 1
        assert len(FOLDED.findall(text)) == questions
        assert not re.search(r"^- .*\?", text.partition("## Try it yourself")[2], re.M)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_each_has_a_run_that_shows_it(path):
    without = [
        question(text, found.start())
        for text in asking(path)
        for found in FOLDED.finditer(text)
        if "python" not in [language for language, _ in CODE.findall(found[1])]
    ]
    assert all(asked.startswith(NO_RUN) for asked in without), without


def question(text, end):
    """What is asked before an answer."""
    return text[:end].rstrip().split("\n\n")[-1].removeprefix("**Think about it:** ")


def test_there_are_answers_to_judge():
    assert sum(len(FOLDED.findall(text)) for path in NOTEBOOKS for text in asking(path)) >= 60


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_the_runs_in_them_can_be_copied(path):
    for answer in (found for text in asking(path) for found in FOLDED.findall(text)):
        for language, code in CODE.findall(answer):
            assert code.startswith("%%caddyfile") or language == "python", code
            if language == "python":
                ast.parse(code)
            else:
                assert code.count("{\n") == code.count("}\n"), code
