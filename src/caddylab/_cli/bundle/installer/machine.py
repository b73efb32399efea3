"""What is checked before anything is written: whether machine, Python, folder and disk will do."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from pathlib import Path

from .refused import Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MANIFEST = ".caddylab.json"
"""What `caddylab open` leaves in a folder with the course."""
WORK = ".installing"
"""The folder that an installation works in; a killed one leaves it, and the next one removes it."""
SYSTEMS = {"Linux": "linux", "Darwin": "macos", "Windows": "windows"}
MACHINES = {"amd64": "x86_64", "aarch64": "arm64"}


def this_platform() -> str:
    """This machine as bundles name it, such as "linux-x86_64"."""
    machine = platform.machine().lower()
    system = SYSTEMS.get(platform.system(), platform.system().lower())
    return f"{system}-{MACHINES.get(machine, machine)}"


def check(facts: dict[str, Any]) -> None:
    """Make sure that the bundle is for this machine and this Python.

    Raises:
        Refused: it is for another one.
    """
    wanted, here, pythons = facts["platform"], this_platform(), facts["pythons"]
    if wanted != here:
        raise Refused(f"this bundle is for {wanted}, and this machine is {here}. Ask for its own.")
    implementation, version = platform.python_implementation(), _version()
    if implementation != "CPython" or version not in pythons:
        raise Refused(
            f"this bundle is for Python {' or '.join(pythons)}, and you have started it with "
            f"{implementation} {version} ({sys.executable}). {_advice(pythons)}"
        )


def _version() -> str:
    return ".".join(platform.python_version_tuple()[:2])


def _advice(pythons: list[str]) -> str:
    """What to type, with a Python that fits."""
    again = " ".join(f'"{word}"' if " " in word else word for word in sys.argv)
    for version in pythons:
        if os.name == "nt":
            return f"Try: py -{version} {again}"
        if shutil.which(f"python{version}"):
            return f"Say: python{version} {again}"
    return f"Install Python {pythons[-1]}, or ask for a bundle for Python {_version()}."


def check_folder(folder: Path) -> None:
    """Make sure that nothing but the course is in `folder`.

    Raises:
        Refused: something else is, and must not be lost.
    """
    if folder.exists() and not folder.is_dir():
        raise Refused(f"{folder} is a file. Name a folder.")
    if not folder.is_dir() or (folder / MANIFEST).is_file():
        return
    if others := sorted({path.name for path in folder.iterdir()} - {WORK}):
        raise Refused(
            f"{folder.resolve()} holds something else, such as {others[0]}. "
            "Name another folder; it will be made."
        )


def check_space(folder: Path, needed: int) -> None:
    """Make sure that the disk of `folder` has enough free bytes.

    Raises:
        Refused: it has not enough.
    """
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise Refused(
            f"{needed / 1e6:.0f} MB are needed in {folder.resolve()}, and {free / 1e6:.0f} MB are "
            "free. Make room, or name a folder on another disk."
        )
