"""The live view beside the notebook: it stays in sight, and is readable when it is narrow."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]
pytest_plugins = ["browser_support"]

VIEW = ".caddylab-view"
NEXT = "notebook:run-cell-and-select-next"
SETUP = "from caddylab import Lab\nlab = Lab('process')\nlab.load('happy-path')"
IN_SIGHT = """() => {
    const box = document.querySelector('.caddylab-view')?.getBoundingClientRect();
    return box && box.top >= 0 && box.left > innerWidth / 3 && box.width >= 300;
}"""


def test_it_stays_in_sight_and_there_is_one(open_notebook):
    cells = [SETUP, "lab.view(dock=True)", "t = lab.fire(8)", "lab.view(dock=True)", "lab.fire(4)"]
    notebook = open_notebook(cells)
    page = notebook.page
    for _ in range(3):
        notebook.command(NEXT)
    page.wait_for_function(IN_SIGHT)
    page.wait_for_function(f"() => document.querySelector('{VIEW}').dataset.over === '8'")
    notebook.screenshot("dock")
    [tab] = page.locator(".jp-SideBar.jp-mod-right .lm-TabBar-tab.lm-mod-current").all()
    name, _, live = tab.inner_text().partition(", ")
    assert (f"{name}.ipynb" in page.url, live) == (True, "live")
    for _ in range(2):
        notebook.command(NEXT)
    page.wait_for_function(f"() => document.querySelector('{VIEW}')?.dataset.over === '4'")
    assert page.locator(VIEW).count() == 1
    assert page.evaluate(IN_SIGHT)
    said = page.locator(".jp-OutputArea-output pre").all_inner_texts()
    assert sum("live view beside the notebook" in text for text in said) == 2
    assert notebook.complaints == []


SHOWS = """over => [...document.querySelectorAll('.caddylab-view')]
    .filter(view => view.checkVisibility()).map(view => view.dataset.over).join() === over"""
FRONT = """path => {
    const all = [...jupyterapp.shell.widgets('main')];
    jupyterapp.shell.activateById(all.find(one => one.context?.path === path).id);
}"""
RESTART = "() => jupyterapp.shell.currentWidget.sessionContext.restartKernel()"
IN_NOTEBOOK = "() => jupyterapp.shell.currentWidget.node.contains(document.activeElement)"
TABS = ".jp-SideBar.jp-mod-right .lm-TabBar-tab"
WHOSE = "[data-caddylab-whose]:visible"


def test_it_follows_the_notebook_in_front(open_notebook, jupyterlab):
    """Two notebooks, each with a lab of its own; what is docked goes with the one in front."""
    first = [SETUP, "lab.view(dock=True)", "t = lab.fire(8)"]
    notebook = open_notebook(first, app="lab", width=1440)
    page, one = notebook.page, notebook.path
    notebook.run_all()
    page.wait_for_function(SHOWS, arg="8")

    other = jupyterlab.place([SETUP, "lab.view(dock=True)", "t = lab.fire(4)"])
    notebook.open(other)
    assert page.locator(WHOSE).get_attribute("data-caddylab-whose") == says(one)
    notebook.run_all()
    page.wait_for_function(SHOWS, arg="4")
    page.evaluate(FRONT, one)
    page.wait_for_function(SHOWS, arg="8")
    page.wait_for_function(IN_NOTEBOOK)
    assert page.locator(WHOSE).count() == 0
    notebook.screenshot("dock-follows")

    page.reload()
    notebook.until_open(one)
    page.wait_for_function(SHOWS, arg="8")
    page.evaluate(FRONT, other)
    page.wait_for_function(SHOWS, arg="4")
    it_opens_nothing_and_ends_with_its_notebook(notebook, one, other)


def it_opens_nothing_and_ends_with_its_notebook(notebook, one, other):
    page = notebook.page
    notebook.command("application:toggle-right-area")
    page.evaluate(FRONT, one)
    notebook.until_open(one)
    assert page.evaluate(SHOWS, "")
    notebook.command("application:toggle-right-area")
    page.wait_for_function(SHOWS, arg="8")

    page.evaluate(RESTART)
    page.locator(TABS, has_text=f"{stem(one)}, ended").wait_for()
    page.locator(TABS, has_text=f"{stem(other)}, live").wait_for()
    notebook.run_all()
    page.locator(TABS, has_text=f"{stem(one)}, live").wait_for()
    page.locator(TABS, has_text=f"{stem(one)}, ended").wait_for(state="detached")
    notebook.command("docmanager:save")
    notebook.command("application:close")
    page.locator(TABS, has_text=stem(one)).wait_for(state="detached")
    page.wait_for_function(SHOWS, arg="4")  # the notebook behind it has come to the front
    # JupyterLab's debugger has something to say about a page that is loaded anew.
    assert [said for said in notebook.complaints if "caddylab" in said] == []


def says(path: str) -> str:
    return f"This is the live view of {stem(path)}."


def stem(path: str) -> str:
    return path.removesuffix(".ipynb")


BOXES = """async ([width, backends]) => {
    const { Layout } = await import('/layout.js');
    const canvas = () => document.createElement('canvas');
    const scene = { marks: Array(backends).fill(['#000', 'M0,0']), cross: '', sheet: '' };
    const layout = new Layout(scene, canvas(), canvas());
    const height = layout.resize(width, 1);
    const { caddy, card, client, row } = layout;
    const cards = Array.from({ length: backends }, (_, i) =>
        [card.x, layout.rowOf(i + 1) - row / 2 + 5, card.w, row - 10]);
    const ways = Array.from({ length: backends }, (_, i) =>
        Array.from({ length: 21 }, (_, k) => layout.way(i + 1, k / 20, 0, 1, 0)));
    return { width, height, ways,
        boxes: [[caddy.x - caddy.w / 2, caddy.y - caddy.h / 2, caddy.w, caddy.h], ...cards],
        clients: [0, 7].map((k) => layout.clientAt(k, 8)) };
}"""


@pytest.fixture
def laid_out(modules):
    return lambda *sizes: modules.evaluate(BOXES, sizes)


@pytest.mark.parametrize("width", [320, 350, 400, 559, 560, 700, 1000])
@pytest.mark.parametrize("backends", [1, 2, 5, 16])
def test_nothing_covers_anything_at_any_width(laid_out, width, backends):
    picture = laid_out(width, backends)
    boxes = picture["boxes"]
    for left, top, wide, high in boxes:
        assert left >= 0
        assert left + wide <= width
        assert top >= 0
        assert top + high <= picture["height"]
    for i, one in enumerate(boxes):
        for other in boxes[i + 1 :]:
            assert apart(one, other), (one, other)
    for client in picture["clients"]:
        assert all(apart((client[0] - 9, client[1] - 12, 18, 21), box) for box in boxes)


@pytest.mark.parametrize("width", [350, 1000])
def test_a_way_ends_at_its_backend_and_crosses_no_other(laid_out, width):
    picture = laid_out(width, 5)
    for number, way in enumerate(picture["ways"]):
        cards = picture["boxes"][1:]
        left, top, _, high = cards[number]
        assert way[-1] == pytest.approx([left, top + high / 2])
        for x, y in way[:-1]:
            assert 0 <= x <= width
            assert all(apart((x, y, 0, 0), box) for box in cards)


def apart(one, other) -> bool:
    """Whether two boxes (left, top, width, height) have no point in common."""
    return (
        one[0] + one[2] <= other[0] or other[0] + other[2] <= one[0]
        or one[1] + one[3] <= other[1] or other[1] + other[3] <= one[1]
    )  # fmt: skip
