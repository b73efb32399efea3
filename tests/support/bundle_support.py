"""Tiny bundles, which are quick to make and are refused for a known reason."""

from __future__ import annotations

import json
import platform
import sys
import zipfile
from pathlib import Path

from caddylab._cli.bundle.archive import START, Archive
from caddylab._cli.bundle.installer import machine
from caddylab._cli.bundle.make import HERE

VERSION = ".".join(platform.python_version_tuple()[:2])
BASE = Path(sys._base_executable)
"""A Python without the course."""


def tiny(path: Path, files: dict[str, bytes] | None = None, **facts: object) -> Path:
    """A bundle with an installer but no packages: it gets as far as looking for them."""
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
    """A copy of the archive with some members changed, added or, if None, left out."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()} | changes
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            if content is not None:
                archive.writestr(name, content)
    return path
