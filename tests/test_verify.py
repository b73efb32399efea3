"""`caddylab verify`: what it reports, for this Caddy and for another one."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from concurrent.futures import ThreadPoolExecutor

import nbformat
import pytest

from caddylab import Claim, plausible, verdicts
from caddylab._caddy.running import program
from caddylab._claims import verify as _verify
from caddylab._claims.chapters.book import of_chapter
from caddylab._cli import verdicts as commanded
from caddylab._machine import shipped
from caddylab.cli import main

LAB = "from caddylab import Claim, Lab, verdicts\nlab = Lab(backends=2)"
POST = """lab.load("crash")
with lab.backend(2).killed():
    t = lab.fire(4, method="POST", body=b"one pizza")"""
JUDGED = """verdicts(
    Claim("A POST survives a crash.", t.errors == 0, f"{t.errors} errors"),
    Claim("Two and two are four.", 2 + 2 == 4, "4"),
)"""

pytestmark = pytest.mark.filterwarnings("default")  # what Jupyter warns about is not ours


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course of chapters that are given as lists of cells, and what is on record of them."""
    monkeypatch.setattr(shipped, "course", lambda: tmp_path)
    monkeypatch.setattr(_verify, "RECORD", tmp_path / "record.json")

    def write(recorded, **chapters):
        content = {"caddy": "2.11.7", "chapters": {"01": recorded}}
        _verify.RECORD.write_text(json.dumps(content))
        for name, cells in chapters.items():
            notebook = nbformat.v4.new_notebook(cells=list(map(nbformat.v4.new_code_cell, cells)))
            nbformat.write(notebook, tmp_path / f"{name.removeprefix('c')}.ipynb")

    return write


RECORDED = {"A POST survives a crash.": "holds", "Two and two are four.": "holds"}


def test_all_as_on_record(course, capsys):
    course(RECORDED, c01=[LAB, POST, JUDGED])
    assert main(["verify", "--runtime", "process"]) == 0
    told = capsys.readouterr().out
    assert "Caddy 2.11.7; the verdicts on record are those of 2.11.7." in told
    assert "✓ A POST survives a crash.\n    holds: 0 errors" in told
    assert "2 claims judged" in told
    assert "all as on record" in told


@pytest.fixture
def other_caddy(tmp_path):
    """A program that calls itself another version, and notes what it is asked to do."""
    script = tmp_path / "other" / "caddy"
    script.parent.mkdir()
    script.write_text(
        "#!/bin/sh\n"
        f'echo "$1" >> {tmp_path}/other/asked\n'
        'if [ "$1" = version ]; then echo v9.9.9; exit; fi\n'
        f'exec "{program.executable()}" "$@"\n'
    )
    script.chmod(0o755)
    return script


def test_another_caddy_is_run_and_what_it_does_otherwise_is_told(course, other_caddy, capsys):
    course(RECORDED | {"A POST survives a crash.": "does not hold"}, c01=[LAB, POST, JUDGED])
    assert main(["verify", "--caddy", str(other_caddy)]) == 1
    told = capsys.readouterr().out
    assert "Caddy 9.9.9; the verdicts on record are those of 2.11.7." in told
    assert told.count("DRIFT") == 1
    assert "holds: 0 errors\n    DRIFT: on record: does not hold" in told
    assert "1 drifted" in told
    assert "run" in (other_caddy.parent / "asked").read_text().split()


def test_claims_that_came_or_went(course, capsys):
    course({"Caddy flies.": "holds"}, c01=["from caddylab import Claim, verdicts", JUDGED])
    notebook = nbformat.read(shipped.course() / "01.ipynb", 4)
    notebook.cells[1].source = 'verdicts(Claim("Two and two are four.", True, "4"))'
    nbformat.write(notebook, shipped.course() / "01.ipynb")
    assert main(["verify"]) == 1
    told = capsys.readouterr().out
    assert "DRIFT: on record: nothing" in told
    assert "? Caddy flies.\n    DRIFT: not judged; on record: holds" in told


def test_a_chapter_that_fails_does_not_hide_the_others(course, capsys):
    course({}, c01=["1 / 0"], c02=["from caddylab import Claim, verdicts", "verdicts()"])
    assert main(["verify"]) == 1
    told = capsys.readouterr().out
    assert "01 did not run to its end." in told
    assert "ZeroDivisionError" in told
    assert "Notebooks that did not run to their end: 1." in told


def test_the_longest_begins_first_and_all_are_told_in_their_order(course, capsys, monkeypatch):
    begun = shipped.course() / "begun"
    names = ["01", "02", commanded.LONGEST[0]]
    cells = [f"with open({str(begun)!r}, 'a') as f: f.write('{{}} ')", "1 / 0"]
    course({}, **{f"c{name}": [cells[0].format(name), cells[1]] for name in names})
    monkeypatch.setattr(commanded, "AT_ONCE", 1)
    assert main(["verify"]) == 1
    assert begun.read_text().split() == [names[2], *names[:2]]
    told = capsys.readouterr().out
    assert re.findall(r"^(\d\d) did not run", told, re.M) == names


def test_it_can_be_called_where_a_loop_is_running(course):
    course({}, c01=["from caddylab import Claim, verdicts", "1"])

    async def from_a_notebook():
        return _verify.run(shipped.course() / "01.ipynb", {})

    with ThreadPoolExecutor(1) as apart:  # this thread may have a loop already: the browser's
        notebook = apart.submit(asyncio.run, from_a_notebook()).result()
    assert notebook.cells[1].outputs[0].data["text/plain"] == "1"


def test_what_is_kept_is_on_record(course, capsys):
    cells = ["from caddylab import Claim, verdicts", 'verdicts(Claim("It holds.", True, "see"))']
    course({"Old.": "holds"}, c01=cells)
    assert main(["verify", "--keep"]) == 0
    assert _verify.record()["chapters"] == {"01": {"It holds.": "holds"}}
    assert main(["verify"]) == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(["77"], "There is no chapter 77. There are: 01."),
     (["--caddy", "/no/caddy"], "does not answer as a Caddy does"),
     (["--caddy", sys.executable], "does not answer as a Caddy does")],
)  # fmt: skip
def test_mistakes_are_told(course, capsys, arguments, told):
    course({}, c01=["1"])
    assert main(["verify", *arguments]) == 1
    assert told in capsys.readouterr().err


class TestPlausible:
    def test_it_is_as_wide_as_chance(self):
        assert plausible(1000) == range(439, 562)
        assert plausible(4) == range(5)

    def test_it_leaves_out_what_a_wrong_share_gives(self):
        assert 700 not in plausible(1000)
        assert 125 in plausible(1000, 1 / 8)

    def test_a_rarer_error_makes_it_wider(self):
        assert set(plausible(1000)) < set(plausible(1000, error=1e-9))

    @pytest.mark.parametrize("arguments", [(0,), (10, 0), (10, 1.0), (10, 0.5, 0)])
    def test_what_makes_no_sense_is_refused(self, arguments):
        with pytest.raises(ValueError, match=r"between 0 and 1|whole number from 1"):
            plausible(*arguments)


class TestWhoClaims:
    def test_the_table_says_whose_the_claims_are(self):
        judged = verdicts(Claim("Two and two are five.", 2 + 2 == 5, "4"), by="this course")
        assert repr(judged).startswith("This course's claim:\n✗ Two and two are five.")
        assert "This course&#x27;s claim" in judged._repr_html_()

    def test_it_is_the_article_unless_somebody_else_is_named(self):
        assert repr(verdicts(Claim("It rains.", False, "it does not"))).startswith("The article's")

    def test_nobody_is_nobody(self):
        with pytest.raises(ValueError, match="by whom"):
            verdicts(by=" ")

    def test_the_article_has_not_claimed_what_the_course_does(self):
        """The summary follows no article: what it promises is its own."""
        assert {entry.by for entry in of_chapter("99").entries} == {"this course"}
