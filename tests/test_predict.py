"""Predictions: kept beside the notebook, and shown beside what was measured."""

from __future__ import annotations

import ast
import json

import nbformat
import numpy as np
import pytest

from caddylab import ArgumentError, predict, predictions
from caddylab._claims import predict as module
from caddylab._machine import shipped

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


def test_what_is_code_looks_like_it():
    asked = predict("`lb_retries 1` is set. Who <gets> an error?", {"none": 0, "all": 1})
    for html in (asked._repr_mimebundle_()["text/html"], predictions()._repr_html_()):
        assert "<code>lb_retries 1</code> is set. Who &lt;gets&gt;" in html


def test_its_still_picture_says_what_was_chosen():
    made = predict("<i>How</i> many?", ["one < two", "two"])
    assert "You have not chosen yet." in made._repr_mimebundle_()["text/html"]
    made.choose("one < two")
    assert "You chose: <b>one &lt; two</b>" in made._repr_mimebundle_()["text/html"]


def test_a_question_asked_again_has_one_line():
    predict(*ASKED)
    predict(*ASKED)
    assert len(predictions()) == 1


def test_one_answer_is_no_choice():
    with pytest.raises(ValueError, match="two different answers"):
        predict("Why?", ["because", "because"])


COUNTED = {"none": 0, "some": range(1, 10), "all ten": 10}


@pytest.mark.parametrize(
    ("options", "measured", "said"),
    [
        (COUNTED, 0, "none"),
        (COUNTED, np.int64(10), "all ten"),
        (COUNTED, 7, "some (7)"),
        (COUNTED, 9.99, "some (9.99)"),
        ({"few": range(300), "many": range(300, 5000)}, 1234.5, "many (1.23e+03)"),
        ({"in turns": [1, 2], "the same": [1, 1]}, [1, 2], "in turns"),
        ({"one": 1, "anything else": None}, 1712, "anything else (1,712)"),
        ({"both": {"a", "b"}, "nobody": []}, {"b", "a"}, "both"),
        (["least_conn", "random"], "random", "random"),
        ({"none": 0, "five": 5}, 3, "3, which is none of the answers"),
    ],
)
def test_a_measured_value_finds_its_answer(options, measured, said, capsys):
    made = predict("How many?", options)
    made.compare(measured)
    assert f"Measured: {said}. (You made" in capsys.readouterr().out
    assert made.measured == said


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"one": 1}, "needs two different answers"),
        ({"few": range(6), "many": range(5, 9)}, "'few' for range.*'many' for range"),
        ({"exactly": 5, "about": range(9)}, "stand for the same measurement"),
        ({"once": 1, "one time": 1.0}, "stand for the same measurement"),
        ({"a": None, "b": None}, "stand for the same measurement"),
        ({"none": 0, "many": range(5, 9)}, "No answer stands for 1 to 4, between 'none' and"),
        ({"few": range(3), "all": 9}, "No answer stands for 3 to 8"),
        ({"few": range(0), "all": 9}, "a range upwards by one"),
        ({"even": range(0, 9, 2), "odd": range(1, 9, 2)}, "a range upwards by one"),
        ({"yes": True, "no": 0}, "'yes' stands for True; expected a number, a range"),
        ({"a": float("nan"), "b": 1}, "expected a number, a range"),
        ({"a": b"x", "b": 1}, "expected a number, a range"),
    ],
)
def test_answers_that_overlap_leave_a_hole_or_stand_for_nothing_are_told(options, told):
    with pytest.raises(ArgumentError, match=told):
        predict("How many?", options)


@pytest.mark.parametrize("measured", [None, "three", [3], float("nan"), True, object()])
def test_what_no_answer_could_stand_for_is_told(measured):
    made = predict("How many?", COUNTED)
    with pytest.raises(ArgumentError, match=r"compare\(\) was given"):
        made.compare(measured)
    assert made.measured is None


def test_no_cell_of_a_chapter_gives_the_answer_to_a_comparison():
    """`compare` takes what was measured, however it is counted, and never an answer in words."""
    for path in sorted(shipped.course().glob("*.ipynb")):
        answers = {text for asked in calls(path, "predict") for text in texts(asked)}
        compared = {ast.unparse(call): texts(call.args) for call in calls(path, "compare")}
        assert {code: said for code, said in compared.items() if answers & set(said)} == {}


def test_every_prediction_of_the_chapters_has_values_that_its_comparison_can_find():
    chapters = sorted(shipped.course().glob("*.ipynb"))
    asked = [ast.unparse(call) for path in chapters for call in calls(path, "predict")]
    assert len(asked) >= 30
    for call in asked:
        eval(call, {"predict": predict})


def texts(part: object) -> list[str]:
    """The texts in a piece of code, or in several."""
    parts = part if isinstance(part, list) else [part]
    constants = (
        node for part in parts for node in ast.walk(part) if isinstance(node, ast.Constant)
    )
    return [node.value for node in constants if isinstance(node.value, str)]


def calls(path, name: str) -> list[ast.Call]:
    """The calls of a function or method of this name in a notebook's cells."""
    code = "\n".join(
        cell.source for cell in nbformat.read(path, 4).cells
        if cell.cell_type == "code" and not cell.source.startswith("%%")
    )  # fmt: skip
    found = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    return [call for call in found if ast.unparse(call.func).rpartition(".")[2] == name]


def test_what_is_measured_is_said_with_its_unit(capsys):
    wait = predict("How long?", {"short": range(100), "long": range(100, 900)}, unit="ms")
    wait.compare(42)
    assert "Measured: short (42 ms)." in capsys.readouterr().out
    wait.compare(5000)
    assert "Measured: 5,000 ms, which is none of the answers." in capsys.readouterr().out


def test_who_chooses_after_the_measurement_has_not_predicted():
    asked = predict("How many?", {"one": 1, "two": 2})
    asked.compare(2)
    asked.choose("two")
    assert asked.answer is None
    assert not predictions()[0].answer
    again = predict("How many?", {"one": 1, "two": 2})
    assert again.answer is None
