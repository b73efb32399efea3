"""The charts in a real JupyterLab, in a Chromium that can reach no other host."""

from __future__ import annotations

from pathlib import Path

import chart_scenes
import pytest

from caddylab import _charts

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
pytest_plugins = ["browser_support"]

SETUP = f"""
import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})
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
CHARTS = ".jp-OutputArea-output .vega-embed svg.marks"
TITLE = f"{CHARTS} .role-title-text text"
INK = "text => getComputedStyle(text).fill"
LONGEST = """() => {
    window.longest = 0;
    const note = list => list.getEntries().forEach(
        entry => { window.longest = Math.max(window.longest, entry.duration) });
    new PerformanceObserver(note).observe({type: 'longtask'});
}"""


def brightness(ink: str) -> float:
    """0 for black, 1 for white, of "rgb(r, g, b)" or "rgba(r, g, b, a)"."""
    red, green, blue = (float(part) for part in ink[ink.index("(") + 1 : -1].split(",")[:3])
    return (red + green + blue) / 3 / 255


@pytest.fixture
def drawn(open_notebook):
    """A notebook with the three charts of a scene, run to its end."""

    def draw(scene: str):
        notebook = open_notebook([SETUP, DRAW.format(scene=scene)], height=1700)
        notebook.page.evaluate(LONGEST)
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


def test_a_hundred_thousand_requests_do_not_freeze_the_browser(drawn):
    notebook = drawn("large")
    assert notebook.page.locator(f"{CHARTS} *").count() < 10_000
    assert notebook.page.evaluate("window.longest") < 2000  # ms
    notebook.theme("JupyterLab Light")
    notebook.screenshot("charts-large")


def test_a_saved_page_is_live_without_a_network(open_page, tmp_path):
    scene = chart_scenes.happy()
    page = tmp_path / "chart.html"
    _charts.routing(scene.requests, scene.attempts, scene.spans).save(page)
    opened = open_page(page.as_uri())
    opened.page.locator(".vega-embed .marks").wait_for()
    assert opened.strangers == []
    assert opened.complaints == []
