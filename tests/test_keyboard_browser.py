"""By keyboard alone: all that a notebook shows to be pressed is reached, and shows where one is.

In JupyterLab, and in Notebook 7, whose pages the same server has.
"""

from __future__ import annotations

import contextlib

import nbformat
import pytest
from playwright.sync_api import TimeoutError

pytest_plugins = ["browser_support"]
pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

CELLS = [
    "from caddylab import Lab, onward, predict\n\nlab = Lab(runtime='process')\n"
    "lab.load(':80 {\\n\\treverse_proxy backend1:8080 backend2:8080\\n}', warn=False)\n"
    "run = lab.fire(20)",
    "guess = predict('How many?', {'none': 0, 'all': 10})\nguess",
    "guess.compare(0)",
    "lab.view()",
    "lab.panel()",
    "run.replay()",
    "run.chart('routing')",
    "lab.progress()",
    "onward('01')",
]
STRAY = """() => [...document.querySelectorAll('.jp-OutputArea-output')]
    .flatMap((output) => [...output.querySelectorAll(
        'button, a[href], input, select, textarea, summary, [role=button], [onclick]')])
    .filter((one) => one.checkVisibility({visibilityProperty: true}) && !one.disabled)
    .filter((one) => {
        const rest = getComputedStyle(one), before = [rest.outline, rest.boxShadow, rest.border];
        one.focus();
        const seen = getComputedStyle(one);
        const after = [seen.outline, seen.boxShadow, seen.border];
        const reached = document.activeElement === one && one.tabIndex >= 0;
        const shown = seen.outlineStyle !== 'none' || before.join() !== after.join();
        one.blur();
        return !(reached && shown);
    }).map((one) => one.outerHTML.slice(0, 200))"""
ERRORS = "[...document.querySelectorAll('[data-mime-type*=stderr], .jp-RenderedText pre')]"


def test_everything_is_reached_and_shows_where_one_is(open_notebook):
    notebook = open_notebook(CELLS, height=1000)
    notebook.run_all()
    notebook.page.locator(".caddylab-view svg, svg.marks").first.wait_for()
    notebook.page.keyboard.press("Escape")  # from now on, one comes by keyboard
    assert notebook.page.evaluate(STRAY) == []
    notebook.screenshot("keyboard")


def test_a_prediction_is_made_with_tab_and_space(open_notebook):
    notebook = open_notebook(CELLS[:3])
    notebook.run_all()
    page = notebook.page
    page.get_by_label("none", exact=True).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert page.get_by_label("all", exact=True).is_checked()
    page.get_by_text("You chose after that").wait_for()


def test_notebook_7_folds_and_shows_the_same(jupyterlab, open_page):
    cells = [cell.replace("How many?", "How many here?") for cell in CELLS[:3]]
    cells.append("lab.view(dock=True)")  # there is no place for it but below its cell
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    because = nbformat.v4.new_markdown_cell("Because.")
    because.metadata["caddylab"] = {"explains": "guess"}
    notebook.cells.append(because)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, jupyterlab.folder / "seven.ipynb")
    opened = open_page(f"{jupyterlab.url}/notebooks/seven.ipynb?token={jupyterlab.token}")
    page = opened.page
    page.get_by_role("button", name="Show me anyway").wait_for()
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").first.wait_for()
    view = page.locator(".caddylab-view svg").first
    for _ in range(4):  # what is run before the session is ready is dropped without a word
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        with contextlib.suppress(TimeoutError):
            view.wait_for(timeout=30_000)
            break
    assert view.is_visible()
    assert not page.locator("p", has_text="Because.").is_visible()
    page.get_by_label("all", exact=True).check()
    page.locator("p", has_text="Because.").wait_for()
    opened.screenshot("notebook-7")
    assert opened.strangers == []
    ours = [said for said in opened.complaints if "caddylab" in said]  # it has two of its own
    assert ours == []
    jupyterlab.end_sessions()
