"""nbgrader's own commands, and what it finds in a notebook."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import nbformat


def checks(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    """The cells that are worth points."""
    return [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade")]


def nbgrader(folder: Path, *arguments) -> str:
    return shell(sys.executable, "-m", "nbgrader", *arguments, folder=folder)


def shell(*command, folder: Path) -> str:
    """The output of a command that must succeed."""
    programs = sysconfig.get_path("scripts")  # nbgrader looks for one of its own programs
    path = os.pathsep.join([programs, os.environ["PATH"]])
    done = subprocess.run(
        command, cwd=folder, env=os.environ | {"PATH": path}, capture_output=True, text=True,
        timeout=280, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
