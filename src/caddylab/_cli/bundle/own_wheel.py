"""The wheel of the course itself: built from a checkout, or put together as it was installed."""

from __future__ import annotations

import base64
import hashlib
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, PackagePath, distribution
from importlib.util import find_spec
from pathlib import Path

from caddylab._cli.bundle import pip
from caddylab._errors import BundleError
from caddylab._machine import shipped

MADE_BY_INSTALLERS = {"INSTALLER", "REQUESTED", "RECORD", "direct_url.json", "uv_cache.json"}
DATA = "share"
"""Where an environment keeps the data that packages bring."""
EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The date of every file: the same course makes the same wheel."""


def make(folder: Path) -> Path:
    """Put the wheel of this very course into `folder`.

    Raises:
        BundleError: it cannot be made; the message says what to do.
    """
    checkout = shipped.checkout()
    if checkout is None:
        return _repacked(distribution("caddylab"), folder)
    _build(checkout, folder)
    (wheel,) = folder.glob("caddylab-*.whl")
    return wheel


def _build(checkout: Path, folder: Path) -> None:
    """By hatchling, which developers have; else pip downloads it."""
    failure = "The course's own wheel could not be built:"
    if find_spec("hatchling"):
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
        pip.run(command, lambda _: None, failure, cwd=checkout)
        return
    with pip.at_hand() as program:
        command = [*program, "wheel", "--no-deps", "--wheel-dir", str(folder), str(checkout)]
        pip.run(command, lambda _: None, failure)


def _repacked(installed: Distribution, folder: Path) -> Path:
    """The wheel that this package was installed from, from its own files."""
    name = f"caddylab-{installed.version}"
    path = folder / f"{name}-py3-none-any.whl"
    record = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for file, content in _files(installed):
            wheel.writestr(zipfile.ZipInfo(file, EARLIEST), content, zipfile.ZIP_DEFLATED)
            record.append(f"{file},sha256={_digest(content)},{len(content)}\n")
        own = f"{name}.dist-info/RECORD"
        wheel.writestr(zipfile.ZipInfo(own, EARLIEST), "".join([*record, f"{own},,\n"]))
    return path


def _files(installed: Distribution) -> Iterator[tuple[str, bytes]]:
    for file in installed.files or []:
        name = _name_in_wheel(file, installed)
        if name is None:
            continue
        content = Path(str(file.locate())).read_bytes()
        if file.hash and file.hash.value != _digest(content):
            raise BundleError(
                f"{file.locate()} has been changed since the course was installed, so its wheel "
                "cannot be put together. Install it again, or make the bundle from a checkout."
            )
        yield name, content


def _name_in_wheel(file: PackagePath, installed: Distribution) -> str | None:
    """What a wheel calls an installed file; None for what installers make themselves."""
    if file.suffix == ".pyc" or file.name in MADE_BY_INSTALLERS:
        return None
    if ".." not in file.parts:
        return file.as_posix()
    # Outside the packages' folder: a command, or data such as JupyterLab's extensions.
    inside = [part for part in file.parts if part != ".."]
    if inside[0] != DATA:
        return None
    return "/".join([f"caddylab-{installed.version}.data", "data", *inside])


def _digest(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
