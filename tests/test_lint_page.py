"""docs/lint.md: every rule is on it, and the run that proves it still comes out as it says."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from caddylab import Lab
from caddylab._caddy.advice.lint import RULES

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))
import make_lint_page
from lint_runs import RUNS

PAGE = make_lint_page.PAGE.read_text("utf-8")


@pytest.fixture(scope="module")
def lab():
    with Lab(runtime="process") as lab:
        yield lab


def test_the_page_has_every_rule_in_order_and_no_other():
    headings = [line[3:] for line in PAGE.splitlines() if line.startswith("## ") and "-" in line]
    rules = [heading for heading in headings if " " not in heading]
    assert rules == sorted(RULES)
    assert PAGE.startswith(make_lint_page.HEAD.read_text("utf-8"))
    assert sorted(RUNS) == sorted(RULES)


@pytest.mark.parametrize("name", sorted(RULES))
def test_the_run_comes_out_as_the_page_says(lab, name):
    assert make_lint_page.entry(RULES[name], lab) in PAGE, "make lint-page"


@pytest.mark.parametrize("name", sorted(RUNS))
def test_the_advice_silences_the_rule(lab, name):
    run = RUNS[name]
    assert name in {note.rule for note in lab.lint(run.wrong)}
    assert {note.rule for note in lab.lint(run.right)} == set()
