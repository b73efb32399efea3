"""The owner's side of the keeper process (see `keeper_main`)."""

from __future__ import annotations

import contextlib
import itertools
import json
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from caddylab._errors import StartFailed
from caddylab._machine.environ import inherited
from caddylab._runtimes import nursery
from caddylab._runtimes.nursery import MARK as MARK


class Keeper:
    """A child process that outlives its owner just long enough to clean up after it.

    Args:
        folder: the lab's private folder; its name is the lab's id. The keeper removes it.
        at_end: a command that the keeper runs when the owner is gone, before it kills its children.
        forked: whether to fork it from the nursery, where there can be one, so that its first
            backend starts as quickly as all others.
    """

    def __init__(self, folder: Path, at_end: Sequence[str] = (), *, forked: bool = False) -> None:
        self.folder = folder
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        environment = inherited() | {MARK: folder.name}
        born = nursery.keeper(folder) if forked else None
        self._process = born or _started(folder, at_end, environment)
        if born:
            self._ask(do="environment", env=environment)

    def spawn(self, name: str, args: list[str], env: dict[str, str] | None = None) -> int:
        """Run a program and return its process id; its output goes to `<folder>/<name>.out`.

        Raises:
            StartFailed: one with this name runs already.
        """
        return int(self._ask(do="spawn", name=name, args=args, env=env or {}))

    def backend(self, name: str, app_dir: Path, port: int, env: dict[str, str]) -> None:
        """Start a backend on loopback `port`, unless one with this name still runs."""
        self._ask(do="backend", name=name, app_dir=str(app_dir), port=port, env=env)

    def look(self, name: str) -> dict[str, Any] | None:
        """What is known about the last child with this name; None: there never was one.

        It has `pid`, `instance`, `running`, `ended` (Unix time) and `how` it ended.
        """
        found: dict[str, Any] | None = self._ask(do="look", name=name)
        return found

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def nothing_at_end(self) -> None:
        """Cancel `at_end`: it has already been done."""
        self._ask(do="nothing_at_end")

    def close(self) -> None:
        """End the keeper and all its children; returns when it is gone. Safe to call twice."""
        with self._lock:
            if self._process.stdin and not self._process.stdin.closed:
                with contextlib.suppress(BrokenPipeError):  # it was killed
                    self._process.stdin.close()
            self._process.wait()
            if self._process.stdout:
                self._process.stdout.close()

    def _ask(self, **command: Any) -> Any:
        with self._lock:
            answer = self._answer(next(self._numbers), command)
        if answer is None:
            raise StartFailed(
                "The lab's keeper process has ended, so nothing can be started any more. "
                "Close this lab and make a new one with Lab()."
            )
        if "error" in answer:
            raise StartFailed(f"The lab's keeper could not {command['do']}: {answer['error']}")
        return answer["ok"]

    def _answer(self, number: int, command: dict[str, Any]) -> dict[str, Any] | None:
        """The keeper's answer to this very command; None when the keeper has ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(OSError, ValueError):
            self._process.stdin.write(json.dumps({"number": number, **command}) + "\n")
            self._process.stdin.flush()
            for line in self._process.stdout:
                answer = _read(line)
                if answer.get("number") == number:  # otherwise the caller stopped waiting for it
                    return answer
        return None


def _started(
    folder: Path, at_end: Sequence[str], environment: dict[str, str]
) -> subprocess.Popen[str]:
    script = Path(__file__).with_name("keeper_main.py")
    with open(folder / "keeper.out", "ab") as out:
        return subprocess.Popen(
            [sys.executable, str(script), str(folder), *at_end],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=out, text=True, env=environment,
            start_new_session=True,  # Ctrl-C in the notebook is not meant for it
        )  # fmt: skip


def _read(line: str) -> dict[str, Any]:
    try:
        answer = json.loads(line)
    except ValueError:  # the rest of an answer that was read only in part
        return {}
    return answer if isinstance(answer, dict) else {}
