"""The demos as slides: everything fits, moves and is told, and no other host is asked."""

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe

from caddylab._machine import shipped

pytest_plugins = ["browser_support"]

ROOT = Path(__file__).parents[1]
DEMO = shipped.course() / "demos" / "03-slow-service.ipynb"  # it has charts and a replay
READY = "window.Reveal?.isReady() && caddylabCharts.then(() => true)"
HEIGHT = 720  # of a slide, whatever the screen's
PLACE = "[Reveal.getIndices().h, Reveal.getIndices().v]"
SHOWN = "section.present > section.present"
IDLE = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"
SPILT = """() => {
    const slide = Reveal.getCurrentSlide(), zoom = Number(slide.style.zoom || 1);
    const edge = slide.getBoundingClientRect().right + 1;
    const cut = [...slide.querySelectorAll("svg, pre, table, .caddylab-view")]
        .filter((box) => box.getBoundingClientRect().right > edge);
    return [slide.scrollHeight * zoom, zoom, cut.length];
}"""


def make(*arguments):
    command = [sys.executable, ROOT / "tools" / "make_slides.py", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=200)


def cells(*kinds):
    found = nbformat.read(DEMO, as_version=4).cells
    return [cell for cell in found if cell.metadata["slideshow"]["slide_type"] in kinds]


@pytest.fixture(scope="module")
def slides(tmp_path_factory):
    """The slides of one demo, executed."""
    folder = tmp_path_factory.mktemp("slides") / "made"
    made = make("--only", "03", "--to", folder)
    assert made.returncode == 0, made.stderr
    return folder


@pytest.fixture
def deck(slides, open_page):
    """Call it to have the slides open in a window of that size, with every chart drawn."""

    def open_it(width=1280, height=720):
        seen = open_page((slides / f"{DEMO.stem}.html").as_uri(), width=width, height=height)
        seen.page.wait_for_function(READY)
        return seen

    return open_it


@pytest.mark.browser
@pytest.mark.timeout(240)
class TestInTheBrowser:
    @pytest.mark.parametrize("size", [(1280, 720), (1920, 1080)])
    def test_each_slide_fits_and_nobody_else_is_asked(self, deck, size):
        seen = deck(*size)
        for number in range(len(cells("slide", "subslide", "fragment"))):
            if number:
                seen.page.keyboard.press("Space")
            height, zoom, cut = seen.page.evaluate(SPILT)
            assert height <= HEIGHT, number
            assert zoom >= 0.7, number
            assert cut == 0, number
        assert seen.page.evaluate("Reveal.isLastSlide()")
        assert (seen.strangers, seen.complaints) == ([], [])

    def test_axe_finds_nothing_on_any_slide(self, deck):
        page = deck().page
        for number in range(len(cells("slide", "subslide", "fragment"))):
            if number:
                page.keyboard.press("Space")
            found = Axe().run(page).response["violations"]
            assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found] == [], number

    def test_charts_are_drawn_and_large(self, deck):
        page = deck().page
        charts = [cell for cell in cells("fragment") if "chart(" in cell.source]
        assert page.locator(".caddylab-chart svg.marks").count() == len(charts)
        sizes = page.evaluate(
            "[...document.querySelectorAll('.caddylab-chart svg.marks')]"
            ".map((svg) => Number(svg.getAttribute('width')))"
        )
        assert min(sizes) > 900

    def test_a_replay_plays_on_its_slide(self, deck):
        seen = deck()
        while not seen.page.locator(".present .caddylab-view").is_visible():
            go_on_to_the_next_slide(seen.page)
        clock = seen.page.locator(".caddylab-view .clock")
        before = clock.inner_text()
        seen.page.wait_for_function(
            "before => document.querySelector('.caddylab-view .clock').innerText !== before",
            arg=before,
        )
        seen.screenshot("slides-replay")

    def test_the_speaker_has_notes_in_a_window_of_their_own(self, deck):
        seen = deck()
        with seen.page.expect_popup() as opened:
            seen.page.keyboard.press("s")
        notes = opened.value
        told = notes.locator(".speaker-controls-notes")
        told.get_by_text("A slow one tells you nothing.").wait_for()
        go_on_to_the_next_slide(seen.page)
        told.get_by_text("Think of a database query that got stuck.").wait_for()
        assert seen.strangers == []

    def test_a_room_votes_and_its_vote_stays_beside_what_was_right(self, deck):
        seen = deck()
        page = seen.page
        options = page.locator(f"{SHOWN} [role=button]")
        voted = page.locator(f"{SHOWN} .voted")
        while not options.first.is_visible():
            go_on_to_the_next_slide(page)
        page.keyboard.press("b")
        assert voted.inner_text().startswith("B")
        options.first.click()
        assert voted.inner_text().startswith("A")
        while not page.locator(f"{SHOWN} .right").is_visible():
            page.keyboard.press("Space")
        assert voted.inner_text().startswith("A")
        assert voted.get_attribute("aria-pressed") == "true"
        seen.screenshot("slides-vote")
        assert page.evaluate("Reveal.isPaused()") is False

    def test_what_is_only_for_the_stage_is_left_out(self, deck):
        page = deck().page
        assert page.get_by_text("Traffic.load").count() == 0
        assert page.locator("aside.notes").count() == len(cells("notes"))


def go_on_to_the_next_slide(page):
    """By the keyboard, past the slide's fragments."""
    before = page.evaluate(PLACE)
    while page.evaluate(PLACE) == before:
        page.keyboard.press("Space")


@pytest.mark.browser
@pytest.mark.timeout(240)
def test_in_jupyterlab_one_key_is_enough_and_notes_stay_folded(open_notebook, jupyterlab):
    recordings = jupyterlab.folder / "recordings"
    shutil.copytree(DEMO.with_name("recordings"), recordings, dirs_exist_ok=True)
    notebook = open_notebook(DEMO, height=720)
    notebook.command("application:toggle-presentation-mode")
    charts = notebook.page.locator(".jp-OutputArea-output svg.marks")
    for _ in range(len(nbformat.read(DEMO, as_version=4).cells)):
        notebook.page.keyboard.press("Shift+Enter")
        notebook.page.wait_for_function(IDLE)
        if charts.count():
            break
    notebook.screenshot("demo-in-jupyterlab")
    assert charts.first.is_visible()
    assert notebook.page.get_by_text("For the speaker").count() > 1
    assert notebook.page.get_by_text("Expect:").count() == 0
    assert (notebook.strangers, notebook.complaints) == ([], [])


class TestPages:
    def test_the_index_leads_to_each(self, slides):
        index = (slides / "index.html").read_text("utf-8")
        assert f'<a href="{DEMO.stem}.html">3 · A slow service</a>' in index

    def test_a_demo_that_is_not_there(self, tmp_path):
        made = make("--only", "77", "--to", tmp_path / "slides")
        assert made.returncode == 1
        assert "There is no notebook 77" in made.stderr
