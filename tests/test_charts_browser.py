"""The charts in a real JupyterLab, in a Chromium that can reach no other host."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import chart_scenes
import pytest

from caddylab import _charts
from caddylab._machine.waiting import poll

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
pytest_plugins = ["browser_support"]

SETUP = f"""
import sys; sys.path.insert(0, {str(Path(__file__).parent / "support")!r})
import chart_scenes
from caddylab import _charts
from IPython.display import display
"""
DRAW = """
scene = chart_scenes.{scene}()
display(_charts.routing(scene.requests, scene.attempts, scene.spans))
display(_charts.shares(scene.requests, {{1: 1, 2: 1}}))
display(_charts.latency(scene.requests, scene.spans))
"""
OTHERS = """
def show(kind, scene):
    display(_charts.draw(kind, scene.requests, scene.attempts, scene.spans))
show("timeline", chart_scenes.hung())
show("percentiles", chart_scenes.slow())
show("percentiles", chart_scenes.hung())
show("sticky", chart_scenes.sticky())
show("in flight", chart_scenes.crowded())
sides = [_charts.Side(name, scene.requests, scene.spans) for name, scene in (
    ("first", chart_scenes.hung()), ("second", chart_scenes.slow()))]
display(_charts.compare(*sides))
"""
FIRE = """
from caddylab import Lab
lab = Lab(runtime="process")
lab.load("happy-path")
lab.fire(20).chart("in flight")  # imports what draws
"""
LIVE = """
import threading, time
from pathlib import Path
traffic = lab.fire(rate=200, duration=60, timeout=1, background=True)
threading.Timer(3, lab.backend(2).hung).start()
used, began = time.process_time(), time.monotonic()
traffic.chart("in flight", live=True)
"""
END = """
while not traffic.done and not Path({enough!r}).exists(): time.sleep(0.1)
traffic.stop()
cost = (time.process_time() - used) / (time.monotonic() - began)
def live(): return [each for each in threading.enumerate() if each.name == "caddylab-live"]
for each in live(): each.join(20)
lab.close()
print(f"cost {{cost:.2f}}, left {{live()}}")
"""
WATCH = """() => {
    window.seen = {frames: 0, blank: 0, shrunk: 0, pictures: new Set()};
    let tallest = 0;
    const look = () => {
        const frame = document.querySelector('.caddylab-live');
        if (frame) {
            const svg = frame.querySelector('svg'), height = frame.offsetHeight;
            seen.frames += 1;
            seen.blank += !svg || !svg.querySelector('.mark-text') || height < 50;
            seen.shrunk += height < tallest;
            tallest = Math.max(tallest, height);
            seen.pictures.add(svg);
        }
        requestAnimationFrame(look);
    };
    look();
}"""
SEEN = "({...seen, pictures: seen.pictures.size})"
CHARTS = ".jp-OutputArea-output .vega-embed svg.marks"
TITLE = f"{CHARTS} .role-title-text text"
INK = "text => getComputedStyle(text).fill"


def brightness(ink: str) -> float:
    """0 for black, 1 for white, of "rgb(r, g, b)" or "rgba(r, g, b, a)"."""
    red, green, blue = (float(part) for part in ink[ink.index("(") + 1 : -1].split(",")[:3])
    return (red + green + blue) / 3 / 255


@pytest.fixture
def drawn(open_notebook):
    """A notebook with the three charts of a scene, run to its end."""

    def draw(scene: str):
        notebook = open_notebook([SETUP, DRAW.format(scene=scene)], height=1700)
        notebook.run_all()
        notebook.page.locator(CHARTS).nth(2).wait_for()
        return notebook

    return draw


def test_charts_are_legible_and_live_in_both_themes_without_a_network(drawn):
    notebook = drawn("hung")
    charts = notebook.page.locator(CHARTS)
    title = notebook.page.locator(TITLE).first
    assert charts.count() == 3
    assert title.text_content() == "Backend 2 hung: 25 of 80 requests failed (timeout)"

    for theme, dark in (("JupyterLab Light", False), ("JupyterLab Dark", True)):
        notebook.theme(theme)
        assert (brightness(title.evaluate(INK)) > 0.5) is dark
        notebook.screenshot(f"charts-{'dark' if dark else 'light'}")

    charts.first.locator(".mark-symbol path").first.hover(force=True)
    told = notebook.page.locator("#vg-tooltip-element.visible")
    told.wait_for()
    assert "GET /test-api" in told.inner_text()
    assert notebook.strangers == []
    assert notebook.complaints == []


def test_every_other_picture_is_legible_in_both_themes(open_notebook):
    notebook = open_notebook([SETUP, OTHERS], height=3900)
    notebook.run_all()
    notebook.page.locator(CHARTS).nth(5).wait_for()
    for theme, dark in (("JupyterLab Light", False), ("JupyterLab Dark", True)):
        notebook.theme(theme)
        for title in notebook.page.locator(TITLE).all():
            assert (brightness(title.evaluate(INK)) > 0.5) is dark
        notebook.screenshot(f"charts-more-{'dark' if dark else 'light'}")
    assert notebook.strangers == []
    assert notebook.complaints == []


NARROW = """() => [...document.querySelectorAll('.caddylab-fitting')].map(frame => ({
    room: frame.clientWidth,
    taken: frame.scrollWidth,
    letters: parseFloat(frame.querySelector('.role-axis-label text').getAttribute('font-size')),
    title: [...frame.querySelectorAll('.role-title-text text tspan, .role-title-text text')]
        .map(line => line.getBoundingClientRect().right - frame.getBoundingClientRect().right),
}))"""


def fits(notebook) -> bool:
    """Whether every picture ends within the notebook, in letters of full size."""
    pictures = notebook.page.evaluate(NARROW)
    whole = [p["taken"] <= p["room"] and max(p["title"]) <= 0 for p in pictures]
    return len(whole) >= 9 and all(whole) and min(p["letters"] for p in pictures) >= 13


def test_a_chart_is_cut_at_no_width_of_the_notebook(open_notebook):
    notebook = open_notebook([SETUP, DRAW.format(scene="hung"), OTHERS], height=1200)
    notebook.run_all()
    for width in (1280, 760, 1440):
        notebook.page.set_viewport_size({"width": width, "height": 1200})
        assert poll(lambda: fits(notebook), 30), notebook.page.evaluate(NARROW)
    assert notebook.complaints == []


VISITS = """from caddylab import Clients, Lab
lab = Lab("process")
lab.load(":80 {\\n\\treverse_proxy backend1:8080 backend2:8080\\n}")
visits = lab.fire(240, clients=Clients(20))
lab.close()
visits.chart("sticky")"""
WHOLE = """() => [...document.querySelectorAll('.caddylab-fitting')]
    .every(frame => frame.querySelector('svg.marks') && frame.scrollWidth <= frame.clientWidth)"""
CELLS = """() => Math.min(...[...document.querySelectorAll('.mark-rect path')]
    .map(cell => cell.getBoundingClientRect().width).filter(width => width > 0))"""


def test_the_cells_of_a_narrow_matrix_keep_their_width(open_notebook):
    notebook = open_notebook([VISITS], height=900)
    page = notebook.page
    notebook.run_all()
    for width in (1280, 620):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(WHOLE)
        assert page.evaluate(CELLS) > 20
    notebook.screenshot("charts-matrix-narrow")
    assert notebook.complaints == []


def test_a_hundred_thousand_requests_do_not_freeze_the_browser(drawn):
    notebook = drawn("large")
    assert notebook.page.locator(f"{CHARTS} *").count() < 10_000
    notebook.theme("JupyterLab Light")
    notebook.screenshot("charts-large")


@pytest.mark.parametrize("kind", ["timeline", "pair"])
def test_a_saved_page_is_live_without_a_network(kind, open_page, tmp_path):
    scene, page = chart_scenes.happy(), tmp_path / "chart.html"
    side = _charts.Side("first", scene.requests, scene.spans)
    if kind == "pair":
        chart = _charts.compare(side, replace(side, name="second"))
    else:
        chart = _charts.draw(kind, scene.requests, scene.attempts, scene.spans)
    chart.save(str(page))
    opened = open_page(page.as_uri())
    opened.page.locator(".vega-embed .marks").wait_for()
    assert opened.strangers == []
    assert opened.complaints == []


def test_a_live_picture_never_flickers_and_ends_as_the_usual_one(open_notebook, tmp_path):
    enough = tmp_path / "enough"
    notebook = open_notebook([FIRE, LIVE, END.format(enough=str(enough))], height=1100)
    notebook.page.evaluate(WATCH)
    notebook.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells') }")
    notebook.page.wait_for_function("window.seen.pictures.size > 3")
    notebook.screenshot("charts-moving-light")
    enough.touch()
    notebook.page.locator(CHARTS).nth(1).wait_for()
    seen = notebook.page.evaluate(SEEN)
    assert (seen["blank"], seen["shrunk"]) == (0, 0)
    assert notebook.page.locator(".caddylab-live").count() == 0
    told = notebook.page.get_by_text("left []")
    told.wait_for()
    print(seen, told.inner_text())
    assert notebook.strangers == []
    assert notebook.complaints == []
