"""The keeper: a small process that ends a lab's processes when the lab's owner is gone.

It is run as a script, reads one JSON command a line from its standard input and answers each
with one line that carries the command's number. It knows each child by its name, even one that
nobody has heard of because the answer was never read. When the input ends (the owner closed it,
or died, even by SIGKILL), it runs the command that it was given for the end, kills its children
and removes the lab's folder.

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
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

CAN_FORK = hasattr(os, "fork")
INSTANCE = "CONTROL_INSTANCE"
"""Environment variable that names a backend's process to itself."""
PATIENCE = 2.0
"""Seconds for children to be gone after they were killed."""


class Child:
    """A child, living or dead.

    Args:
        pid: its process id.
        instance: tells it apart from earlier and later children of the same name.
        program: the `Popen` object, where the child was not forked.
    """

    def __init__(
        self, pid: int, instance: str, program: subprocess.Popen[bytes] | None = None
    ) -> None:
        self.pid, self.instance, self._program = pid, instance, program
        self.ended: float | None = None
        self.how = ""

    def lives(self) -> bool:
        """Whether it still runs; notes its end, and leaves no zombie."""
        if self.ended is None and (code := self._code()) is not None:
            self.ended, self.how = time.time(), _in_words(code)
        return self.ended is None

    def _code(self) -> int | None:
        if not CAN_FORK:
            assert self._program is not None
            return self._program.poll()
        try:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
        except ChildProcessError:
            return 0
        return os.waitstatus_to_exitcode(status) if pid else None

    def report(self) -> dict[str, Any]:
        """Everything known about it, for the owner."""
        running = self.lives()
        return {"pid": self.pid, "instance": self.instance, "running": running,
                "ended": self.ended, "how": self.how}  # fmt: skip


def _in_words(code: int) -> str:
    """How a process has ended: "SIGKILL", "exit status 1"."""
    if code >= 0:
        return f"exit status {code}"
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


class KeeperProcess:
    """Spawns and forks children, and kills them at the end."""

    def __init__(self, folder: Path, at_end: list[str]) -> None:
        self.folder, self.at_end = folder, at_end
        self.children: dict[str, Child] = {}
        self.born = 0

    def run(self) -> None:
        """Serve commands until the input ends, then clean up."""
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # only the end of the input ends a keeper
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), signal.SIG_IGN)
        if CAN_FORK:
            signal.signal(signal.SIGCHLD, lambda *_: self.reap())
        try:
            for line in sys.stdin:
                command = json.loads(line)
                number = command.pop("number")
                print(json.dumps({"number": number, **self.answer(command)}), flush=True)
        finally:
            self.finish()

    def answer(self, command: dict[str, Any]) -> dict[str, Any]:
        """Carry out one command; an error is an answer, too."""
        try:
            return {"ok": getattr(self, "do_" + command.pop("do"))(**command)}
        except Exception as error:  # the owner raises it
            return {"error": f"{type(error).__name__}: {error}"}

    def do_environment(self, env: dict[str, str]) -> None:
        """Set exactly these environment variables."""
        os.environ.clear()
        os.environ.update(env)

    def do_spawn(self, name: str, args: list[str], env: dict[str, str]) -> int:
        """Run a program; its output goes to `<name>.out` in the lab's folder."""
        if self.lives(name):
            raise RuntimeError(f"{name} still runs, as process {self.children[name].pid}")
        return self.spawn(name, args, env).pid

    def spawn(self, name: str, args: list[str], env: dict[str, str]) -> Child:
        with open(self.folder / f"{name}.out", "ab") as out:
            child = subprocess.Popen(
                args, env={**os.environ, **env}, cwd=self.folder, stdin=subprocess.DEVNULL,
                stdout=out, stderr=subprocess.STDOUT,
            )  # fmt: skip
        return self.know(name, Child(child.pid, env.get(INSTANCE, ""), child))

    def do_backend(self, name: str, app_dir: str, port: int, env: dict[str, str]) -> None:
        """Start one backend of the app in `app_dir` on loopback `port`, unless it runs.

        Two with one name would share the port, and take turns.
        """
        if self.lives(name):
            return
        self.born += 1
        env = env | {INSTANCE: f"{name}-{self.born}"}
        if not CAN_FORK:
            python, more = unwrapped()
            args = [python, __file__, "--backend", app_dir, str(port)]
            self.spawn(name, args, env | more)
            return
        load(app_dir)
        gc.freeze()  # else collections in a child write to, and so copy, all that was imported
        pid = os.fork()
        if pid == 0:
            self.become_backend(name, app_dir, port, env)
        self.know(name, Child(pid, env[INSTANCE]))

    def do_look(self, name: str) -> dict[str, Any] | None:
        """What is known about the last child with this name."""
        return self.children[name].report() if name in self.children else None

    def lives(self, name: str) -> bool:
        return name in self.children and self.children[name].lives()

    def know(self, name: str, child: Child) -> Child:
        self.children[name] = child
        child.lives()  # a child that ended at once was not registered when its signal came
        return child

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
        """Note which children have ended, so that none stays a zombie."""
        for child in list(self.children.values()):
            child.lives()

    def finish(self) -> None:
        """Leave nothing behind."""
        if self.at_end:
            with contextlib.suppress(Exception):
                subprocess.run(self.at_end, stdin=subprocess.DEVNULL, timeout=60, check=False)
        for child in list(self.children.values()):
            if child.lives():
                with contextlib.suppress(OSError):
                    os.kill(child.pid, signal.SIGKILL if CAN_FORK else signal.SIGTERM)
        self.await_ends()
        shutil.rmtree(self.folder, ignore_errors=True)

    def await_ends(self) -> None:
        """Return when no child lives: a signal sent is not yet a signal obeyed."""
        end = time.monotonic() + PATIENCE
        while any(child.lives() for child in self.children.values()) and time.monotonic() < end:
            time.sleep(0.002)


def unwrapped() -> tuple[str, dict[str, str]]:
    """This Python, and what its environment needs: on Windows that of a virtual environment only
    starts the real one, and who suspends it leaves that running."""
    base: str = getattr(sys, "_base_executable", sys.executable)
    if os.name != "nt" or base == sys.executable:
        return sys.executable, {}
    return base, {"__PYVENV_LAUNCHER__": sys.executable}


def load(app_dir: str) -> Any:
    """Import the backend's app and all of its server (slow the first time)."""
    if app_dir not in sys.path:
        sys.path.insert(0, app_dir)
    import app.backend
    import uvicorn.lifespan.on
    import uvicorn.loops.auto
    import uvicorn.protocols.http.auto
    import uvicorn.protocols.websockets.wsproto_impl  # noqa: F401

    return app


def serve(app_dir: str, port: int) -> None:
    """Serve as a backend on loopback `port`, which the owner may have reserved, until SIGTERM."""
    app = load(app_dir)
    app.run(app.bind(("127.0.0.1", port)))


if __name__ == "__main__":
    if sys.argv[1] == "--backend":
        serve(sys.argv[2], int(sys.argv[3]))
    else:
        KeeperProcess(Path(sys.argv[1]), at_end=sys.argv[2:]).run()
