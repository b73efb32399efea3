"""Each lab's private folder, and the sweep of those whose owner is gone."""

from __future__ import annotations

import contextlib
import getpass
import os
import platform
import shutil
import stat
import sys
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
    (folder / "owner").write_text(f"{owner_mark()} {place()}")
    return folder


def place() -> str:
    """This machine, and on Linux the space in which process numbers count."""
    with contextlib.suppress(OSError):
        return f"{platform.node()} {os.readlink('/proc/self/ns/pid')}"
    return platform.node()


def owner_mark() -> str:
    """This process, told apart from a later one with the same number: `pid:start`."""
    return f"{os.getpid()}:{_start(os.getpid())}"


def owner_lives(mark: str) -> bool:
    """Whether the process that `owner_mark` described, in this place, still runs."""
    pid, _, start = mark.partition(":")
    try:
        zombie = psutil.Process(int(pid)).status() == psutil.STATUS_ZOMBIE
        return not zombie and _start(int(pid)) == start
    except (psutil.Error, OSError, ValueError):
        return False


def _start(pid: int) -> str:
    """When a process was started, by a clock that nobody sets: on Linux, ticks since the boot."""
    if sys.platform.startswith("linux"):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]  # its name comes before
        return fields.split()[19]
    return f"{psutil.Process(pid).create_time():.0f}"


def sweep() -> list[str]:
    """Remove the processes and folders of labs whose owner is gone; returns their ids."""
    return [folder.name for folder in _orphans() if _remove(folder)]


def _orphans() -> Iterator[Path]:
    for folder in base().iterdir():
        with contextlib.suppress(OSError):
            mark, _, where = _owner(folder).partition(" ")
            if where in ("", place()) and not owner_lives(mark):
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
