"""By keyboard alone: all that a notebook shows to be pressed is reached, and shows where one is.

In JupyterLab, and in Notebook 7, whose pages the same server has.
"""

from __future__ import annotations

import pytest

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


def test_a_prediction_is_made_with_the_arrows(open_notebook):
    notebook = open_notebook(CELLS[:3])
    notebook.run_all()
    page = notebook.page
    page.get_by_label("none", exact=True).focus()
    page.keyboard.press("ArrowDown")
    assert page.get_by_label("all", exact=True).is_checked()
    page.get_by_text("Worth a second look").wait_for()
