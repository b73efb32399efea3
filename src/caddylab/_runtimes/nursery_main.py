"""The nursery: a process that has imported the backend's app, and forks keepers from itself.

It is run as a script, with a socket to its owner as its standard input. Each message is the
folder of a lab, together with what is to be its keeper's standard input, output and error; the
answer is the keeper's process id. It ends with its owner, however that ended, since then the
socket closes; the keepers watch their own inputs and are left alone.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from caddylab._runtimes import keeper_main
else:
    import keeper_main  # from the same folder: nothing of the package is imported here

LONGEST = 4096
"""The longest path of a folder, in bytes."""


class NurseryProcess:
    """Forks keepers until its owner is gone."""

    def __init__(self, owner: socket.socket, mark: Mark) -> None:
        self._owner, self._mark = owner, mark

    def run(self) -> None:
        """Serve until the socket ends."""
        while True:
            folder, files, _, _ = socket.recv_fds(self._owner, LONGEST, 3)
            if not folder:
                return
            pid = os.fork()
            if pid == 0:
                self._become_keeper(Path(os.fsdecode(folder)), files)
            for file in files:
                os.close(file)
            self._owner.send(str(pid).encode())

    def _become_keeper(self, folder: Path, files: list[int]) -> NoReturn:
        os.setsid()  # as if the keeper had been started on its own
        for source, target in zip(files, (0, 1, 2), strict=True):  # 0 was the owner's socket
            os.dup2(source, target)
            os.close(source)
        try:
            self._mark.set(folder.name)
            keeper_main.KeeperProcess(folder, at_end=[]).run()
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            with contextlib.suppress(Exception):
                sys.stderr.flush()
            os._exit(0)


class Mark:
    """This process's mark, where others can read it: in the memory that held its first environment.

    Only a program that is started gets an environment that others can read; a forked process
    has a copy of its parent's, and can write to it.

    Args:
        name: the variable's name; its value must be as long as a lab's id.
    """

    def __init__(self, name: str) -> None:
        find = ctypes.CDLL(None).getenv
        find.argtypes, find.restype = (ctypes.c_char_p,), ctypes.c_void_p
        self._place = find(name.encode())
        self._room = len(os.environ[name])

    def set(self, lab_id: str) -> None:
        """Carry a lab's id.

        Raises:
            ValueError: it is longer than any lab's.
        """
        text = lab_id.encode()
        if len(text) > self._room:
            raise ValueError(f"{lab_id!r} is longer than {self._room} bytes")
        ctypes.memmove(self._place, text.ljust(self._room, b"\0"), self._room)


if __name__ == "__main__":
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # leave no zombies: nobody waits for keepers
    app, name = sys.argv[1:]
    nursery = NurseryProcess(socket.socket(fileno=0), Mark(name))
    with contextlib.suppress(Exception):  # each keeper tries it again, and reports what is wrong
        keeper_main.load(app)
    gc.freeze()
    nursery.run()
