"""Install "Break the Balancer" from its bundle, without internet.

    python3 BUNDLE.zip [FOLDER]       the archive as it is
    python3 install.py [FOLDER]       the archive, unpacked

These modules are in every bundle and run where the course is not installed yet. So they need
Python's standard library only and import each other relatively, and older Pythons can read them
far enough to say which one is needed.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from . import environment, files, machine
from .refused import Refused

TYPE_CHECKING = False  # typing's own takes time to import
if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT_FOLDER = Path("break-the-balancer")


def main(bundle: Path) -> int:
    """Install `bundle` as the words of the command line say; returns the exit code."""
    options = _parser().parse_args()
    try:
        install(bundle, options.folder, images=not options.no_images)
    except Refused as error:
        print(f"\nNot installed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        Path(sys.argv[0]).name, description="Install the course, without internet."
    )
    add_arguments(parser)
    return parser


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of an installation to a parser."""
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=DEFAULT_FOLDER,
        help="a new one, or the one that you have the course in (default: ./%(default)s)",
    )
    parser.add_argument("--no-images", action="store_true", help="load no container images")


def install(bundle: Path, folder: Path, *, images: bool = True) -> None:
    """Install a bundle.

    Everything is made beside the existing files and renamed into place at the end, so an
    installation that fails leaves `folder` as it was.

    Args:
        bundle: the archive, or the folder that it was unpacked to.
        folder: a new one, an empty one, or one with the course, which is brought up to date.
        images: whether to load the container images, if they are in the bundle and Podman answers.

    Raises:
        Refused: it cannot be installed; the message says why, and what to do.
    """
    began = time.monotonic()
    facts = files.facts(bundle)
    machine.check(facts)
    machine.check_folder(folder)
    with _work_in(folder) as work:
        machine.check_space(folder, files.needed(bundle, facts))
        kit = files.checked(bundle, work / "kit")
        environment.make(kit / "wheels", kit / "requirements.lock", work)
        if (kit / "html").is_dir():
            shutil.copytree(kit / "html", work / "html")
        environment.settle(work, folder, kit / "images.tar" if images else None)
        _put_in_place(work, folder)
    _say_how_to_begin(folder, time.monotonic() - began)


@contextmanager
def _work_in(folder: Path) -> Iterator[Path]:
    """A folder to work in, on the disk of `folder`; errors in the block become `Refused`."""
    is_new = not folder.exists()
    work = folder.resolve() / machine.WORK
    try:
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        yield work
    except BaseException as error:
        shutil.rmtree(folder if is_new else work, ignore_errors=True)
        if isinstance(error, OSError):
            raise Refused(f"{error}. {folder} is as it was.") from error
        raise
    shutil.rmtree(work, ignore_errors=True)


def _put_in_place(work: Path, folder: Path) -> None:
    for name, place in (("venv", folder / ".venv"), ("html", folder / "html")):
        if (work / name).exists():
            _swap(work / name, place, work / f"old-{name}")


def _swap(new: Path, place: Path, old: Path) -> None:
    if place.exists():
        place.rename(old)
    try:
        new.rename(place)
    except OSError:
        if old.exists():
            old.rename(place)
        raise


def _say_how_to_begin(folder: Path, seconds: float) -> None:
    program = environment.program(folder / ".venv", "caddylab")
    command = f'"{program}" open "{folder}"' if " " in str(folder) else f"{program} open {folder}"
    print(f"\nInstalled in {seconds:.0f} s. To open the course, type this:\n\n    {command}\n")
    if (folder / "html").is_dir():
        print(f"To look at it without Jupyter, open {folder / 'html' / 'index.html'} in a browser.")
