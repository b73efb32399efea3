"""The pip of this environment, or one in an environment of its own: ours may have none."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from caddylab._errors import BundleError

TAIL = 12


@contextmanager
def at_hand() -> Iterator[list[str]]:
    """The command that is pip, for the `with` block.

    Raises:
        BundleError: there is no pip here and none can be made.
    """
    if find_spec("pip"):
        yield [sys.executable, "-m", "pip"]
        return
    with tempfile.TemporaryDirectory() as folder:
        yield [str(_environment(Path(folder))), "-m", "pip"]


def _environment(folder: Path) -> Path:
    making = [sys.executable, "-m", "venv", str(folder)]
    done = subprocess.run(making, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BundleError(
            "Packages are downloaded by pip, which is missing here, and Python could not make "
            f"one:\n{done.stdout}{done.stderr}\n"
            "On Debian and Ubuntu this mends it: sudo apt install python3-venv"
        )
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def run(
    command: Sequence[str],
    show: Callable[[str], None],
    failure: str,
    cwd: Path | None = None,
) -> None:
    """Run it in the folder `cwd` and show each line of its output.

    Raises:
        BundleError: it failed; `failure` and the end of its output are in the message.
    """
    said = []
    with subprocess.Popen(
        command,
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout
        for line in process.stdout:
            said.append(line.rstrip())
            show(said[-1])
    if process.returncode != 0:
        raise BundleError("\n".join([failure, *(f"  {line}" for line in said[-TAIL:])]))
