"""The course as pages: links that lead somewhere, pictures that live, and no other host."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from html_support import lost, make, read

import caddylab
from caddylab._machine import shipped

pytest_plugins = ["browser_support"]

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted(shipped.course().glob("*.ipynb"))
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def headings(notebook: Path) -> set[str]:
    """The anchors of a notebook, as JupyterLab makes them."""
    lines = [line for cell in markdown(notebook) for line in prose(cell.source).splitlines()]
    titles = [line.lstrip("#").strip() for line in lines if re.match(r"#{1,6} ", line)]
    return {re.sub(r"[`*]", "", LINK.sub("", title)).replace(" ", "-") for title in titles}


def markdown(notebook: Path):
    cells = nbformat.read(notebook, as_version=4).cells
    return [cell for cell in cells if cell.cell_type == "markdown"]


def every(pages):
    """All pages; those of the theme are none."""
    return sorted(path for path in pages.rglob("*.html") if "_static" not in path.parts)


def told(page):
    """What a page says of itself where somebody shares a link to it."""
    text = page.read_text("utf-8")
    return dict(re.findall(r'<meta (?:name|property)="(.+?)" content="(.+?)"', text))


def prose(text):
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


class TestNotebooks:
    def links(self):
        for path in NOTEBOOKS:
            for cell in markdown(path):
                for target in LINK.findall(prose(cell.source)):
                    if not urlsplit(target).scheme:
                        yield path, target

    def test_every_link_leads_to_a_heading(self):
        bad = []
        for path, target in self.links():
            name, _, anchor = unquote(target).partition("#")
            other = path.parent / name if name else path
            if not other.is_file() or (anchor and anchor not in headings(other)):
                bad.append(f"{path.stem}: {target}")
        assert bad == []

    def test_there_are_links_to_judge(self):
        targets = [target for _, target in self.links()]
        assert len(targets) > 100
        assert any(target.startswith("glossary.ipynb#") for target in targets)


@pytest.mark.timeout(240)
class TestPages:
    def test_every_notebook_has_one(self, pages):
        made = {path.stem for path in pages.glob("*.html")}
        assert {path.stem for path in NOTEBOOKS} | {"index"} <= made

    def test_and_so_have_the_labs_the_documents_and_every_public_name(self, pages):
        labs = {path.stem for path in ROOT.glob("labs/*/*.ipynb")}
        assert {path.stem for path in pages.glob("labs/*.html")} == labs
        for name in ("lint", "versions", "findings", "test", "own-site", "instructor-guide"):
            assert (pages / f"{name}.html").is_file(), name
        anchors = {anchor for path in pages.glob("api/*.html") for anchor in read(path).anchors}
        assert {f"caddylab.{name}" for name in caddylab.__all__} <= anchors

    def test_a_lab_asks_and_does_not_answer(self, pages):
        text = (pages / "labs" / "02-crash.html").read_text("utf-8")
        assert "YOUR LINES HERE" in text
        assert "lb_try_duration" not in text

    def test_every_link_leads_somewhere_on_this_disk(self, pages):
        assert [complaint for path in every(pages) for complaint in lost(read(path))] == []

    def test_a_page_is_light(self, pages):
        vega = (pages / "_static" / "vega.js").stat().st_size
        for path in every(pages):
            files = {path, *read(path).loaded()}
            assert sum(file.stat().st_size for file in files) + vega < 3_000_000, path.name

    def test_a_telephone_waits_for_little_before_it_can_show_something(self, pages):
        for path in every(pages):
            sheets = [file for file in read(path).loaded() if file.suffix == ".css"]
            assert sum(file.stat().st_size for file in sheets) < 180_000, path.name

    def test_a_link_to_a_page_has_a_title_a_sentence_and_a_picture(self, pages):
        said = told(pages / "labs" / "02-crash.html")
        assert said["og:title"] == "Lab 2 · A backend crashes"
        assert said["description"].startswith("You will practise hiding a crash")
        assert re.fullmatch(r"https://.+/_static/social\.png", said["og:image"])
        assert (pages / "_static" / "social.png").is_file()

    def test_and_so_has_every_other(self, pages):
        for path in every(pages):
            said, name = told(path), path.relative_to(pages).as_posix()
            assert {"og:title", "description", "og:image", "twitter:card"} <= set(said), name
            assert said["og:url"].endswith(f"/{name}")

    def test_vega_is_there_once(self, pages):
        having = [path for path in pages.rglob("*.*") if b"vegaEmbed=" in path.read_bytes()]
        assert having == [pages / "_static" / "vega.js"]

    def test_the_way_onward_leads_to_pages(self, pages):
        text = (pages / "00-start-here.html").read_text("utf-8").replace("'", '"')
        assert 'href="labs/02-crash.html">lab 2</a>' in text
        assert 'href="01-happy-path.html">1 · The happy path</a>' in text

    def test_outputs_are_there(self, pages):
        text = (pages / "99-summary.html").read_text("utf-8")
        assert "With this Caddyfile no user gets an error when a backend hangs." in text

    def test_a_caddyfile_in_a_cell_has_its_colours(self, pages):
        text = (pages / "99-summary.html").read_text("utf-8")
        assert '<span class="cp">%%caddyfile' in text


@pytest.mark.timeout(240)
@pytest.mark.browser
class TestInTheBrowser:
    @pytest.fixture
    def look(self, pages, open_page):
        def open_it(name, **size):
            return open_page((pages / f"{name}.html").as_uri(), **size)

        return open_it

    def test_no_page_complains_asks_a_stranger_or_is_too_wide_for_a_telephone(self, look, pages):
        seen = look("index", width=390)
        for path in every(pages):
            seen.page.goto(path.as_uri())
            wide = seen.page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
            assert (seen.strangers, seen.complaints, wide) == ([], [], 0), path.name

    @pytest.mark.parametrize("mode", ["light", "dark"])
    def test_nobody_is_shut_out(self, look, pages, mode):
        seen = look("index")
        # no colour is judged half-way
        seen.page.emulate_media(reduced_motion="reduce", color_scheme=mode)
        for name in ("index", "00-start-here", "99-summary", "labs/02-crash", "lint"):
            seen.page.goto((pages / f"{name}.html").as_uri())
            seen.page.locator(f"html[data-theme={mode}]").wait_for(state="attached")
            seen.page.evaluate(
                "() => document.querySelectorAll('details').forEach(d => d.open = 1)"
            )
            found = Axe().run(seen.page).response["violations"]
            assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found] == [], name

    def test_nothing_moves_for_whoever_wants_no_motion(self, look):
        seen = look("index")
        seen.page.emulate_media(reduced_motion="reduce")
        moving = seen.page.evaluate(
            "() => [...document.querySelectorAll('*')].filter(e => getComputedStyle(e)"
            ".transitionDuration.split(', ').some(s => parseFloat(s) > 0)).length"
        )
        assert moving == 0

    def test_the_front_page_plays_at_once(self, look):
        seen = look("index")
        view = seen.page.locator(".front .caddylab-view")
        seen.page.wait_for_function(
            "parseFloat(document.querySelector('.front .caddylab-view .clock').innerText) > 0.5"
        )
        view.get_by_role("button", name="Pause").dispatch_event("click")
        view.get_by_role("slider").fill("400")
        view.locator(".headline", has_text="Backend 2 hangs, but Caddy thinks").wait_for()

    def test_the_search_finds_a_word(self, look, pages):
        seen = look("labs/02-crash")
        seen.page.keyboard.press("Control+k")
        seen.page.keyboard.type("sinkhole")
        seen.page.keyboard.press("Enter")
        seen.page.locator("#search-results").get_by_role("link", name="Sinkhole").first.click()
        seen.page.wait_for_url(re.compile(r"glossary\.html"))
        assert (seen.strangers, seen.complaints) == ([], [])

    def test_a_chart_tells_the_story_of_a_request(self, look):
        seen = look("00-start-here")
        seen.page.get_by_label("all ten", exact=True).check()  # the chart waits for a choice
        mark = seen.page.locator(".caddylab-chart svg .mark-symbol path").first
        mark.wait_for()
        mark.hover()
        seen.page.locator("#vg-tooltip-element.visible").wait_for()
        seen.screenshot("html-00-start-here")

    def test_a_replay_plays(self, look):
        seen = look("99-summary")
        player = seen.page.locator(".caddylab-view")
        player.scroll_into_view_if_needed()
        clock = player.locator(".clock")
        before = clock.inner_text()
        seen.page.wait_for_function(
            "before => document.querySelector('.caddylab-view .clock').innerText !== before",
            arg=before,
        )
        seen.screenshot("html-99-summary")

    def test_what_needs_a_kernel_says_so(self, look):
        page = look("00-start-here").page
        asides = page.locator(".caddylab-live")
        assert asides.count() == 2
        assert "clients" in asides.nth(0).inner_text()
        assert "control panel of" in asides.nth(1).inner_text()
        assert all("This works in the notebook" in text for text in asides.all_inner_texts())

    def test_a_choice_opens_what_was_measured(self, look):
        page = look("00-start-here").page
        told = page.get_by_text("Caddy passed every second request on")
        measured = page.get_by_text("Measured: five.")
        told.wait_for(state="hidden")
        measured.wait_for(state="hidden")
        page.get_by_label("all ten", exact=True).focus()
        page.keyboard.press(" ")  # no mouse, no kernel
        told.wait_for()
        measured.wait_for()
        assert page.get_by_text("It came out differently").is_visible()
        assert not page.get_by_text("Show me anyway").is_visible()

    def test_a_link_to_a_word_opens_at_the_word(self, look):
        page = look("99-summary").page
        page.get_by_role("link", name="sinkhole").first.click()
        page.wait_for_url(re.compile(r"glossary\.html#"))
        heading = page.get_by_role("heading", name="Sinkhole")
        heading.wait_for()
        assert 0 <= heading.bounding_box()["y"] < 450


class TestWhatGoesWrong:
    @pytest.fixture
    def course(self, tmp_path):
        def write(*sources, kind=nbformat.v4.new_code_cell):
            title = nbformat.v4.new_markdown_cell("# A chapter")
            notebook = nbformat.v4.new_notebook(cells=[title, *map(kind, sources)])
            notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
            (tmp_path / "course").mkdir()
            nbformat.write(notebook, tmp_path / "course" / "00-start-here.ipynb")
            return tmp_path / "course"

        return write

    def test_a_cell_that_fails_leaves_the_old_pages(self, course, tmp_path):
        (tmp_path / "pages").mkdir()
        (tmp_path / "pages" / "index.html").write_text("old")
        made = make("--course", course("1 / 0"), "--to", tmp_path / "pages")
        assert made.returncode == 1
        assert "00-start-here did not run to its end" in made.stderr
        assert "ZeroDivisionError" in made.stderr
        assert (tmp_path / "pages" / "index.html").read_text() == "old"

    def test_a_link_that_leads_nowhere(self, course, tmp_path):
        text = "See [there](02-nowhere.ipynb#Nothing)."
        folder = course(text, kind=nbformat.v4.new_markdown_cell)
        made = make("--course", folder, "--to", tmp_path / "pages")
        assert made.returncode == 1
        assert "02-nowhere.ipynb" in made.stderr
        assert not (tmp_path / "pages").exists()

    def test_a_folder_of_something_else_is_left_alone(self, course, tmp_path):
        folder = course("Text.", kind=nbformat.v4.new_markdown_cell)
        made = make("--course", folder, "--to", folder)
        assert made.returncode == 1
        assert "holds something else" in made.stderr
        assert (folder / "00-start-here.ipynb").exists()
