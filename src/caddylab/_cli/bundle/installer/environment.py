"""What is made of the files: a virtual environment, in which the course does the rest itself."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

from .refused import Refused

NOT_OURS = ("UV_", "PIP_", "PYTHON", "VIRTUAL_ENV", "CONDA_")
"""Prefixes of environment variables with other installations' settings."""


def make(wheels: Path, lock: Path, work: Path) -> None:
    """Make `work/venv`, which can be moved, with every package of the lock.

    The bundle's uv does it, so the machine needs no pip, and on Debian no python3-venv either.

    Raises:
        Refused: it could not; its own words have been printed.
    """
    print("Installing the packages", flush=True)
    uv = [_unpacked_uv(wheels, work), "--quiet", "--offline", "--no-config"]
    uv += ["--cache-dir", str(work / "cache")]
    base = getattr(sys, "_base_executable", sys.executable)  # ours may be replaced
    _run([*uv, "venv", "--no-project", "--relocatable", "--python", base, str(work / "venv")])
    install = [*uv, "pip", "install", "--python", str(program(work / "venv", "python"))]
    install += ["--no-index", "--find-links", str(wheels)]
    _run([*install, "--require-hashes", "-r", str(lock)])


def settle(work: Path, folder: Path, images: Path | None) -> None:
    """Have the installed course copy its notebooks to `folder`, and load the images.

    Raises:
        Refused: it could not; its own words have been printed.
    """
    given = [str(folder.resolve())]
    given += [str(images)] if images and images.is_file() else []
    python = str(program(work / "venv", "python"))
    _run([python, "-I", "-m", "caddylab._cli.bundle.settle", *given])


def program(venv: Path, name: str) -> Path:
    """Where a program of a virtual environment is on this system."""
    return venv / (f"Scripts/{name}.exe" if os.name == "nt" else f"bin/{name}")


def _unpacked_uv(wheels: Path, folder: Path) -> str:
    (wheel,) = wheels.glob("uv-*.whl")
    name = "uv.exe" if os.name == "nt" else "uv"
    with zipfile.ZipFile(wheel) as archive:
        (member,) = (path for path in archive.namelist() if path.endswith(f".data/scripts/{name}"))
        (folder / name).write_bytes(archive.read(member))
    (folder / name).chmod(0o755)
    return str(folder / name)


def _run(command: list[str]) -> None:
    settings = {key: value for key, value in os.environ.items() if not key.startswith(NOT_OURS)}
    if subprocess.call(command, env=settings) != 0:
        raise Refused("the reason is above. Your folder is as it was.")
