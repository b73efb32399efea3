"""`caddylab doctor`: what works on this machine, and how to mend what does not."""

from __future__ import annotations

import argparse
import platform
import socket
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from caddylab._caddy.running.version import CADDY_IMAGE, CADDY_VERSION
from caddylab._cli import Commands
from caddylab._machine.ports import LOOPBACK


@dataclass(frozen=True)
class Check:
    """`look` says what it found, or raises an error that says what is wrong."""

    name: str
    look: Callable[[], str]
    mend: str
    is_runtime: bool = False
    optional: bool = False


class Ailing(Exception):
    """Raised when something on this machine does not work."""


def add(commands: Commands) -> None:
    """Add the command to `caddylab`."""
    parser = commands.add_parser(
        "doctor", help="say what works on this machine, and how to mend the rest"
    )
    parser.set_defaults(run=run)


def run(_: argparse.Namespace) -> int:
    """Examine this machine."""
    return examine()


def doctor() -> None:
    """Say what works on this machine, and how to mend what does not; takes some seconds."""
    examine()


def examine() -> int:
    """Print a line for each check; 0 if a lab can run here in at least one way."""
    healthy = [check.name for check in CHECKS if _report(check) and check.is_runtime]
    if not healthy:
        print("\nNo lab can run here yet: mend one of the last two.")
        return 1
    print(f"\nLabs run here on {' and on '.join(healthy)}.")
    return 0


def _report(check: Check) -> bool:
    try:
        print(f"ok      {check.name}: {check.look()}", flush=True)
    except Exception as error:  # whatever is broken, the other checks are still made
        verdict = "-       optional " if check.optional else "NOT OK  "
        print(f"{verdict}{check.name}: {_indented(str(error) or repr(error))}")
        print(f"        → {check.mend}", flush=True)
        return False
    return True


def _indented(text: str) -> str:
    return text.strip().replace("\n", "\n        ")


def _python() -> str:
    if sys.version_info < (3, 11):  # noqa: UP036 (pip can be told to ignore requires-python)
        raise Ailing(f"{platform.python_version()} is too old")
    return f"{platform.python_version()} ({sys.executable})"


def _caddy() -> str:
    from caddylab._caddy.running import program

    path = program.executable()
    found = program.version(path)
    if found != CADDY_VERSION:
        raise Ailing(f"{path} is {found}, the course needs {CADDY_VERSION}")
    return f"{found} ({path})"


def _ports() -> str:
    with ExitStack() as stack:
        for _ in range(10):
            stack.enter_context(socket.socket()).bind((LOOPBACK, 0))
    return f"free ones on {LOOPBACK}"


def _temporary_folder() -> str:
    from caddylab._runtimes.lab_folder import base

    with tempfile.NamedTemporaryFile(dir=base()) as file:
        file.write(b"x" * 1_000_000)
        file.flush()
    return str(base())


def _widgets() -> str:
    from importlib.metadata import version

    from jupyter_core.paths import jupyter_path

    folders = [Path(path) for path in jupyter_path("labextensions")]
    for extension in ("@jupyter-widgets/jupyterlab-manager", "anywidget"):
        if not any((folder / extension / "package.json").is_file() for folder in folders):
            raise Ailing(f"JupyterLab's part of {extension} is missing")
    packages = ("jupyterlab", "ipywidgets", "jupyterlab_widgets", "anywidget")
    return ", ".join(f"{package} {version(package)}" for package in packages)


def _trust() -> str:
    from caddylab._cli import authorities

    return authorities.examine()


def _processes() -> str:
    return _answer_of_a_lab("process")


def _podman() -> str:
    from caddylab._runtimes.podman import presence as podman

    works, why = podman.available()
    if not works:
        raise Ailing(why)
    print(f"...     Podman: {why}", flush=True)  # which may take minutes
    return _answer_of_a_lab("podman")


def _answer_of_a_lab(runtime: str) -> str:
    from caddylab._notebook.lab import Lab

    with redirect_stdout(StringIO()), Lab(runtime=runtime) as lab:
        answer = lab.get("/")
    if answer.status_code != 200:
        raise Ailing(f"a lab answered {answer.status_code} instead of 200")
    return f"a lab ran, and its backend {answer.headers['X-Backend']} answered through Caddy"


_REINSTALL = "Install the course again: make course in a checkout, else pip install its wheel."
CHECKS = (
    Check("Python", _python, "Install Python 3.11 or newer and make a new environment with it."),
    Check("Caddy", _caddy, _REINSTALL),
    Check("Ports", _ports, "Close programs that hold many ports, or restart the machine."),
    Check("Temporary folder", _temporary_folder, "Set TMPDIR to a folder that you may write to."),
    Check("Widgets", _widgets, _REINSTALL),
    Check(
        "Certificates", _trust, "Labs install none any more. To be asked about each: caddylab clean"
    ),
    Check("processes", _processes, "Mend what is not ok above, then: caddylab clean", True),
    Check(
        "Podman",
        _podman,
        "Podman is optional: without it, labs run as processes. To find out more, see what these "
        f"say: podman info; podman run --rm {CADDY_IMAGE} caddy version",
        is_runtime=True,
        optional=True,
    ),
)
