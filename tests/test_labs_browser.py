"""A check as a learner sees it in JupyterLab: first not passed, then passed."""

from __future__ import annotations

import pytest

from caddylab._exercises.task import tasks

pytest_plugins = ["browser_support"]
pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

CADDYFILE = ":80 {\n\treverse_proxy backend1:8080 backend2:8080 {\n\t\tOPTIONS\n\t}\n}"
CELLS = [
    "from caddylab import Lab\nlab = Lab(runtime='process')",
    "%%check 02.1\n" + CADDYFILE.replace("OPTIONS", "lb_retries 1"),
    "%%check 02.1\n" + CADDYFILE.replace("OPTIONS", "lb_retries 1\n\t\tfail_duration 10s"),
    "lab.progress()",
    "lab.close()",
]


def test_a_check_shows_what_happened_and_then_that_it_is_passed(open_notebook):
    notebook = open_notebook(CELLS, height=1900)
    for _ in CELLS:
        notebook.command("notebook:run-cell-and-select-next")
    failed, passed, table = (notebook.page.locator(".jp-CodeCell").nth(n) for n in (1, 2, 3))
    failed.locator("svg.marks").wait_for()
    passed.locator("svg.marks").wait_for()
    notebook.screenshot("lab-check")
    assert "Nobody notices: not yet" in failed.inner_text()
    assert "1st hint: Count the attempts on the dead backend." in failed.inner_text()
    assert "NotYet: 02.1 “Nobody notices” is not passed yet: see above." in failed.inner_text()
    assert "Traceback" not in failed.inner_text()
    assert "Nobody notices: ✓ passed, 2 points" in passed.inner_text()
    a_bar_a_lab(table)
    assert (notebook.strangers, notebook.complaints) == ([], [])


def a_bar_a_lab(board) -> None:
    """Its tasks are folded below it."""
    bars = board.get_by_role("progressbar")
    assert bars.count() == len({task[:2] for task in tasks()})
    assert board.get_by_label("Lab 2: 2 of 10 points").evaluate("bar => bar.value / bar.max") == 0.2
    assert board.get_by_role("row").filter(visible=True).count() == 0
    board.get_by_text("Lab 2", exact=True).click()
    row = board.get_by_role("row").filter(has_text="02.1 · Nobody notices")
    row.wait_for()
    assert "2 of 2" in row.inner_text()
