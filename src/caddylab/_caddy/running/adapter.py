"""Adapting a Caddyfile with `caddy adapt`, before any Caddy is running."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from caddylab._errors import RuntimeUnavailable
from caddylab._machine.spawned import spawned

SECONDS = 30
"""Seconds that Caddy may take to adapt a Caddyfile."""

STDIN = "-"
"""What Caddy calls the file that it reads from its standard input."""


def adapt(
    program: Path, text: str, folder: Path | None = None, values: Mapping[str, str] | None = None
) -> tuple[dict[str, Any] | None, str]:
    """The JSON that Caddy makes of a Caddyfile; or None, and Caddy's message.

    Args:
        program: the Caddy to ask.
        text: the Caddyfile.
        folder: the folder that its relative paths start from; by default this process's.
        values: the environment variables; by default those of this process.

    Raises:
        RuntimeUnavailable: the program does not answer, or not as a Caddy does.
    """
    command = [str(program), "adapt", "--adapter", "caddyfile", "--config", STDIN]
    environment = None if values is None else dict(values)
    try:
        code, out, said = _asked(command, text, folder, environment)
    except (OSError, subprocess.SubprocessError) as error:
        raise RuntimeUnavailable(f"{program} does not answer as a Caddy does: {error}") from error
    if code == 0:
        config = json.loads(out)
        return config or {}, ""
    return None, _message(program, said.decode(errors="replace"))


def _asked(
    command: list[str], text: str, folder: Path | None, environment: dict[str, str] | None
) -> tuple[int, bytes, bytes]:
    """The exit code of a command that reads the text, and what it wrote."""
    pipe = subprocess.PIPE
    asking = spawned(command, stdin=pipe, stdout=pipe, stderr=pipe, cwd=folder, env=environment)
    with asking as process:
        try:
            out, said = process.communicate(text.encode(), SECONDS)
        except BaseException:
            process.kill()
            raise
        return process.returncode, out, said


def _message(program: Path, said: str) -> str:
    """Caddy's reason, which is the last line: as JSON, or behind `Error:`."""
    last = (said.strip().splitlines() or [""])[-1]
    if last.startswith("Error: "):
        return last.removeprefix("Error: ")
    try:
        return str(json.loads(last)["msg"])
    except (ValueError, KeyError, TypeError):
        raise RuntimeUnavailable(f"{program} does not answer as a Caddy does: {last}") from None
