"""The pages to look at (the HTML edition): those of this checkout, made anew when they are old."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from caddylab._errors import BundleError
from caddylab._machine import shipped

MADE_OF = ("course", "containers", "docs", "labs", "src", "tools")
NOT_READ = {"__pycache__", ".ipynb_checkpoints"}


def check(given: Path) -> None:
    """Make sure that there are pages in a folder that somebody names.

    Raises:
        BundleError: there are none.
    """
    if not (given / "index.html").is_file():
        raise BundleError(f"{given} has no index.html. Name the folder that `make html` made.")


def folder() -> Path:
    """The folder with this checkout's pages, which are as new as what they are made of.

    Raises:
        BundleError: there are none, and they cannot be made.
    """
    checkout = shipped.checkout()
    if checkout is None:
        raise BundleError("they are made in a checkout (`make html`); name them with --html FOLDER")
    pages = checkout / "dist" / "html"
    if not _is_new(pages, checkout):
        _make(checkout)
    return pages


def _is_new(pages: Path, checkout: Path) -> bool:
    index = pages / "index.html"
    return index.is_file() and index.stat().st_mtime > max(_times(checkout))


def _times(checkout: Path) -> Iterator[float]:
    for part in MADE_OF:
        for path in (checkout / part).rglob("*"):
            if path.is_file() and NOT_READ.isdisjoint(path.parts):
                yield path.stat().st_mtime


def _make(checkout: Path) -> None:
    if not find_spec("myst_nb"):
        raise BundleError("what makes them is not installed; run `make html` first")
    print("Making the pages; this takes some minutes", flush=True)
    if subprocess.call([sys.executable, str(checkout / "tools" / "make_html.py")]) != 0:
        raise BundleError("they could not be made; the reason is above")
