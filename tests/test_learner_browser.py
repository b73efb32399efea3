"""The course as `caddylab open` shows it: nothing of a teacher's, and always a way onward."""

from __future__ import annotations

import json
import re

import pytest

from caddylab._cli import jupyterlab as settings
from caddylab._cli import notebooks
from caddylab._exercises.progress import FILE
from caddylab._exercises.syllabus import chapters

pytest_plugins = ["browser_support"]
pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

IMPORT = """() => jupyterapp.shell.currentWidget.sessionContext.session.kernel
    .requestExecute({ code: 'from caddylab import onward', silent: true }).done.then(() => 1)"""
RUN = """source => {
    const { content } = jupyterapp.shell.currentWidget;
    const sources = content.widgets.map(cell => cell.model.sharedModel.getSource());
    content.activeCellIndex = sources.findLastIndex(each => each === source);
    return jupyterapp.commands.execute('notebook:run-cell').then(() => 1);
}"""
CUT_OFF = """() => [...document.querySelectorAll('.jp-DirListing-itemText')]
    .filter(name => name.scrollWidth > name.clientWidth).map(name => name.textContent)"""
ON_TABS = """() => [...document.querySelectorAll('#jp-main-dock-panel .lm-TabBar-tabLabel')]
    .map(label => getComputedStyle(label, '::before').content)"""
TEACHERS = (
    "() => jupyterapp.commands.listCommands().filter(name => /nbgrader|formgrader/.test(name))"
)


@pytest.fixture(scope="module")
def jupyterlab(tmp_path_factory):
    """JupyterLab as a learner has it: with our settings, in a folder of theirs."""
    from browser_support import JupyterLab

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_CONFIG_PATH", str(settings.SETTINGS))
        patch.setenv("CADDYLAB_RUNTIME", "process")
        server = JupyterLab(tmp_path_factory.mktemp("learner"))
    try:
        notebooks.copy_to(server.folder)
        server.wait()
        yield server
    finally:
        server.close()


def test_a_learner_sees_the_course_and_nothing_of_a_teachers(open_notebook, jupyterlab):
    (jupyterlab.folder / "course" / "predictions.json").write_text("{}")  # since the first question
    notebook = open_notebook("course/00-start-here.ipynb", app="lab", width=1440)
    page = notebook.page
    names = page.locator(".jp-DirListing-itemText")
    names.filter(has_text="02-crash").wait_for()
    wanted = [f"{chapter.name}.ipynb" for chapter in chapters().values()]
    shown = names.all_inner_texts()
    assert [name for name in shown if name[0].isdigit()] == wanted
    assert not [name for name in shown if name.endswith(".json")]
    assert page.evaluate(CUT_OFF) == []
    assert page.evaluate(TEACHERS) == []
    menus = page.locator(".lm-MenuBar-itemLabel").all_inner_texts()
    assert "Run" in menus
    assert "Nbgrader" not in menus
    notebook.screenshot("learner")


def test_the_map_and_the_footers_lead_on(open_notebook, jupyterlab):
    """From the map in chapter 0 to a chapter, from there to its lab and to the next one."""
    passed(jupyterlab.folder / "labs", "01")
    notebook = open_notebook("course/00-start-here.ipynb", app="lab", width=1440)
    page = notebook.page
    shown(page, "onward()")
    row = page.get_by_role("row").filter(has_text="1 · The happy path")
    assert re.search(r"✓?.*\b15\b.*lab 1: 8 of 8 points", row.inner_text().replace("\n", " "))
    assert page.get_by_role("row").filter(has_text=re.compile(r"lab \d+: 0 of")).count() >= 10

    follow(notebook, row, "1 · The happy path", "course/01-happy-path.ipynb")
    footer = shown(page, 'onward("01")')
    assert "✓\tDone: lab 1: 8 of 8 points" in footer.inner_text()
    follow(notebook, footer, "lab 1", "labs/01-happy-path/01-happy-path.ipynb")
    assert page.evaluate(ON_TABS) == ["none", "none", '"lab "']
    footer = shown(page, 'onward("01")')
    follow(notebook, footer, "2 · A backend crashes", "course/02-crash.ipynb")
    footer = shown(page, 'onward("02")')
    assert "○\tDo lab 2: 0 of 10 points, next task: Nobody notices" in footer.inner_text()
    assert notebook.complaints == []


def passed(labs, number: str) -> None:
    """Let all tasks of a lab be passed."""
    [folder] = labs.glob(f"{number}-*")
    events = ({"task": task.id, "at": 1.0, "passed": True} for task in chapters()[number].tasks)
    (folder / FILE).write_text("".join(f"{json.dumps(event)}\n" for event in events))


def shown(page, source: str):
    """What the last cell of this text shows in the notebook in front."""
    page.evaluate(IMPORT)
    page.evaluate(RUN, source)
    output = page.locator(".jp-OutputArea-output:visible").filter(has=page.locator("table")).last
    output.scroll_into_view_if_needed()
    return output


def follow(notebook, place, text: str, path: str) -> None:
    """Click a link; return once the notebook to which it leads can be used."""
    place.get_by_role("link", name=text, exact=True).click()
    notebook.until_open(path)


SETUP = "from caddylab import Lab\nlab = Lab()"
STEPS = [
    """%%caddyfile plain --no-warnings
:80 {
	reverse_proxy backend1:8080 backend2:8080
}""",
    "lab.load(plain, warn=False)\nlab.caddyfile",
    """%%caddyfile careful
:80 {
	reverse_proxy backend1:8080 backend2:8080 {
		lb_retries 1  # new
		fail_duration 10s  # new
	}
}""",
    "lab.load(careful)\nlab.caddyfile",
]


def test_a_step_run_again_does_the_same(open_notebook):
    """Each step holds its whole Caddyfile, so no order of steps piles up lines."""
    notebook = open_notebook([SETUP, *STEPS])
    notebook.run_all()
    once = outputs(notebook.page)
    assert once[4].count("fail_duration") == 1
    for step in (3, 4, 4, 1, 2, 3, 4):
        notebook.page.evaluate(RUN, [SETUP, *STEPS][step])
    assert outputs(notebook.page) == once
    assert notebook.complaints == []


def outputs(page) -> list[str]:
    cells = page.locator(".jp-CodeCell").all()
    return ["\n".join(cell.locator(".jp-OutputArea-output").all_inner_texts()) for cell in cells]


HANG = "lab.load(plain, warn=False)\nwith lab.backend(1).hung():\n    lab.fire(500, concurrency=40)"
BEGIN = "() => { jupyterapp.commands.execute('notebook:run-cell') }"


def test_stop_in_a_run_leaves_one_line(open_notebook):
    """While it runs a bar tells answered and waiting; Stop then says what there is."""
    notebook = open_notebook([SETUP, STEPS[0], HANG])
    page = notebook.page
    for _ in range(2):
        notebook.command("notebook:run-cell-and-select-next")
    page.evaluate(BEGIN)
    cell = page.locator(".jp-CodeCell").nth(2)
    told = cell.locator(".jp-OutputArea-output", has_text="waiting")
    told.wait_for()
    assert told.locator("progress").count() == 1
    assert re.search(r"\d+ of 500 requests answered, \d+ waiting", told.inner_text())
    notebook.screenshot("run-progress")
    notebook.command("notebook:interrupt-kernel")
    said = cell.locator(".jp-OutputArea-output", has_text="Stopped after")
    said.wait_for()
    notebook.until_open(notebook.path)
    assert re.fullmatch(
        r"Stopped after \d+ of 500 requests; `lab.last` has them\.", said.inner_text().strip()
    )
    told = cell.locator(".jp-OutputArea-output").all_inner_texts()
    assert len([text for text in told if text.strip()]) == 1, told  # and the bar is gone
