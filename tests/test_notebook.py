"""What a learner meets inside a notebook: the cell magic, and errors without our insides."""

from __future__ import annotations

import re
import warnings

import nbformat
import pytest
from nbclient import NotebookClient

GOOD = """%%caddyfile
:80 {
	reverse_proxy backend1:8080 backend2:8080 {
		lb_retries 1
		lb_policy first
	}
}
"""
STOP_IN_A_RUN = """import _thread, threading
lab = Lab(runtime="process")
lab.load(":80 {\\n\\treverse_proxy backend1:8080\\n}")
lab.backend(1).hung()
threading.Thread(target=lambda: (
    lab.wait_until(lambda: lab.last and len(lab.last) == 3, 20), _thread.interrupt_main()
)).start()
lab.fire(60, concurrency=3)
"""
BAD = GOOD.replace("lb_retries", "lb_retires")


@pytest.fixture(scope="module")
def outputs():
    """The text of each cell's output."""
    cells = [
        "from caddylab import Lab; lab = Lab(runtime='process')",
        GOOD,
        "lab.fire(4).backends",
        BAD,
        "lab.backend(7)",
        "Lab(runtime='process').close()",
        GOOD,
        "lab.close(); lab.fire(1)",
        GOOD,
        "lab = Lab(runtime='process')",
        GOOD.replace("%%caddyfile", "%%caddyfile mine --no-warnings"),
        "print(mine == lab.caddyfile, mine.count('lb_retries'))\nlab.warnings",
        GOOD.replace("%%caddyfile", "%%caddyfile two names"),
        GOOD.replace("%%caddyfile", "%%caddyfile with"),
        BAD.replace("%%caddyfile", "%%caddyfile mine"),
        "mine.count('lb_retries')",
        STOP_IN_A_RUN,
        "import _thread; _thread.interrupt_main(); lab.wait_until(lambda: False, 20)",
        "first = 1\nlab.check('02.1', answer)",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Jupyter's own
        NotebookClient(notebook, timeout=60, allow_errors=True).execute()
    return ["\n".join(map(text_of, cell.outputs)) for cell in notebook.cells]


def text_of(output) -> str:
    if output.output_type == "error":
        return "\n".join(output.traceback)
    return output.get("text") or output.data["text/plain"]


def test_the_magic_loads_the_cell_and_warns(outputs):
    assert "Loaded your Caddyfile: 1 warning" in outputs[1]
    assert "without `fail_duration`" in outputs[1]
    assert outputs[2] == "1, 1, 1, 1"


def test_a_mistake_is_shown_with_its_line_and_help(outputs):
    assert "unrecognized subdirective lb_retires" in outputs[3]
    assert "3 │         lb_retires 1" in outputs[3]
    assert "Did you mean `lb_retries`?" in outputs[3]


def test_the_magic_works_on_the_latest_lab_that_is_open(outputs):
    assert "Loaded your Caddyfile" in outputs[6]
    assert "There is no lab" in outputs[8]


def test_stop_in_a_run_is_one_line_and_says_what_there_is(outputs):
    assert outputs[16].endswith("Stopped after 3 of 60 requests; `lab.last` has them.")
    assert "Traceback" not in outputs[16]


def test_stop_elsewhere_is_one_word(outputs):
    assert outputs[17] == "Stopped."


def test_a_name_of_a_skipped_cell_is_explained(outputs):
    assert outputs[18].startswith("NameError: name 'answer' is not defined")
    assert "Line 2 of this cell needs `answer`, which no cell has made yet." in outputs[18]
    assert "Run All Above" in outputs[18]


@pytest.mark.parametrize("cell", [3, 4, 7, 8, 16, 17, 18])
def test_no_error_shows_the_library_from_inside(outputs, cell):
    assert re.search(r"Error: |LabClosed: |Stopped", outputs[cell])
    assert "Traceback" not in outputs[cell]
    assert "site-packages" not in outputs[cell]
    assert ".py" not in outputs[cell]


def test_a_name_in_the_magics_line_is_given_to_the_text(outputs):
    assert outputs[11].startswith("True 1")
    assert outputs[15] == "1"  # what Caddy has refused has changed nothing


def test_warnings_that_would_answer_a_question_wait_until_they_are_asked_for(outputs):
    assert outputs[10] == (
        "Loaded your Caddyfile. What there is to say about it comes later: `lab.warnings`."
    )
    assert "Loaded your Caddyfile: 1 warning" in outputs[11]
    assert "without `fail_duration`" in outputs[11]


@pytest.mark.parametrize(("cell", "line"), [(12, "two names"), (13, "with")])
def test_a_line_that_is_no_name_is_told(outputs, cell, line):
    assert f"%%caddyfile was given '{line}'; expected nothing, a name" in outputs[cell]
