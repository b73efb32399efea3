"""Make the pictures of a hanging backend for the README, the site and links to the site.

docs/hang.png (`still`) shows a chapter in JupyterLab, with the live view beside it.
docs/hang.json.gz (`run`) is a run that the site's front page plays; docs/hang.gif (`animation`) is
its replay, captured frame by frame, and docs/social.png (`social`) is one of these frames. Makes
all of them, or those that are named. Needs the development tools, Chromium and Pillow.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from caddylab import Lab, Traffic
from caddylab._cli import jupyterlab, notebooks
from caddylab._look.palette import ERROR

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))
import browser_support as support  # noqa: E402

VIEW, NEXT = ".caddylab-view", "notebook:run-cell-and-select-next"
SCREEN = {"width": 1440, "height": 900}
CHAPTER = "course/02-crash.ipynb"
DOCKS = 7  # the number of the cell that docks the view; the next one hangs
ANSWER = "four"
HANGS = f"""() => {{
    const {{ states, inside }} = document.querySelector('{VIEW}').dataset;
    return states === 'up,hung' && inside.endsWith(',4');
}}"""
STAND = "n => { jupyterapp.shell.currentWidget.content.activeCellIndex = n; }"
# `command` would wait for its end.
BEGIN = "() => { jupyterapp.commands.execute('notebook:run-cell'); }"
TO_THE_TOP = "n => jupyterapp.shell.currentWidget.content.widgets[n].node.scrollIntoView()"
FRAME = 0.08  # seconds
QUIET = f"{VIEW} .bar, {VIEW} details {{ display: none !important }}"
CARD = (
    QUIET
    + """
.legend { display: none !important }
body { margin: 0 !important; max-width: none !important; padding: 22px 60px !important }
h1 { font-size: 56px; margin: 0 }
.caddylab-view { border: 0 !important; padding: 0 !important }
"""
)
TITLE = "main => main.insertAdjacentHTML('afterbegin', '<h1>Break the Balancer</h1>')"
DRAWN = "() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 30)))"
RUN = ROOT / "docs/hang.json.gz"
SEEK = "(slider, share) => slider.oninput({ target: { value: 1000 * share } })"


def main(*names: str) -> None:
    """Make these pictures, or all of them."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=path, args=support.CHROMIUM)
        for make in (still, run, animation, social):
            if not names or make.__name__ in names:
                make(browser, Path(folder))
        browser.close()


def still(browser: Any, folder: Path) -> None:
    """Chapter 2 as a learner has it, while backend 2 hangs."""
    os.environ |= {"JUPYTER_CONFIG_PATH": str(jupyterlab.SETTINGS), "CADDYLAB_RUNTIME": "process"}
    server = support.JupyterLab(folder)
    try:
        notebooks.copy_to(server.folder)
        server.wait()
        page = browser.new_page(viewport=SCREEN, device_scale_factor=1.5)
        page.goto(f"{server.url}/lab/tree/{CHAPTER}?token={server.token}")
        page.wait_for_function(support.READY, timeout=60_000)
        _watch(support.Notebook(page))
        while not _taken(page):
            pass
    finally:
        server.close()


def _watch(notebook: support.Notebook) -> None:
    """Run the chapter up to its first hang."""
    page = notebook.page
    notebook.command("application:toggle-left-area")
    for _ in range(DOCKS):
        notebook.command(NEXT)
    page.get_by_label(ANSWER, exact=True).check()
    page.evaluate(STAND, DOCKS)
    notebook.command(NEXT)
    page.locator(VIEW).wait_for()


def _taken(page: Any) -> bool:
    """Let it hang, which takes a second; whether the picture was taken in time."""
    page.evaluate(STAND, DOCKS + 1)
    page.evaluate(BEGIN)
    page.wait_for_function(HANGS)
    page.evaluate(TO_THE_TOP, DOCKS - 3)
    page.wait_for_timeout(600)  # until the dots have arrived
    page.screenshot(path=ROOT / "docs/hang.png")
    in_time = page.evaluate(HANGS)
    page.wait_for_function(support.READY)
    return bool(in_time)


def run(*_: Any) -> None:
    """Steady traffic, a hang and its end."""
    with Lab("process") as lab:
        lab.load("happy-path")
        run = lab.fire(rate=10, duration=8.2, timeout=30, background=True)
        time.sleep(2.2)
        with lab.backend(2).hung():
            time.sleep(4.6)
        run.wait().save(RUN)


def social(browser: Any, folder: Path) -> None:
    """A moment of the replay, in the size of a link's preview."""
    page = browser.new_page(viewport={"width": 1200, "height": 630})
    page.goto(Traffic.load(RUN).replay(projector=True).save(folder / "social.html").as_uri())
    page.add_style_tag(content=CARD)
    page.locator("main").evaluate(TITLE)
    page.locator(".play").dispatch_event("click")
    length = float(page.locator(".clock").inner_text().split()[2])
    page.locator("input").evaluate(SEEK, 6.2 / length)
    page.evaluate(DRAWN)
    page.wait_for_timeout(300)
    page.screenshot(path=ROOT / "docs/social.png")


def animation(browser: Any, folder: Path) -> None:
    """The run as an animation."""
    page = browser.new_page(viewport={"width": 860, "height": 600})
    page.goto(Traffic.load(RUN).replay().save(folder / "hang.html").as_uri())
    page.add_style_tag(content=QUIET)
    page.locator(".play").dispatch_event("click")
    slider, view = page.locator("input"), page.locator(VIEW)
    length = float(page.locator(".clock").inner_text().split()[2])
    frames = []
    for n in range(int(min(length, 9.6) / FRAME)):
        slider.evaluate(SEEK, n * FRAME / length)
        page.evaluate(DRAWN)
        frames.append(Image.open(io.BytesIO(view.screenshot())).convert("RGB"))
    palette = _palette(frames)
    few = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    few[0].save(
        ROOT / "docs/hang.gif", save_all=True, append_images=few[1:], optimize=True,
        duration=round(FRAME * 1000), loop=0,
    )  # fmt: skip


def _palette(frames: list[Any]) -> Any:
    """64 colours for all frames, always with that of failures, however few pixels these have."""
    width, height = frames[0].size
    some = frames[:: max(1, len(frames) // 4)]
    sheet = Image.new("RGB", (width, height * (len(some) + 1)), ERROR)
    for n, frame in enumerate(some):
        sheet.paste(frame, (0, n * height))
    palette = sheet.quantize(64)
    colours = palette.getpalette() or []
    # Paper is white, and not nearly so.
    for n in range(0, len(colours), 3):
        if min(colours[n : n + 3]) > 248:
            colours[n : n + 3] = [255, 255, 255]
    palette.putpalette(colours)
    return palette


if __name__ == "__main__":
    main(*sys.argv[1:])
