"""Where a widget's kernel has ended, its last state is seen, and how to bring it back."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = pytest.mark.browser
pytest_plugins = ["browser_support"]

CELLS = [
    "from caddylab import Lab, onward, predict\nlab = Lab('process')",
    "lab.view()",
    "lab.panel()",
    "q = predict('Who is first?', {'one': 1, 'two': 2})\nq",
    "lab.view(dock=True)",
    "t = lab.fire(9)\nt.chart()",
    "onward()",
    "lab.backend(2).hung()",
]
PLACES = 4  # with the dock
DIRTY = "() => jupyterapp.shell.currentWidget.context.model.dirty"
RESTART = "() => jupyterapp.shell.currentWidget.sessionContext.restartKernel()"
SHUT_DOWN = "() => jupyterapp.shell.currentWidget.sessionContext.shutdown()"
HUNG = "() => document.querySelector('.caddylab-view')?.dataset.states === 'up,hung'"
STILLS = ".caddylab-last:visible"
BROKEN = ("model not found", "Loading widget")


def test_the_last_state_outlives_the_kernel_and_the_page(open_notebook):
    notebook = open_notebook(CELLS, width=1440, height=2000)
    page = notebook.page
    notebook.run_all()
    page.wait_for_function(HUNG)
    assert_accessible(notebook)
    notebook.command("docmanager:save")
    page.wait_for_function(f"() => !({DIRTY})()")
    page.get_by_label("two", exact=True).check()
    page.wait_for_function(DIRTY)  # so that what was chosen is saved

    page.evaluate(RESTART)
    page.wait_for_function(f"() => document.querySelectorAll('.caddylab-last').length === {PLACES}")
    look_at_stills(notebook, "restarted")
    assert notebook.complaints == []

    page.evaluate(SHUT_DOWN)
    notebook.command("docmanager:save")
    page.reload()
    page.wait_for_function("() => document.querySelectorAll('.caddylab-last').length === 3")
    look_at_stills(notebook, "reopened")
    assert not page.evaluate(DIRTY)


def assert_accessible(notebook) -> None:
    """View, panel, prediction, chart and footer, to those who do not see as to those who do."""
    notebook.page.emulate_media(reduced_motion="reduce")  # no colour is judged half-way
    chart = notebook.page.locator(".vega-embed [aria-label^='9 requests']")
    chart.first.wait_for()  # its sentence, for those who do not see it
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        notebook.theme(theme)
        found = Axe().run(notebook.page, context=".jp-OutputArea-output").response["violations"]
        assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found] == []


def look_at_stills(notebook, name) -> None:
    notebook.screenshot(f"still-{name}")
    view, panel, chosen, *_ = notebook.page.locator(STILLS).all_inner_texts()
    assert "This lab is gone: run the cell with lab = Lab() again" in view
    assert "Backend 2 hangs" in view
    assert "sent 9" in view
    assert notebook.page.locator(f"{STILLS} img").first.bounding_box()["width"] > 700
    assert "backend 2\thung\thealthy" in panel
    assert "9 requests sent" in panel
    assert "You chose: two" in chosen
    shown = notebook.page.locator("body").inner_text()
    assert not [words for words in BROKEN if words in shown]
    broken = ".caddylab-frame .jupyter-widgets-disconnected:visible"
    assert notebook.page.locator(broken).count() == 0
