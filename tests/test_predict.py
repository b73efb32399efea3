"""Predictions: kept beside the notebook, and shown beside what was measured."""

from __future__ import annotations

import json

import pytest

from caddylab import predict, predictions
from caddylab._claims import predict as module

ASKED = "How many?", ["one", "two"]


@pytest.fixture(autouse=True)
def notebook_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(module, "_asked", {})
    return tmp_path


def answers(folder):
    return json.loads((folder / "predictions.json").read_text("utf-8"))


def test_an_answer_is_kept_and_chosen_again(notebook_folder):
    predict(*ASKED).choose("two")
    assert answers(notebook_folder) == {"How many?": "two"}
    assert predict(*ASKED).answer == "two"


def test_the_latest_answer_counts_and_others_stay(notebook_folder):
    predict("Where?", ["here", "there"]).choose("here")
    made = predict(*ASKED)
    made.choose("one")
    made.choose("two")
    assert answers(notebook_folder) == {"Where?": "here", "How many?": "two"}


def test_who_predicts_nothing_leaves_nothing(notebook_folder, capsys):
    predict(*ASKED).compare("one")
    assert "You made no prediction" in capsys.readouterr().out
    assert list(notebook_folder.iterdir()) == []


@pytest.mark.parametrize("content", ["", "[1]", "{broken", '{"How many?": "seven"}'])
def test_a_file_that_makes_no_sense_disturbs_nobody(notebook_folder, content):
    (notebook_folder / "predictions.json").write_text(content)
    assert predict(*ASKED).answer is None


def test_a_folder_where_nothing_can_be_written_disturbs_nobody(notebook_folder, monkeypatch):
    monkeypatch.setattr(module, "FILE", notebook_folder / "missing" / "predictions.json")
    made = predict(*ASKED)
    made.choose("two")
    assert made.answer == "two"


def test_the_table_has_what_was_said_and_what_was_measured():
    right, wrong, unsaid = (predict(f"{n}?", ["one", "two"]) for n in "123")
    right.choose("one")
    wrong.choose("two")
    for made in (right, wrong, unsaid):
        made.compare("one")
    page = predictions()._repr_html_()
    assert page.count("✓") == 1
    assert page.count("look again") == 1
    assert "2?\n    you: two | measured: one" in repr(predictions())
    assert len(predictions()) == 3


def test_a_question_asked_again_has_one_line():
    predict(*ASKED)
    predict(*ASKED)
    assert len(predictions()) == 1


def test_one_answer_is_no_choice():
    with pytest.raises(ValueError, match="two different answers"):
        predict("Why?", ["because", "because"])
