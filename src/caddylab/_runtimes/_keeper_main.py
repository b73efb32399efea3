"""The keeper: a small process that ends a lab's processes when the lab's owner is gone.

It is run as a script, reads one JSON command a line from its standard input and answers each
with one line. When the input ends (the owner closed it, or died, even by SIGKILL), it runs the
command that it was given for the end, kills its children and removes the lab's folder.

Backends are forked from here: FastAPI is imported once, however many backends there are and
however often they are restarted. Only the standard library is imported before that.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, NoReturn

CAN_FORK = hasattr(os, "fork")
BACKLOG = 128


class KeeperProcess:
    """Spawns, forks, and at the end kills."""

    def __init__(self, folder: Path, at_end: list[str]) -> None:
        self.folder, self.at_end = folder, at_end
        self.children: set[int] = set()

    def run(self) -> None:
        """Serve commands until the input ends, then clean up."""
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # only the end of the input ends a keeper
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), signal.SIG_IGN)
        if CAN_FORK:
            signal.signal(signal.SIGCHLD, lambda *_: self.reap())
        try:
            for line in sys.stdin:
                print(json.dumps(self.answer(json.loads(line))), flush=True)
        finally:
            self.finish()

    def answer(self, command: dict[str, Any]) -> dict[str, Any]:
        """Carry out one command; an error is an answer, too."""
        try:
            return {"ok": getattr(self, "do_" + command.pop("do"))(**command)}
        except Exception as error:  # the owner raises it
            return {"error": f"{type(error).__name__}: {error}"}

    def do_spawn(self, name: str, args: list[str], env: dict[str, str]) -> int:
        """Run a program; its output goes to `<name>.out` in the lab's folder."""
        with open(self.folder / f"{name}.out", "ab") as out:
            child = subprocess.Popen(
                args, env={**os.environ, **env}, cwd=self.folder, stdin=subprocess.DEVNULL,
                stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip
        self.children.add(child.pid)
        return child.pid

    def do_backend(self, name: str, app_dir: str, port: int, env: dict[str, str]) -> int:
        """Start one backend of the app in `app_dir` on loopback `port`."""
        if not CAN_FORK:
            args = [sys.executable, __file__, "--backend", app_dir, str(port)]
            return self.do_spawn(name, args, env)
        load(app_dir)
        gc.freeze()  # else a child's collections write to, and so copy, all that was imported
        pid = os.fork()
        if pid == 0:
            self.become_backend(name, app_dir, port, env)
        self.children.add(pid)
        return pid

    def do_nothing_at_end(self) -> None:
        """Forget the command for the end."""
        self.at_end = []

    def become_backend(self, name: str, app_dir: str, port: int, env: dict[str, str]) -> NoReturn:
        for name_of_signal in ("SIGINT", "SIGTERM", "SIGHUP", "SIGCHLD"):
            signal.signal(getattr(signal, name_of_signal), signal.SIG_DFL)
        out = os.open(self.folder / f"{name}.out", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        null = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((null, 0), (out, 1), (out, 2)):
            os.dup2(source, target)
        code = 1
        try:
            os.environ.update(env)
            serve(app_dir, port)
            code = 0
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            with contextlib.suppress(Exception):
                sys.stderr.flush()
            os._exit(code)

    def reap(self) -> None:
        """Forget children that have ended, so that none stays a zombie."""
        with contextlib.suppress(ChildProcessError):
            while (pid := os.waitpid(-1, os.WNOHANG)[0]) != 0:
                self.children.discard(pid)

    def finish(self) -> None:
        """Leave nothing behind."""
        if self.at_end:
            with contextlib.suppress(Exception):
                subprocess.run(self.at_end, stdin=subprocess.DEVNULL, timeout=60, check=False)
        for pid in list(self.children):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL if CAN_FORK else signal.SIGTERM)
        shutil.rmtree(self.folder, ignore_errors=True)


def load(app_dir: str) -> Any:
    """Import the backend's app and all of its server (slow the first time)."""
    if app_dir not in sys.path:
        sys.path.insert(0, app_dir)
    import app
    import uvicorn
    import uvicorn.lifespan.on
    import uvicorn.loops.auto
    import uvicorn.protocols.http.auto

    return uvicorn, app


def serve(app_dir: str, port: int) -> None:
    """Be a backend until SIGTERM."""
    uvicorn, app = load(app_dir)
    config = uvicorn.Config(
        app.create_app(), log_level="warning", backlog=BACKLOG, proxy_headers=False, ws="none"
    )
    uvicorn.Server(config).run(sockets=[listener(port)])


def listener(port: int) -> socket.socket:
    """A socket bound to loopback `port`, which the owner may have reserved."""
    # With the protocol named, asyncio sends small answers at once (TCP_NODELAY); without it
    # each pays a delayed acknowledgement, 40 ms.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if hasattr(socket, "SO_REUSEPORT"):
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind(("127.0.0.1", port))
    return bound


if __name__ == "__main__":
    if sys.argv[1] == "--backend":
        serve(sys.argv[2], int(sys.argv[3]))
    else:
        KeeperProcess(Path(sys.argv[1]), at_end=sys.argv[2:]).run()
