"""A real JupyterLab and a real Chromium for tests marked `browser`.

A test module with `pytest_plugins = ["browser_support"]` has the fixture `open_notebook`: give it a
notebook and you get it open in JupyterLab with its kernel ready. `open_page` is for any address.
Chromium can reach no host but this machine, and every request to another one is recorded.
"""

from __future__ import annotations

import contextlib
import functools
import http.server
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import nbformat
import pytest
from loopback_ports import free_port
from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright

from caddylab._view.script import FOLDER

ARTEFACTS = Path(__file__).parents[2] / "artefacts"
CHROMIUM = [
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
]  # fmt: skip
READY = """() => {
    const panel = window.jupyterapp?.shell.currentWidget;
    const session = panel?.sessionContext;
    const kernel = session?.session?.kernel;
    return kernel && kernel.connectionStatus === 'connected' && kernel.status === 'idle'
        && session.isReady;
}"""
OPEN = f"path => window.jupyterapp?.shell.currentWidget?.context?.path === path && ({READY})()"
COMMAND = "([name, options]) => window.jupyterapp.commands.execute(name, options).then(() => 1)"
ERRORS = """() => window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells
    .flatMap(cell => cell.getOutputs?.() ?? []).filter(output => output.output_type === 'error')
    .map(output => `${output.ename}: ${output.evalue}`)"""
NOT_FETCHED = "Failed to fetch dynamically imported module"
PATIENCE = 90_000  # ms: a busy machine starts a kernel slowly


class JupyterLab:
    """A separate JupyterLab server in `folder`, on a free port and with its own settings."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.token = folder / "notebooks", secrets.token_hex(16)
        self.folder.mkdir()
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._quiet(folder / "settings")
        self._log = (folder / "jupyterlab.log").open("w+")
        self._process = subprocess.Popen(
            self._command(folder),
            cwd=self.folder,
            env=os.environ | {"JUPYTER_CONFIG_DIR": str(folder / "config")},
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def _command(self, folder: Path) -> list[str]:
        return [
            sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
            "--expose-app-in-browser", "--ip=127.0.0.1", f"--port={self.port}",
            "--ServerApp.port_retries=0", f"--IdentityProvider.token={self.token}",
            f"--ServerApp.root_dir={self.folder}", f"--LabApp.user_settings_dir={folder}/settings",
            f"--LabApp.workspaces_dir={folder}/workspaces",
        ]  # fmt: skip

    def _quiet(self, settings: Path) -> None:
        """Keep JupyterLab from asking in a pop-up whether to fetch news."""
        path = settings / "@jupyterlab/apputils-extension/notification.jupyterlab-settings"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"fetchNews": "false", "checkForUpdates": False}))

    def wait(self, patience: float = 60.0) -> None:
        """Return once the server answers."""
        end = time.monotonic() + patience
        while time.monotonic() < end and self._process.poll() is None:
            try:
                httpx.get(f"{self.url}/api", timeout=2)
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError(f"JupyterLab did not start:\n{self.output()}")

    def output(self) -> str:
        """What the server has printed."""
        self._log.flush()
        self._log.seek(0)
        return self._log.read()

    def place(self, cells: list[str] | Path) -> str:
        """Put a notebook into the server's folder; return its name there."""
        return place(cells, self.folder)

    def end_sessions(self) -> None:
        """Shut down every kernel, so that the next notebook has the machine to itself."""
        headers = {"Authorization": f"token {self.token}"}
        with httpx.Client(base_url=self.url, headers=headers, timeout=30) as client:
            for session in client.get("/api/sessions").json():
                client.delete(f"/api/sessions/{session['id']}").raise_for_status()

    def close(self) -> None:
        """Ask the server to shut down its kernels and itself."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()


class Watched:
    """A watched page of the browser; `page` is Playwright's own.

    `strangers` are the addresses outside this machine that the page requested. While other tests
    create containers, whose interfaces come and go, the browser gives up what it is fetching: then
    the page was `cut_off`.
    """

    def __init__(self, page: Page) -> None:
        self.page, self.cut_off = page, False
        self.strangers: list[str] = []
        self._complaints: list[str] = []
        page.on("request", self._note_request)
        page.on("console", self._note_console)
        page.on("pageerror", lambda error: self._complaints.append(str(error)))

    @property
    def complaints(self) -> list[str]:
        """The errors from the browser's console and the page's scripts."""
        return [said for said in self._complaints if not (self.cut_off and NOT_FETCHED in said)]

    def load_again(self) -> None:
        """Load the page once more."""
        self.cut_off = False
        self._complaints.clear()
        self.page.reload()

    def _note_request(self, request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.hostname != "127.0.0.1":
            self.strangers.append(request.url)

    def _note_console(self, message: Any) -> None:
        if "net::ERR_NETWORK_CHANGED" in message.text:
            self.cut_off = True
        elif message.type == "error":
            self._complaints.append(f"{message.text} ({message.location})")

    def screenshot(self, name: str) -> Path:
        """Save a picture of the page in artefacts/."""
        ARTEFACTS.mkdir(exist_ok=True)
        path = ARTEFACTS / f"{name}.png"
        self.page.screenshot(path=path)
        return path


class Notebook(Watched):
    """A notebook open in JupyterLab."""

    def command(self, name: str, **options: Any) -> None:
        """Run one of JupyterLab's commands and wait for it to end."""
        self.page.evaluate(COMMAND, [name, options])

    @property
    def path(self) -> str:
        """That of the notebook in front, in the server's folder."""
        return str(self.page.evaluate("() => jupyterapp.shell.currentWidget.context.path"))

    def until_open(self, path: str) -> None:
        """Wait until that notebook is in front, with its kernel ready."""
        self.page.wait_for_function(OPEN, arg=path)

    def open(self, path: str) -> None:
        """Open another notebook, and bring it to the front."""
        self.command("docmanager:open", path=path)
        self.until_open(path)

    def run_all(self) -> None:
        """Run all cells; return once the last one is done, and fail if any of them did."""
        self.command("notebook:run-all-cells")
        errors = self.page.evaluate(ERRORS)
        assert not errors, errors

    def theme(self, name: str) -> None:
        """Change JupyterLab's theme: "JupyterLab Light" or "JupyterLab Dark"."""
        self.command("apputils:change-theme", theme=name)
        light = "true" if name.endswith("Light") else "false"
        self.page.locator(f"body[data-jp-theme-light={light}]").wait_for(state="attached")


class Profiles:
    """A browser profile for each zoom.

    A new profile would fetch and compile all of JupyterLab's scripts again, which takes longer than
    most tests. Nothing else is kept in it from one test to the next.
    """

    def __init__(self, chromium: Browser) -> None:
        self._chromium = chromium
        self._profiles: dict[float, BrowserContext] = {}

    def page(self, zoom: float) -> Page:
        """A new page."""
        if zoom not in self._profiles:
            self._profiles[zoom] = self._chromium.new_context(device_scale_factor=zoom)
            self._profiles[zoom].set_default_timeout(PATIENCE)
        return self._profiles[zoom].new_page()

    def forget(self, pages: list[Page]) -> None:
        """Close these pages and whatever they opened, and erase what they stored."""
        for page in pages:
            with contextlib.suppress(Error):  # it may not have gone to any page
                page.evaluate("localStorage.clear(), sessionStorage.clear()")
        for profile in self._profiles.values():
            for page in profile.pages:
                page.close()
            profile.clear_cookies()
            profile.clear_permissions()


@pytest.fixture(scope="session")
def jupyterlab(tmp_path_factory):
    server = JupyterLab(tmp_path_factory.mktemp("jupyterlab"))
    try:
        server.wait()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def chromium():
    path = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def profiles(chromium: Browser) -> Profiles:
    return Profiles(chromium)


@pytest.fixture
def open_page(profiles: Profiles):
    """Call it with an address (and a size, a zoom) to open it in a window of its own."""
    pages = []

    def open_it(
        url: str,
        kind: type[Watched] = Watched,
        width: int = 1280,
        height: int = 900,
        zoom: float = 1.0,
    ):
        pages.append(profiles.page(zoom))
        pages[-1].set_viewport_size({"width": width, "height": height})
        watched = kind(pages[-1])
        watched.page.goto(url)
        return watched

    yield open_it
    profiles.forget(pages)


@pytest.fixture
def open_notebook(jupyterlab: JupyterLab, open_page):
    """Call it with a notebook's path, or its cells' sources, to open it with the kernel ready.

    A path of a file is copied to the server, one that is a text is there already. It is opened
    as a single document; with `app="lab"` among others, as a learner has it.
    """

    def open_it(cells: list[str] | Path | str, *, app: str = "doc", **size: float) -> Notebook:
        name = cells if isinstance(cells, str) else jupyterlab.place(cells)
        workspace = secrets.token_hex(4)
        # In a fresh workspace, so that no tab of an earlier test is restored.
        url = f"{jupyterlab.url}/{app}/workspaces/{workspace}/tree/{name}?token={jupyterlab.token}"
        notebook = open_page(url, Notebook, **size)
        notebook.page.wait_for_function(READY)
        while notebook.cut_off:  # what was not fetched may be our extension
            notebook.load_again()
            notebook.page.wait_for_function(READY)
        return notebook

    yield open_it
    jupyterlab.end_sessions()
    (jupyterlab.folder / "predictions.json").unlink(missing_ok=True)  # else chosen again elsewhere


def place(cells: list[str] | Path, folder: Path) -> str:
    """Put a notebook into the server's folder; return its name there."""
    name = f"{secrets.token_hex(4)}.ipynb"
    if isinstance(cells, Path):
        shutil.copy(cells, folder / name)
        return name
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    nbformat.write(notebook, folder / name)
    return name


@pytest.fixture(scope="module")
def modules(chromium: Browser) -> Iterator[Page]:
    """A page that can import the view's modules, such as `/view.js`, as a browser does."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(FOLDER))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page = chromium.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/view.js")
        yield page
        page.close()
        server.shutdown()
