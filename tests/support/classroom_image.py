"""The classroom image, built by Podman without a network, and how the tests use Podman."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from caddylab._cli.bundle import own_wheel

ROOT = Path(__file__).parents[2]
CLASSROOM = ROOT / "containers" / "classroom"
WHEELS = os.environ.get("CADDYLAB_WHEELS")
LOCAL_PIP = "[global]\nno-index = true\nfind-links = /wheels\n"


def podman(*words: object) -> str:
    """The output of the installed Podman, not of the one behind a socket."""
    settings = {name: text for name, text in os.environ.items() if name != "CONTAINER_HOST"}
    done = subprocess.run(
        ["podman", *map(str, words)], capture_output=True, text=True, check=False, env=settings
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


@contextmanager
def built(name: str, folder: Path, file: Path, context: Path, *words: str) -> Iterator[str]:
    """An image that exists until the end of the block; pip takes wheels from the cache."""
    if not WHEELS:
        pytest.skip("CADDYLAB_WHEELS names no folder with the packages")
    settings = folder / "pip.conf"
    settings.write_text(LOCAL_PIP)
    try:
        podman(
            "build", "--network=none", "--pull=never", "--layers=false", "--tag", name, *words,
            "--volume", f"{settings}:/etc/pip.conf:ro", "--volume", f"{WHEELS}:/wheels:ro",
            "--file", file, context,
        )  # fmt: skip
        yield name
    finally:
        if name in podman("image", "ls", "--format", "json"):
            podman("rmi", "--force", name)


def classroom_context(folder: Path) -> Path:
    """Prepare in `folder` what image.md tells an instructor to have; return the Containerfile."""
    (folder / "dist").mkdir(parents=True)
    own_wheel.make(folder / "dist")
    for lock in ("requirements.lock", "requirements-hub.lock"):
        shutil.copy(ROOT / lock, folder)
    place = folder / "containers" / "classroom"
    place.mkdir(parents=True)
    for name in ("Containerfile", "start"):
        shutil.copy(CLASSROOM / name, place)
    for name in ("jupyter", "lean"):
        shutil.copytree(CLASSROOM / name, place / name)
    return place / "Containerfile"
