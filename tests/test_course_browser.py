"""Chapters in a real JupyterLab and a real browser, as a learner has them."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from caddylab._machine import shipped

pytest_plugins = ["browser_support"]
pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


def chapter_on(runtime: str, name: str, folder: Path) -> Path:
    """A copy of a chapter whose first cell chooses the runtime."""
    notebook = nbformat.read(shipped.course() / f"{name}.ipynb", as_version=4)
    choose = f"import os; os.environ['CADDYLAB_RUNTIME'] = '{runtime}'"
    notebook.cells.insert(0, nbformat.v4.new_code_cell(choose))
    path = folder / f"{name}.ipynb"
    nbformat.write(notebook, path)
    return path


@pytest.mark.parametrize("runtime", ["process", pytest.param("podman", marks=pytest.mark.podman)])
def test_the_happy_path(open_notebook, tmp_path, runtime):
    path = chapter_on(runtime, "01-happy-path", tmp_path)
    notebook = open_notebook(path, height=9000)  # tall: JupyterLab draws only what is in sight
    page = notebook.page
    notebook.run_all()
    assert page.locator(".jp-OutputArea-output canvas, .jp-OutputArea-output svg").count() >= 4
    radios = page.get_by_role("radio")
    assert radios.count() == 9
    page.get_by_label("backend 2", exact=True).check()
    page.get_by_text("first.compare(").click()
    notebook.command("notebook:run-cell")
    page.get_by_text("Measured: backend 2. That is what you predicted.").wait_for()
    judge_for_oneself(page)
    notebook.screenshot(f"01-happy-path-{runtime}")
    assert not notebook.complaints
    assert not notebook.strangers


def judge_for_oneself(page):
    """No verdict is in sight before the learner has judged; then there is, with the figures."""
    claim = page.locator(".caddylab-claim", has_text="Start everything and send requests: it works")
    assert not claim.get_by_text("requests got 503").first.is_visible()
    claim.get_by_text("It holds", exact=True).click()
    claim.get_by_text("Look again: it does not hold").locator("visible=true").wait_for()
    claim.get_by_text("Only if …", exact=True).press("Enter")  # by keyboard as well
    claim.get_by_text("Look again: it does not hold").locator("visible=true").wait_for()
    assert claim.locator("details[open] summary").inner_text() == "Only if …"
    claim.get_by_text("It does not hold", exact=True).click()
    claim.get_by_text("You are right: it does not hold").wait_for()
    assert claim.locator("details[open]").count() == 1
