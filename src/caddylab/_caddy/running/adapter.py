"""A Caddyfile through `caddy adapt`, before there is a Caddy that runs."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from caddylab._caddy.running import program
from caddylab._errors import RuntimeUnavailable

SECONDS = 30
"""How long Caddy may think about a Caddyfile."""


def adapt(text: str, folder: Path | None = None) -> tuple[dict[str, Any] | None, str]:
    """The JSON that Caddy makes of a Caddyfile, or else its refusal.

    Args:
        text: the Caddyfile.
        folder: where its relative paths begin.

    Raises:
        RuntimeUnavailable: there is no Caddy, or it gives no answer.
    """
    words = [str(program.executable()), "adapt", "--adapter", "caddyfile", "--config", "-"]
    try:
        done = subprocess.run(
            words, input=text, capture_output=True, text=True, encoding="utf-8", check=False,
            cwd=folder, timeout=SECONDS,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError) as error:
        raise RuntimeUnavailable(f"Caddy does not adapt a Caddyfile: {error}") from error
    if done.returncode == 0:
        config: dict[str, Any] = json.loads(done.stdout)
        return config, ""
    return None, _message(done.stderr)


def _message(printed: str) -> str:
    """What Caddy says on its last line of standard error."""
    last = (printed.strip().splitlines() or [""])[-1]
    try:
        return str(json.loads(last)["msg"])
    except (ValueError, KeyError, TypeError):
        return last
