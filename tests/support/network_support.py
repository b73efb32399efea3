"""Networks for tests: none at all, and one whose every packet is recorded.

Both are kernel namespaces, so they apply to every process of the command, whatever it does.
Processes that a command leaves behind end with it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

WATCH = Path(__file__).with_name("watched_network.py")
APART = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
LOOPBACK_ONLY = ["sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
PLAIN = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}


@dataclass(frozen=True)
class Done:
    """A finished command: what it printed, and the packets that it sent to other hosts."""

    returncode: int
    said: str
    packets: tuple[str, ...] = ()


def without_network(
    *command: str | Path, cwd: Path, env: Mapping[str, str] | None = None, timeout: float = 100
) -> Done:
    """Run a command with only loopback, an empty home and no settings but `env`."""
    with tempfile.TemporaryDirectory() as home:
        settings = _settings(home) | (env or {})
        words = [*_unshare(), *LOOPBACK_ONLY, *map(str, command)]
        return _run(words, cwd=cwd, env=settings, timeout=timeout)


def watched(*command: str | Path, cwd: Path, timeout: float = 100) -> Done:
    """Run a command and record every packet to another host; with its own home, no proxies."""
    _need_tunnel()
    with tempfile.TemporaryDirectory() as home:
        report = Path(home, "packets.json")
        settings = _settings(home)
        words = [*_unshare(), sys.executable, str(WATCH), str(report), *map(str, command)]
        done = _run(words, cwd=cwd, env=settings, timeout=timeout)
        packets = json.loads(report.read_text()) if report.exists() else ["no report"]
        return Done(done.returncode, done.said, tuple(packets))


def _settings(home: str) -> dict[str, str]:
    # Labs inside and outside must not find each other: seeing no owner, they would clean up.
    temporary = Path(home, "tmp")
    temporary.mkdir()
    return PLAIN | {"HOME": home, "TMPDIR": str(temporary)}


def _run(words: Sequence[str], *, cwd: Path, env: Mapping[str, str], timeout: float) -> Done:
    done = subprocess.run(
        words, cwd=cwd, env=env, timeout=timeout, check=False, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return Done(done.returncode, done.stdout)


@cache
def _unshare() -> tuple[str, ...]:
    """The command that creates namespaces on this machine."""
    if not (shutil.which("unshare") and shutil.which("ip", path=PLAIN["PATH"])):
        pytest.skip("Namespaces are made with `unshare` and `ip` (Debian: util-linux, iproute2).")
    command = ("unshare", *(() if os.geteuid() == 0 else ("--map-root-user",)), *APART)
    tried = subprocess.run([*command, "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"This machine lets us make no network namespace: {tried.stderr.strip()}")
    return command


def _need_tunnel() -> None:
    if not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        pytest.skip("A network that is watched needs /dev/net/tun, which we may not open here.")
