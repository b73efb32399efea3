"""Each lab's private folder, and the sweep of labs that are over: closed, or without an owner."""

from __future__ import annotations

import contextlib
import getpass
import os
import platform
import shutil
import stat
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil

from caddylab._errors import LabError
from caddylab._runtimes.keeper import MARK
from caddylab._runtimes.temporary import temporary

CLOSED = "closed"
"""A file of this name in a lab's folder says that the lab is over, even if its owner lives."""
KEEPER = "keeper"
"""A file of this name says which process removes everything of the lab when its owner is gone."""


class Swept(list[str]):
    """The ids of the labs whose leftovers a sweep has removed.

    Attributes:
        missed: a sentence for each thing that could not be removed, or not even examined.
    """

    def __init__(self, removed: Iterable[str] = (), missed: Iterable[str] = ()) -> None:
        super().__init__(removed)
        self.missed = list(missed)


def base() -> Path:
    """The folder that holds all labs of this user; nobody else can look inside."""
    name = str(os.getuid()) if hasattr(os, "getuid") else getpass.getuser()
    folder = temporary() / f"caddylab-{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()  # a sweep would remove what a link points to
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
    """An identifier of this machine, and on Linux of the namespace of its process ids."""
    with contextlib.suppress(OSError):
        return f"{platform.node()} {os.readlink('/proc/self/ns/pid')}"
    return platform.node()


def owner_mark() -> str:
    """This process, told apart from a later one with the same number: `pid:start`."""
    return process_mark(os.getpid())


def process_mark(pid: int) -> str:
    """A process, told apart from a later one with the same number."""
    return f"{pid}:{_start(pid)}"


def leave_to(folder: Path, pid: int) -> None:
    """Leave a lab's removal to its keeper, process `pid`: no sweep touches it while that lives."""
    (folder / KEEPER).write_text(process_mark(pid))


def owner_lives(mark: str) -> bool:
    """Whether the process that a mark from `owner_mark` describes still runs in this place."""
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


def close(lab_id: str) -> None:
    """Mark a lab as over; from now on every sweep may remove what is left of it."""
    with contextlib.suppress(OSError):
        (base() / lab_id / CLOSED).touch()


def remove(folder: Path) -> bool:
    """End all processes of the lab whose folder this is, and remove it; whether that worked."""
    _kill_marked(folder.name)
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def ensure_gone(folder: Path) -> None:
    """Do what a lab's keeper does at the end, in case it was killed first."""
    if folder.exists():
        remove(folder)


def is_over(folder: Path, mark: str) -> bool:
    """Whether a lab is over: its owner is gone, or it was closed (its folder gone, or marked).

    Args:
        folder: the lab's folder, as its owner sees it.
        mark: the owner's mark; the owner belongs to this machine.
    """
    if not owner_lives(mark):
        return True
    seen = _as_seen_by(mark, folder)
    try:
        return not seen.exists() or (seen / CLOSED).exists()
    except OSError:  # access was denied
        return False


def _as_seen_by(mark: str, path: Path) -> Path:
    """A path in the file system of a process, which may not be ours."""
    root = Path(f"/proc/{mark.partition(':')[0]}/root")
    with contextlib.suppress(OSError):
        if root.exists():
            return root / path.relative_to("/")
    return path


def sweep() -> Swept:
    """Remove the processes and folders of labs that are over."""
    over = list(_over())
    removed = [folder.name for folder in over if remove(folder)]
    left = [folder for folder in over if folder.name not in removed]
    return Swept(removed, [f"{folder} could not be removed; delete it by hand." for folder in left])


def _over() -> Iterator[Path]:
    for folder in base().iterdir():
        with contextlib.suppress(OSError):
            mark, _, where = _owner(folder).partition(" ")
            if where in ("", place()) and is_over(folder, mark) and not _is_being_removed(folder):
                yield folder


def _is_being_removed(folder: Path) -> bool:
    """Whether the lab's keeper lives; the keeper ends by itself, in a minute at most."""
    with contextlib.suppress(OSError):
        return owner_lives((folder / KEEPER).read_text())
    return False


def _owner(folder: Path) -> str:
    with contextlib.suppress(FileNotFoundError):
        if mark := (folder / "owner").read_text():  # otherwise it is being written just now
            return mark
    newborn = time.time() - folder.stat().st_mtime < 10  # its owner is about to sign it
    return owner_mark() if newborn else ""


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
