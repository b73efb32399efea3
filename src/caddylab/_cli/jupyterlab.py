"""Start JupyterLab at the first chapter."""

from __future__ import annotations

import os
import sys
from pathlib import Path

SETTINGS = Path(__file__).with_name("jupyter")
"""A Jupyter configuration folder with our defaults: nothing asks another host, nothing distracts.

JupyterLab would look for news, for new versions and, in its list of extensions, for more of them.
What a teacher or a developer has installed beside it (nbgrader) stays out of a learner's sight, so
does the file that keeps predictions, and file names have the whole width of their list.
"""


def serve(folder: Path, *, browser: bool, port: int | None) -> int:
    """Serve `folder` in JupyterLab until it is told to end; prints its address.

    Args:
        folder: has the chapters in `course/`.
        browser: whether to open one, where this machine can show it.
        port: the port to try first.
    """
    paths = [str(SETTINGS), os.environ.get("JUPYTER_CONFIG_PATH", "")]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, paths))

    from jupyterlab.labapp import main  # takes 2 s

    main(_arguments(folder, browser and _has_screen(), port))
    return 0


def _arguments(folder: Path, browser: bool, port: int | None) -> list[str]:
    arguments = [
        "--log-level=WARN",
        f"--ServerApp.root_dir={folder.resolve()}",
        f"--LabApp.default_url={_address(folder)}",
    ]
    arguments += [] if browser else ["--no-browser"]
    arguments += [f"--port={port}"] if port else []
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--allow-root")  # it listens on loopback only, and requires its token
    return arguments


def _address(folder: Path) -> str:
    chapters = sorted(path.name for path in (folder / "course").glob("*.ipynb"))
    return f"/lab/tree/course/{chapters[0]}" if chapters else "/lab"


def _has_screen() -> bool:
    if sys.platform in ("win32", "darwin"):
        return True
    return any(name in os.environ for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))
