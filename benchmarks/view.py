"""What the live view costs: frames in the browser, and the kernel's processor time."""

from __future__ import annotations

import json
import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks._row import Row

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

VIEW, NEXT = ".caddylab-view", "notebook:run-cell-and-select-next"
RATE, SECONDS, ROUNDS = 200, 5, 3
SETUP = f"""
import json, time, psutil
from caddylab import Lab
lab = Lab("process")
lab.load("happy-path")

def share():
    "The kernel's share of a core while it sends."
    process = psutil.Process()
    began, before = time.perf_counter(), process.cpu_times()
    lab.fire(rate={RATE}, duration={SECONDS})
    used = process.cpu_times()
    passed = time.perf_counter() - began
    return (used.user + used.system - before.user - before.system) / passed
"""
ALONE = "lab.stack.feed.unwatch(view._deliver)\nalone = share()"
SEEN = "lab.stack.feed.watch(view._deliver)\nprint(json.dumps([alone, share()]))"
EMPTY = """milliseconds => new Promise(done => {
    const began = performance.now();
    let frames = 0;
    const count = () => performance.now() - began < milliseconds
        ? (frames++, requestAnimationFrame(count)) : done(frames * 1000 / milliseconds);
    requestAnimationFrame(count);
})"""
DRAWN = """async milliseconds => {
    const data = document.querySelector('.caddylab-view').dataset;
    const began = performance.now(), before = +data.frames;
    await new Promise(done => setTimeout(done, milliseconds));
    return (data.frames - before) * 1000 / (performance.now() - began);
}"""


def run() -> list[Row]:
    """One notebook in a real JupyterLab and Chromium; medians."""
    import browser_support as support
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = support.JupyterLab(Path(folder))
        browser = playwright.chromium.launch(executable_path=chromium, args=support.CHROMIUM)
        try:
            server.wait()
            rounds = _measure(server, browser, support)
        finally:
            browser.close()
            server.close()
    return [_frames(rounds), _kernel(rounds)]


def _measure(server: Any, browser: Any, support: Any) -> list[list[float]]:
    """By round: frames per second of an empty loop and of the view, the kernel without and with it.

    The empty loop runs during the same traffic, without a view.
    """
    blank = browser.new_page()
    cells = [SETUP, "view = lab.view()\nview", *[ALONE, SEEN] * ROUNDS]
    name = support._place(cells, server.folder)
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.goto(f"{server.url}/doc/workspaces/bench/tree/{name}?token={server.token}")
    page.wait_for_function(support.READY, timeout=60_000)
    notebook = support.Notebook(page)
    for _ in range(2):
        notebook.command(NEXT)
    rounds = []
    for _ in range(ROUNDS):
        frames = [_during(page, blank, EMPTY), _during(page, page, DRAWN)]
        printed = page.locator(".jp-OutputArea-output pre").last.inner_text()
        rounds.append([*frames, *json.loads(printed)])
    return rounds


def _during(page: Any, where: Any, script: str) -> float:
    """What a script measures in a page while the next cell sends traffic."""
    page.evaluate("next => { window.done = window.jupyterapp.commands.execute(next); }", NEXT)
    page.locator(VIEW).scroll_into_view_if_needed()
    page.wait_for_timeout(1000)
    rate = where.evaluate(script, 2500)
    page.evaluate("() => window.done.then(() => 1)")
    return float(rate)


def _frames(rounds: list[list[float]]) -> Row:
    empty, drawn = (statistics.median(one[k] for one in rounds) for k in (0, 1))
    ratio = statistics.median(drawn / empty for empty, drawn, *_ in rounds)
    return Row(
        f"live view at {RATE} requests/s: frames drawn / an empty loop in the same browser",
        f"{drawn:.0f}/s", f"{empty:.0f}/s", ratio, "≥ 0.9", ratio >= 0.9,
    )  # fmt: skip


def _kernel(rounds: list[list[float]]) -> Row:
    alone, seen = (statistics.median(one[k] for one in rounds) for k in (2, 3))
    more = statistics.median(one[3] - one[2] for one in rounds)
    return Row(
        f"kernel at {RATE} requests/s, watched / not watched (more: {more:.1%} of a core)",
        f"{seen:.1%} of a core", f"{alone:.1%}", seen / alone, "more ≤ 10 %", more <= 0.10,
    )  # fmt: skip
