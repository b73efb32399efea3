"""Open the course like a learner and work in it, for tests: watched_session.py FOLDER.

It runs in the network of watched_network.py, with a home of its own.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import browser_support as support
from playwright.sync_api import Page, sync_playwright

ADDRESS = re.compile(r"(http://127\.0\.0\.1:\d+)/lab\S*(\?token=\w+)")
CELLS = [
    "from caddylab import Lab\nlab = Lab('process')\nlab.load('happy-path')",
    "lab.panel()",
    "lab.view()",
    "run = lab.fire(16)\nrun.chart()",
    "run.replay()",
    "lab.close()",
]
QUESTIONS = ("extensions?query=balancer", "extensions?refresh=1", "update", "news")
"""What JupyterLab's pages request from its server, some only when a list is opened."""
ASK = "path => fetch(`/lab/api/${path}`).then(answer => answer.status)"


def main(folder: Path) -> None:
    """Run a notebook in JupyterLab; fail if a cell does."""
    configuration = Path.home() / ".jupyter"
    configuration.mkdir()
    exposed = {"LabApp": {"expose_app_in_browser": True}}
    (configuration / "jupyter_lab_config.json").write_text(json.dumps(exposed))
    command = [sys.executable, "-m", "caddylab", "open", str(folder), "--no-browser"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        try:
            base, token = next(filter(None, map(ADDRESS.search, server.stderr))).groups()
            look(f"{base}/lab/tree/{support.place(CELLS, folder)}{token}")
        finally:
            server.terminate()
            print(server.stderr.read())


def look(address: str) -> None:
    """Open the notebook in Chromium, run it, and make the requests of JupyterLab's own pages."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=support.CHROMIUM)
        page: Page = browser.new_page()
        page.set_default_timeout(support.PATIENCE)
        page.goto(address)
        page.wait_for_function(support.READY)
        support.Notebook(page).run_all()
        page.locator(".caddylab-view canvas, .caddylab-view svg").first.wait_for()
        for question in QUESTIONS:
            print(question, page.evaluate(ASK, question))
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
