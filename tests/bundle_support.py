"""Bundles for tests: a real one of the whole course, made once, and tiny ones that are refused.

Making the real one needs packages: those in the folder CADDYLAB_WHEELS, or they are downloaded
once, to pytest's own cache. Where neither can be, the tests that need it are skipped; with
CADDYLAB_WHEELS they fail.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from caddylab._cli.bundle.archive import START, Archive
from caddylab._cli.bundle.installer import machine
from caddylab._cli.bundle.make import HERE

VERSION = ".".join(platform.python_version_tuple()[:2])
WHEELS = "CADDYLAB_WHEELS"
BASE = Path(sys._base_executable)
"""A Python that knows nothing of the course."""


@dataclass(frozen=True)
class Made:
    """A bundle, and what `caddylab bundle` said about it."""

    path: Path
    said: str


@pytest.fixture(scope="session")
def wheels(request):
    """A folder with the packages of the course, which may be empty yet."""
    given = os.environ.get(WHEELS)
    return Path(given) if given else request.config.cache.mkdir("wheels")


@pytest.fixture(scope="session")
def bundle(wheels, pages, tmp_path_factory):
    """The course in one file, with images where Podman is."""
    folder = tmp_path_factory.mktemp("bundle")
    command = [sys.executable, "-m", "caddylab", "bundle", "--to", folder, "--wheels", wheels]
    done = subprocess.run(
        [*command, "--html", pages], capture_output=True, text=True, check=False, timeout=200
    )
    if "could not be downloaded" in done.stderr and WHEELS not in os.environ:
        pytest.skip(f"No packages are at hand. {done.stderr}")
    assert done.returncode == 0, done.stderr
    (path,) = folder.iterdir()
    return Made(path, done.stdout)


def tiny(path: Path, files: dict[str, bytes] | None = None, **facts: object) -> Path:
    """A bundle with an installer and without packages: it gets as far as these are looked for."""
    with Archive(path) as archive:
        for name, text in (files or {"wheels/one.whl": b"no wheel"}).items():
            archive.add(name, [text])
        archive.add_text("install.py", START)
        for module in (HERE / "installer").glob("*.py"):
            archive.add_file(f"installer/{module.name}", module)
        known = {"platform": machine.this_platform(), "pythons": [VERSION]}
        sizes = {"bytes_installed": 0, "bytes_unpacked": archive.size}
        archive.add_text("manifest.json", json.dumps(known | sizes | facts))
    return path


def rewritten(path: Path, changes: dict[str, bytes | None]) -> Path:
    """The same archive with some members changed, added or (None) left out."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()} | changes
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            if content is not None:
                archive.writestr(name, content)
    return path
