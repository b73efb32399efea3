"""Each lab's private folder, and the sweep of those whose owner is gone."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from caddylab._errors import LabError
from caddylab._runtimes.keeper import MARK


def base() -> Path:
    """The folder that holds all labs of this user; nobody else can look inside."""
    name = str(os.getuid()) if hasattr(os, "getuid") else getpass.getuser()
    folder = Path(tempfile.gettempdir()) / f"caddylab-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()  # what a link leads to would be swept away
    if not stat.S_ISDIR(found.st_mode) or (hasattr(os, "getuid") and found.st_uid != os.getuid()):
        raise LabError(
            f"{folder} is a link or belongs to another user, so the lab's files would not be "
            "private. Remove it, or set TMPDIR to a folder of your own."
        )
    folder.chmod(0o700)
    return folder


def create(lab_id: str) -> Path:
    """A new private folder for the lab `lab_id`, marked with this process as its owner."""
    folder = base() / lab_id
    folder.mkdir(mode=0o700)
    (folder / "owner").write_text(owner_mark())
    return folder


def owner_mark() -> str:
    """This process, told apart from a later one with the same number: `pid:start time`."""
    return f"{os.getpid()}:{psutil.Process().create_time():.2f}"


def owner_lives(mark: str) -> bool:
    """Whether the process that `owner_mark` described still runs."""
    pid, _, started = mark.partition(":")
    try:
        process = psutil.Process(int(pid))
        alive = process.status() != psutil.STATUS_ZOMBIE
        return alive and abs(process.create_time() - float(started)) < 1
    except (psutil.Error, ValueError):
        return False


def sweep() -> list[str]:
    """Remove the processes and folders of labs whose owner is gone; returns their ids."""
    return [folder.name for folder in _orphans() if _remove(folder)]


def _orphans() -> Iterator[Path]:
    for folder in base().iterdir():
        with contextlib.suppress(OSError):
            if not owner_lives(_owner(folder)):
                yield folder


def _owner(folder: Path) -> str:
    with contextlib.suppress(FileNotFoundError):
        return (folder / "owner").read_text()
    newborn = time.time() - folder.stat().st_mtime < 10  # its owner is about to sign it
    return owner_mark() if newborn else ""


def _remove(folder: Path) -> bool:
    _kill_marked(folder.name)
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def _kill_marked(lab_id: str) -> None:
    victims = [process for process in psutil.process_iter() if _mark(process) == lab_id]
    for process in victims:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(victims, timeout=5)


def _mark(process: psutil.Process) -> str | None:
    try:
        return process.environ().get(MARK)
    except (psutil.Error, OSError):
        return None
