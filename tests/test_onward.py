"""The way onward: what is done, what comes next, and links that lead there."""

from __future__ import annotations

import html
import json
import re
import shutil

import nbformat
import pytest

from caddylab import onward
from caddylab._exercises import progress
from caddylab._exercises.syllabus import chapters
from caddylab._machine import shipped

LINK = re.compile(r"href='([^']+)'>([^<]+)")


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A learner's folder as `caddylab open` makes it; they work in its `course`."""
    for name in ("course", "labs"):
        shutil.copytree(getattr(shipped, name)(), tmp_path / name)
    monkeypatch.chdir(tmp_path / "course")
    return tmp_path


def predict_everything(folder, number: str) -> None:
    said = dict.fromkeys(chapters()[number].questions, "something")
    (folder / "course" / "predictions.json").write_text(json.dumps(said))


def test_nothing_is_done_at_the_beginning(course):
    told = repr(onward("02")).splitlines()
    assert told[0].startswith("○ 2 · A backend crashes: 0 of ")
    assert told[1] == "○ Do lab 2: 0 of 10 points, next task: Nobody notices"
    assert told[2] == "→ Go on to 3 · A slow service (40 minutes)"


def test_what_was_predicted_and_passed_is_ticked(course, monkeypatch):
    predict_everything(course, "01")
    monkeypatch.chdir(course / "labs" / "01-happy-path")
    for task in chapters()["01"].tasks:
        progress.note(task.id, passed=True)
    monkeypatch.chdir(course / "course")
    told = repr(onward("01")).splitlines()
    assert told[0] == "✓ 1 · The happy path: 3 of 3 predictions made"
    assert told[1] == "✓ Done: lab 1: 8 of 8 points"
    assert [row[0] for row in repr(onward()).splitlines()[:2]] == ["✓", "○"]
    points = sum(task.points for chapter in chapters().values() for task in chapter.tasks)
    assert f"8 of {points} points" in repr(onward())


@pytest.mark.parametrize("place", ["course", "labs/02-crash"])
@pytest.mark.parametrize("number", [None, *chapters()])
def test_every_link_leads_to_a_notebook(course, monkeypatch, place, number):
    monkeypatch.chdir(course / place)
    links = LINK.findall(onward(number)._repr_html_())
    assert links
    assert [path for path, _ in links if not (course / place / path).is_file()] == []


@pytest.mark.parametrize("chapter", chapters().values(), ids=lambda chapter: chapter.name)
def test_each_chapter_leads_to_its_lab_and_to_the_next_chapter(course, chapter):
    last = nbformat.read(shipped.course() / f"{chapter.name}.ipynb", 4).cells[-1]
    assert last.source == f'onward("{chapter.number}")'
    said = html.unescape(onward(chapter.number)._repr_html_())
    following = [after for number, after in chapters().items() if number > chapter.number][:1]
    assert all(after.called in said for after in following)
    assert not chapter.lab or f"lab {int(chapter.number)}</a>" in said


@pytest.mark.parametrize("lab", sorted(shipped.labs().glob("*/*.ipynb")), ids=lambda lab: lab.stem)
def test_each_lab_leads_onward(lab):
    last = nbformat.read(lab, 4).cells[-1].source.splitlines()[-1]
    assert last == ("onward()" if lab.stem == "game-day" else f'onward("{lab.stem[:2]}")')


def test_the_map_says_what_each_chapter_teaches(course):
    shown = html.unescape(onward()._repr_html_())
    taught = [chapter.teaches for number, chapter in chapters().items() if number != "00"]
    assert all(taught)
    assert [what for what in taught if what not in shown] == []


def test_the_map_leads_through_all_of_the_course_in_its_order(course):
    links = [path for path, _ in LINK.findall(onward()._repr_html_())]
    wanted = sorted(path.name for path in shipped.course().glob("[0-9]*.ipynb"))
    assert ["00-start-here.ipynb", *(path for path in links if "/" not in path)] == wanted


def test_each_chapter_says_what_it_is_called_and_how_long_it_takes():
    assert all(chapter.minutes > 0 for chapter in chapters().values())
    assert chapters()["02"].called == "2 · A backend crashes"


def test_the_summary_leads_to_the_game(course):
    assert repr(onward("99")).startswith("→ Go on to the game day")
