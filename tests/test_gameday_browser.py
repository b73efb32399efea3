"""A game as a learner sees it in JupyterLab: its monitor lives, and its end is a picture."""

from __future__ import annotations

import pytest

pytest_plugins = ["browser_support"]
pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

CADDYFILE = """%%caddyfile
:80 {
	reverse_proxy backend1:8080 backend3:8080 {
		lb_policy cookie
	}
}"""
CELLS = [
    "from caddylab import GameDay\ngame = GameDay(7, minutes=0.2, runtime='process')",
    "game.start()\ngame.monitor()",
    "game.lab.wait_until(lambda: game.struck, 20, 'all is well')\n"
    "game.note('backend 2 comes and goes')",
    CADDYFILE,
    "game.wait()",
    "game.report()",
    "game.lab.restore()",
    "game.close()",
]


def test_a_game_is_followed_live_and_told_at_its_end(open_notebook):
    notebook = open_notebook(CELLS, height=1700)
    for _ in CELLS:
        notebook.command("notebook:run-cell-and-select-next")
    cell = notebook.page.locator(".jp-CodeCell")
    report, refusal = cell.nth(5), cell.nth(6)
    report.locator("svg.marks").wait_for()
    refusal.get_by_text("undo button").wait_for()
    notebook.screenshot("game-day")
    monitor = cell.nth(1).inner_text()
    assert "12 of 12 s" in monitor
    assert "error budget left" in monitor
    text = report.inner_text()
    for part in (
        "flapping",
        "points",
        "you noted: backend 2 comes and goes",
        "Mended",
        "What helps",
    ):
        assert part in text
    assert "Traceback" not in refusal.inner_text()
    assert (notebook.strangers, notebook.complaints) == ([], [])


BOTH = [".jp-Notebook .caddylab-still table", "#jp-right-stack .caddylab-view canvas"]
IN_SIGHT = """both => both.every((which) => {
    const box = document.querySelector(which)?.getBoundingClientRect();
    return box?.height && box.top >= 0 && box.bottom <= innerHeight && box.right <= innerWidth;
})"""
LATER = ["game.lab.caddyfile", "game.lab.upstreams()", "game.close()"]


def test_monitor_and_live_view_are_in_sight_together(open_notebook):
    """And further down a line stands under each cell, while the view stays where it is."""
    begin = "from caddylab import GameDay\ngame = GameDay(7, minutes=5, runtime='process')"
    watch = "game.start()\ndisplay(game.lab.view(dock=True), game.monitor())"
    notebook = open_notebook([begin, watch, *LATER], width=1280, height=720)
    page = notebook.page
    for _ in range(2):
        notebook.command("notebook:run-cell-and-select-next")
    page.locator(BOTH[1]).first.wait_for()
    notebook.screenshot("game-docked")
    page.wait_for_function(IN_SIGHT, arg=BOTH)
    for _ in range(2):
        notebook.command("notebook:run-cell-and-select-next")
    page.get_by_text("of the error budget left").nth(2).wait_for()
    assert page.locator("#jp-right-stack .caddylab-view").is_visible()
    notebook.command("notebook:run-cell-and-select-next")
    assert (notebook.strangers, notebook.complaints) == ([], [])
