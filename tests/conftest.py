"""What all tests share: the lab on both runtimes, and what to do where one cannot run.

A test marked `podman`, `browser` or `hub` is skipped, with the reason, on a machine that lacks it.
CADDYLAB_REQUIRE_PODMAN=1, CADDYLAB_REQUIRE_BROWSER=1 and CADDYLAB_REQUIRE_HUB=1 turn such skips
into failures.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
from functools import cache

import html_support
import pytest
import reach

from caddylab import Lab

# As in `_charts.parts.lean`: without it jsonschema compiles no grammar for 1.7 s in each worker.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

pytest_plugins = ["stopwatch"]

MUST_RUN = {
    "podman": "CADDYLAB_REQUIRE_PODMAN",
    "browser": "CADDYLAB_REQUIRE_BROWSER",
    "hub": "CADDYLAB_REQUIRE_HUB",
}


def pytest_configure(config):
    """A shell starts what runs in its background deaf to Ctrl-C, which some tests press."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if "not lab" in config.option.markexpr:
        reach.no_lab()


@pytest.fixture(
    scope="session", params=["process", pytest.param("podman", marks=pytest.mark.podman)]
)
def lab(request):
    """A lab with two backends; each test loads its own Caddyfile."""
    with Lab(runtime=request.param) as lab:
        yield lab


@pytest.fixture(scope="session")
def pages(tmp_path_factory):
    """The pages of the course, of which some notebooks were executed."""
    folder = tmp_path_factory.mktemp("html") / "pages"
    made = html_support.make("--only", *html_support.EXECUTED, "--to", folder)
    assert made.returncode == 0, made.stderr
    assert made.stdout.splitlines()[-1].endswith(f"Open {folder}/index.html")
    return folder


FIGURES = pytest.StashKey[list[str]]()


@pytest.fixture
def figure(request):
    """Keeps a sentence for the end of the run: `figure("300 of 300 interrupts …")`."""
    return request.config.stash.setdefault(FIGURES, []).append


def pytest_terminal_summary(terminalreporter, config):
    for sentence in config.stash.get(FIGURES, []):
        terminalreporter.write_line(f"figure: {sentence}")


LONGEST = (
    "course", "labs_notebooks", "labs", "present_browser", "trial", "gameday", "demos",
    "panel_browser", "view_browser", "protocols", "slides", "podman_leftovers", "trial_command",
    "survey", "podman", "lab", "labs_cheats", "nbgrader", "deeds", "article_crash",
)  # fmt: skip
"""Files that would keep everybody waiting if they began last."""


LONG = {f"test_{name}.py" for name in ("charts", "gameday", "strange_files", "projector")}
"""Files that draw or play for long, though they need no lab."""


def pytest_collection_modifyitems(items):
    """What needs a lab, or long, is marked so by itself, and `make check` leaves it out."""
    for item in items:
        if reach.needs_a_lab(item):
            item.add_marker("lab")
        if item.path.name in LONG:
            item.add_marker("long")
    first = {f"test_{name}.py": place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: first.get(item.path.name, len(first)))


def pytest_runtest_setup(item):
    if why := unavailable(item):
        pytest.skip(why)


def unavailable(item) -> str:
    """Why a test cannot run on this machine; empty if it can."""
    for marker, available in (("podman", podman), ("browser", browser), ("hub", hub)):
        if item.get_closest_marker(marker):
            works, why = available()
            if not works:
                return why
    return ""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    report = yield
    for marker, variable in MUST_RUN.items():
        if report.skipped and item.get_closest_marker(marker) and os.environ.get(variable):
            reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
            report.outcome = "failed"
            report.longrepr = f"{variable} is set, so this must run, but: {reason}"
    return report


@cache
def podman() -> tuple[bool, str]:
    from caddylab._runtimes.podman import presence as podman

    return podman.available()


@cache
def browser() -> tuple[bool, str]:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    return found is not None, "Chromium is not installed (Debian: apt install chromium)."


@cache
def hub() -> tuple[bool, str]:
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        return False, "Only root can make accounts for learners."
    missing = [name for name in ("configurable-http-proxy", "unshare", "newusers")
               if not shutil.which(name)]  # fmt: skip
    return not missing, f"Not installed: {', '.join(missing)} (.ci/hub-proxy installs the proxy)."
