"""What a learner reads below the cells of a real JupyterLab: short, whole, and in plain words."""

from __future__ import annotations

import re

import pytest

from caddylab._machine.waiting import poll

pytest_plugins = ["browser_support"]
pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

START = "from caddylab import Lab\nlab = Lab()"
POOL = ":80 {\n\treverse_proxy backend1:8080 backend2:8080 {\n\t\tOPTION\n\t}\n}"
DROPPED = repr(POOL.replace("OPTION", "lb_policy least_conn {\n\t\t\theader cookie\n\t\t}"))
STALE = repr(POOL.replace("OPTION", "lb_retries 1"))
SICK = "with lab.backend(1).killed(), lab.backend(2).killed():\n    run = lab.fire(6)\nrun"
MISTAKES = {
    "never.chart()": ("NameError: name 'never' is not defined", "run that one first"),
    f"lab.load('''{POOL}''')": ("CaddyfileError: ", "3 │"),
    "lab.backend(3).kill()": ("This lab has backends 1 to 2", "Lab(backends=4)"),
    "lab.fire('many')": ("Error: ", "'many'"),
    "lab.backend(1).failing(status=99)": ("99", "200 to 599"),
}
CRASH = (
    f"lab.load({STALE}, warn=False)\n"
    "with lab.backend(2).killed():\n    run = lab.fire(120, concurrency=8)\nrun.chart()"
)
PICTURES = [f"run.chart('{kind}')" for kind in ("routing", "timeline", "latency")]
WHERE = "<Lab: Caddy and 2 backends in (local processes|Podman containers), http://127"
REFUSED = "connect: connection refused|: no such host"  # a container that is killed has no name
OUTPUT = ".jp-OutputArea-output"
FRAMES = ("Traceback", "site-packages", "File ", "-->", "Cell In[")
CUT = """() => [...document.querySelectorAll('.jp-OutputArea-output')]
    .filter(shown => !shown.querySelector('.dataframe')) // a table of many columns is scrolled
    .flatMap(shown => [shown, ...shown.querySelectorAll('p, li, pre')])
    .filter(part => part.scrollWidth > part.clientWidth + 1 && part.clientWidth > 0)
    .map(part => part.textContent.slice(0, 80))"""
TALL = "() => Math.max(...[...document.querySelectorAll('svg.marks')].map(c => c.clientHeight))"
HUNG = "() => document.querySelector('.caddylab-view')?.dataset.states === 'up,hung'"


@pytest.fixture
def told(open_notebook):
    """Call it with the cells to run, mistakes included; it returns what each shows, as text."""

    def run(*cells: str):
        notebook = open_notebook([START, *cells], height=2600)
        for _ in [START, *cells]:
            notebook.command("notebook:run-cell-and-select-next")
        shown = notebook.page.locator(".jp-CodeCell").all()[: len(cells) + 1]
        return notebook, ["\n".join(cell.locator(OUTPUT).all_inner_texts()) for cell in shown]

    return run


def test_a_mistake_is_told_in_a_few_lines_without_a_frame_of_ours(told):
    notebook, [_, *said] = told(*MISTAKES)
    for (what, onward), text in zip(MISTAKES.values(), said, strict=True):
        assert what in text
        assert onward in text
        assert not [frame for frame in FRAMES if frame in text]
        assert len(text.splitlines()) <= 9
    notebook.screenshot("reading-mistakes")
    assert notebook.complaints == []


def test_what_is_told_is_short_whole_and_in_words(told):
    waiting, asked = f"lab.load({STALE}, warn=False)", "lab.warnings"
    notebook, said = told("lab", f"lab.load({DROPPED})", waiting, asked, SICK, "run.attempts()")
    first, again, warned, held, after, crash, table = said
    assert re.match(WHERE, first)
    assert len(first.strip().splitlines()) <= 3
    assert not [raw for raw in ("docker.io", "`") if raw in first]
    assert "Not in containers" not in again  # once is enough
    assert "least_conn takes no block" in warned
    assert "lb_retries without fail_duration" not in held  # it would answer a question
    assert "What there is to say about it comes later" in held
    assert "lb_retries without fail_duration" in after
    assert "6 requests to /test-api: all failed (502)" in crash
    assert re.search(REFUSED, table)  # the error's last words are those that tell
    assert re.search(r"\d ms", table)
    for width in (1440, 640):
        notebook.page.set_viewport_size({"width": width, "height": 2600})
        assert poll(lambda: notebook.page.evaluate(CUT) == [], 10), notebook.page.evaluate(CUT)
    notebook.screenshot("reading-narrow")


def test_pictures_fit_the_screen_and_all_use_the_same_words(told):
    notebook, _ = told(CRASH, *PICTURES, "lab.view()", "lab.panel()", "lab.backend(2).hung()")
    page = notebook.page
    page.wait_for_function(HUNG)
    page.locator(".caddylab-panel").get_by_text("has not noticed").wait_for()
    assert page.locator("svg.marks").count() == 4
    assert page.evaluate(TALL) <= 760  # of 900, with JupyterLab's own bars
    view, panel = (page.locator(f".caddylab-{name}").text_content() for name in ("view", "panel"))
    for word in ("Caddy thinks", "hung", "healthy"):
        assert word in view + notebook.page.locator(".caddylab-view").get_attribute("data-states")
        assert word in panel
    assert page.get_by_text("an answer, in its backend’s colour and shape").is_visible()
    page.locator("svg.marks .mark-symbol path[aria-roledescription]").first.hover(force=True)
    tip = page.locator("#vg-tooltip-element.visible")
    tip.wait_for()
    assert re.search(r"\d+(\.\d+)? m?s\b", tip.inner_text())
    notebook.screenshot("reading-pictures")
