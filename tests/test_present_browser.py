"""Slides in JupyterLab: each step is one key, each page fits, and the show goes on."""

import re
import shutil

import nbformat
import pytest

from caddylab._machine import shipped

pytest_plugins = ["browser_support"]

DEMO = shipped.course() / "demos" / "03-slow-service.ipynb"
PLACE = ".caddylab-place"
RECORDED = ".caddylab-recorded"
TOP = "document.querySelector('.jp-Cell.jp-mod-active').getBoundingClientRect().top"
PLACE_AT_REST = ".caddylab-place:not(.caddylab-running)"
SEEN = """[...document.querySelectorAll('.caddylab-deck .jp-Cell')]
    .filter((cell) => cell.checkVisibility()).map((cell) => cell.innerText)"""
SPILT = """[...document.querySelectorAll('.caddylab-seen, .caddylab-seen :is(svg.marks, pre)')]
    .map((box) => box.getBoundingClientRect()).filter((box) => box.height && (box.top < 0
        || box.bottom > innerHeight || box.left < 0 || box.right > innerWidth)).length"""
ZOOM = "Number(document.querySelector('.caddylab-deck .jp-WindowedPanel-viewport').style.zoom)"
COUNTS = """window.jupyterapp.shell.currentWidget.content.widgets
    .filter((cell) => cell.model.type === 'code').map((cell) => cell.model.executionCount)"""
SOURCES = """window.jupyterapp.shell.currentWidget.content.widgets
    .map((cell) => cell.model.sharedModel.getSource())"""
TWO_FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
BROKEN = "from caddylab import Traffic, projector\n\nprojector()\nlab = None"


@pytest.fixture
def demo(open_notebook, jupyterlab, tmp_path):
    """Call it to have the demo open in JupyterLab; `first` is put in place of its first cell."""
    recordings = jupyterlab.folder / "recordings"
    shutil.copytree(DEMO.with_name("recordings"), recordings, dirs_exist_ok=True)

    def open_it(first=None, width=1280, height=720):
        path, notebook = tmp_path / DEMO.name, nbformat.read(DEMO, as_version=4)
        if first:
            next(c for c in notebook.cells if c.cell_type == "code").source = first
        nbformat.write(notebook, path)
        return open_notebook(path, width=width, height=height)

    return open_it


def present(notebook):
    notebook.page.locator(".caddylab-present").click()
    rest(notebook.page)


def rest(page):
    page.locator(PLACE_AT_REST).wait_for()
    page.evaluate(TWO_FRAMES)


def press(page, key="PageDown"):
    """One step, all of it."""
    page.keyboard.press(key)
    rest(page)


def where(page):
    return page.locator(PLACE).inner_text(), len(page.evaluate(SEEN))


def fits(page, width, height):
    """Nothing reaches over the edge of a screen of this size, and letters stay large."""
    page.set_viewport_size({"width": width, "height": height})
    page.wait_for_function(f"{SPILT} === 0 && {ZOOM} >= 0.6")


def to_the_first_chart(page):
    while not page.locator(".caddylab-seen svg.marks").count():
        press(page)
    page.locator(".caddylab-seen svg.marks").wait_for()


@pytest.mark.browser
@pytest.mark.timeout(240)
class TestTheShow:
    def test_every_step_fits_and_shows_neither_notes_nor_nets(self, demo):
        notebook = demo(width=1280, height=720)
        page = notebook.page
        present(notebook)
        before, charts = None, 0
        while where(page) != before:
            before = where(page)
            fits(page, 1280, 720)
            seen = "\n".join(page.evaluate(SEEN))
            assert "Traffic.load" not in seen
            assert "For the speaker" not in seen
            assert "lab = Lab" not in seen
            assert "ready in" not in seen
            assert page.locator(".caddylab-seen :is(h1, h2)").is_visible()  # the question stays
            charts += page.locator(".caddylab-seen svg.marks").count()
            if charts == 1:
                notebook.screenshot("present-1280")
            fits(page, 1920, 1080)
            page.set_viewport_size({"width": 1280, "height": 720})
            press(page)
        number, count = before[0].split(" / ")
        assert number == count
        assert charts > 3
        assert (notebook.strangers, notebook.complaints) == ([], [])

    def test_back_runs_nothing_again_and_escape_gives_the_notebook_back(self, demo):
        notebook = demo()
        page = notebook.page
        page.locator(".jp-CodeCell .cm-content").first.click()
        page.keyboard.press("Shift+Enter")  # as the notes say: before they come in
        page.wait_for_function(f"{COUNTS}[0] === 1")
        page.keyboard.press("Escape")
        page.keyboard.press("Alt+R")
        rest(page)
        assert page.evaluate(COUNTS)[0] == 1
        press(page)
        press(page, "a")
        to_the_first_chart(page)
        options = page.locator(".caddylab-asked .caddylab-option")
        assert options.all_inner_texts()[1:] == ["B six right", "C all twelve"]
        assert options.first.inner_text().endswith("your vote")
        there, ran = where(page), page.evaluate(COUNTS)
        press(page, "PageUp")
        assert where(page) != there
        while where(page) != there:
            press(page, "Space")
        assert page.evaluate(COUNTS) == ran
        press(page, "r")
        assert page.evaluate(COUNTS) != ran
        page.keyboard.press("Escape")
        page.locator(PLACE).wait_for(state="detached")
        assert page.locator(".jp-NotebookPanel-toolbar").is_visible()
        chart = page.locator(".jp-Cell.jp-mod-active svg.marks")
        page.wait_for_function(f"{TOP} >= 0 && {TOP} < innerHeight")
        assert chart.is_visible()
        assert page.evaluate("document.activeElement.closest('.jp-Notebook') !== null")
        ran = page.evaluate(COUNTS)
        page.keyboard.press("Alt+R")
        rest(page)
        assert where(page) == there
        assert page.evaluate(COUNTS) == ran

    def test_the_show_goes_on_without_a_lab(self, demo):
        notebook = demo(first=BROKEN)
        present(notebook)
        to_the_first_chart(notebook.page)
        assert "AttributeError" in "\n".join(notebook.page.evaluate(SEEN))
        assert notebook.page.locator(RECORDED).is_visible()

    def test_the_earlier_run_takes_the_place_of_this_one(self, demo):
        notebook = demo()
        page = notebook.page
        present(notebook)
        to_the_first_chart(page)
        nets = [n for n, text in enumerate(codes(page)) if "Traffic.load" in text]
        before = page.evaluate(COUNTS)
        assert not page.locator(RECORDED).count()
        press(page, "n")
        assert page.locator(RECORDED).is_visible()
        after = page.evaluate(COUNTS)
        again = [n for n, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
        assert again[0] == nets[0]
        assert "chart(" in codes(page)[again[1]]
        assert "measured(" in codes(page)[again[2]]
        assert len(again) == 3

    def test_text_takes_its_own_keys(self, demo):
        notebook = demo()
        page = notebook.page
        present(notebook)
        press(page)  # to a page with code
        before = where(page), page.evaluate(SOURCES)
        page.locator(".caddylab-seen.jp-CodeCell .cm-content").first.click()
        page.keyboard.type("n s")
        assert where(page) == before[0]
        assert page.evaluate(SOURCES) != before[1]
        page.keyboard.press("Escape")
        assert page.locator(PLACE).is_visible()
        press(page, "Space")
        assert where(page) != before[0]

    def test_the_speaker_has_the_notes_and_a_clock(self, demo):
        notebook = demo()
        present(notebook)
        with notebook.page.expect_popup() as opened:
            notebook.page.keyboard.press("s")
        window = opened.value
        window.get_by_text("A slow one tells you nothing.").wait_for()
        window.get_by_text(re.compile(r"\b\d\d:\d\d\b")).first.wait_for()
        window.keyboard.press("Space")
        rest(notebook.page)
        assert window.title() == "For the speaker"
        window.get_by_text("Think of a database query that got stuck.").wait_for()
        window.get_by_text("Next:").wait_for()
        window.keyboard.press("Space")
        rest(notebook.page)
        window.get_by_text("Backend 2 takes two seconds. Twelve users at once. (3 of").wait_for()
        assert notebook.strangers == []


def codes(page):
    kinds = "window.jupyterapp.shell.currentWidget.content.widgets.map((cell) => cell.model.type)"
    both = zip(page.evaluate(SOURCES), page.evaluate(kinds), strict=True)
    return [source for source, kind in both if kind == "code"]


@pytest.mark.browser
def test_other_notebooks_have_no_such_button(open_notebook):
    page = open_notebook(["1 + 1"]).page
    page.locator(".jp-NotebookPanel-toolbar").wait_for()
    assert page.locator(".caddylab-present").count() == 0
