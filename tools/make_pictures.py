"""Make the README's pictures of a hanging backend: docs/hang.png and docs/hang.gif.

Both show real traffic: the first is a JupyterLab with the live view, the second a replay,
photographed moment by moment. Needs the development tools, Chromium and Pillow.
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

from caddylab import Lab

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))
import browser_support as support  # noqa: E402

VIEW, NEXT = ".caddylab-view", "notebook:run-cell-and-select-next"
CELLS = [
    "from caddylab import Lab\n\nlab = Lab('process')\nlab.load('happy-path')",
    "lab.view()",
    "traffic = lab.fire(rate=12, duration=60, timeout=60, background=True)",
    "lab.backend(2).hung()",
    "traffic.stop()",
]
FRAME = 0.08  # seconds
QUIET = f"{VIEW} .bar, {VIEW} details {{ display: none !important }}"
DRAWN = "() => new Promise(done => requestAnimationFrame(() => setTimeout(done, 30)))"
SEEK = "(slider, share) => slider.oninput({ target: { value: 1000 * share } })"


def main() -> None:
    """Make both."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=path, args=support.CHROMIUM)
        still(browser, Path(folder))
        animation(browser, Path(folder))
        browser.close()


def still(browser: Any, folder: Path) -> None:
    """The notebook while backend 2 hangs."""
    server = support.JupyterLab(folder)
    try:
        server.wait()
        name = support._place(CELLS, server.folder)
        page = browser.new_page(viewport={"width": 1040, "height": 1200}, device_scale_factor=1.5)
        page.goto(f"{server.url}/doc/workspaces/picture/tree/{name}?token={server.token}")
        page.wait_for_function(support.READY, timeout=60_000)
        notebook = support.Notebook(page)
        for pause in (0, 3, 3, 9.4):
            notebook.command(NEXT)
            time.sleep(pause)
        first, last = (page.locator(".jp-CodeCell").nth(n).bounding_box() for n in (0, 4))
        clip = first | {"height": last["y"] - first["y"]}
        page.screenshot(path=ROOT / "docs/hang.png", clip=clip)
        notebook.command(NEXT)
    finally:
        server.close()


def traffic(folder: Path) -> Path:
    """Steady traffic, a hang and its end, as a page."""
    with Lab("process") as lab:
        lab.load("happy-path")
        run = lab.fire(rate=10, duration=8.2, timeout=30, background=True)
        time.sleep(2.2)
        with lab.backend(2).hung():
            time.sleep(4.6)
        return run.wait().replay().save(folder / "hang.html")


def animation(browser: Any, folder: Path) -> None:
    """The same as a moving picture."""
    page = browser.new_page(viewport={"width": 860, "height": 600})
    page.goto(traffic(folder).as_uri())
    page.add_style_tag(content=QUIET)
    page.locator(".play").dispatch_event("click")
    slider, view = page.locator("input"), page.locator(VIEW)
    length = float(page.locator(".clock").inner_text().split()[2])
    frames = []
    for n in range(int(min(length, 9.6) / FRAME)):
        slider.evaluate(SEEK, n * FRAME / length)
        page.evaluate(DRAWN)
        frames.append(Image.open(io.BytesIO(view.screenshot())).convert("RGB"))
    few = [frame.quantize(64, dither=Image.Dither.NONE) for frame in frames]
    few[0].save(
        ROOT / "docs/hang.gif", save_all=True, append_images=few[1:], optimize=True,
        duration=round(FRAME * 1000), loop=0,
    )  # fmt: skip


if __name__ == "__main__":
    main()
