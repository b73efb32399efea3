"""What Caddy is told when it runs in a container: its admin API and the way to its log."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from caddylab._caddy.running.persistent import Persistent, always
from caddylab._caddy.safety import memory
from caddylab._errors import CaddyfileError
from caddylab._machine import loopback
from caddylab._runtimes.base import Address

if TYPE_CHECKING:
    from caddylab._runtimes.podman.container import Container

SITE_PORT = 80
MOST_BYTES = 50_000_000
ADMIN_PORT = 2019
LOG_PORT = 2020
CONNECT = 2.0
"""Seconds within which a running container accepts a connection."""
FIRST_DOOR = 20_000
"""The first site's port is 80; those of the others are numbered from here."""
OWN_FOLDER = "/tmp/caddylab"
LOG_FILE = "/tmp/caddylab.log"
SECRET_HEADER = "X-Caddylab-Secret"
BOOT = "CADDYLAB_BOOT"


def door(n: int) -> int:
    """The port in the container for the `n`-th of a Caddyfile's ports."""
    return FIRST_DOOR + n if n else SITE_PORT


def command() -> list[str]:
    """The command that starts Caddy, its boot configuration removed from the environment.

    A Caddyfile can print environment variables.
    """
    boot = f'printf %s "${BOOT}" > /tmp/boot.json && unset {BOOT}'
    return ["sh", "-c", f"{boot} && {memory.LIMIT}exec caddy run --config /tmp/boot.json"]


def config(secret: str) -> dict[str, Any]:
    """What every configuration of this Caddy must hold, the first one included.

    The admin API listens on all of the container's interfaces, or it could not be published;
    so it answers only requests with the secret as their `Origin`.
    """
    admin = {
        "listen": f":{ADMIN_PORT}",
        "enforce_origin": True,
        "origins": [f"http://{secret}"],
        "config": {"persist": False},
    }
    return {"admin": admin, "apps": {"http": {"servers": {"caddylab": _log_server(secret)}}}}


def bring(container: Container, path: Path) -> str:
    """Copy a file or folder of this machine into the container; returns its path there."""
    if path.exists():
        container.put(packed(path, OWN_FOLDER + "/files"))
    return f"{OWN_FOLDER}/files{path}"


def packed(path: Path, under: str) -> bytes:
    """A tar archive of a file or folder, at its own path below `under`; links stay links.

    Raises:
        CaddyfileError: it is too large to be copied with each load.
    """
    size = 0
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for each in [path, *(sorted(path.rglob("*")) if path.is_dir() else [])]:
            if each.is_dir() or each.is_file():
                size += each.stat().st_size if each.is_file() else 0
                if size > MOST_BYTES:
                    raise _too_large(path)
                archive.add(each, f"{under}{each}".lstrip("/"), recursive=False)
    return buffer.getvalue()


def _too_large(path: Path) -> CaddyfileError:
    return CaddyfileError(
        f"{path} holds more than {MOST_BYTES // 1_000_000} MB, too much to copy it into Caddy's "
        "container.",
        help="Use a smaller folder, or a lab of processes, which reads it where it is.",
    )


def log_writer() -> dict[str, Any]:
    """Caddy's `writer` for the lab's own log."""
    return {"output": "file", "filename": LOG_FILE, "roll": False}


def admin(address: Address, secret: str, runs: Callable[[], bool] = always) -> httpx.Client:
    """A client of the admin API; `runs` says whether it is worth asking again."""
    return _client(address, {"Origin": f"http://{secret}"}, runs)


class ContainerLog:
    """Reads the lab's log from the server that `config` describes."""

    def __init__(self, address: Address, secret: str, runs: Callable[[], bool] = always) -> None:
        self._client = _client(address, {SECRET_HEADER: secret}, runs)

    def read(self, offset: int) -> bytes:
        """What the log holds from `offset` on; empty when there is nothing new.

        Raises:
            httpx.HTTPError: Caddy does not answer, or answers with an error.
        """
        answer = self._client.get("/", headers={"Range": f"bytes={offset}-"})
        if answer.status_code in (httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE, 404):
            return b""  # nothing new, or nothing yet
        return answer.raise_for_status().content

    def close(self) -> None:
        """Close the connection."""
        self._client.close()


def _log_server(secret: str) -> dict[str, Any]:
    folder, _, name = LOG_FILE.rpartition("/")
    file = [{"handler": "rewrite", "uri": f"/{name}"}, {"handler": "file_server", "root": folder}]
    return {
        "listen": [f":{LOG_PORT}"],
        "automatic_https": {"disable": True},
        "routes": [
            {"match": [{"header": {SECRET_HEADER: [secret]}}], "handle": file},
            {"handle": [{"handler": "static_response", "status_code": 403}]},
        ],
    }


def _client(address: Address, headers: dict[str, str], runs: Callable[[], bool]) -> httpx.Client:
    host, port = address
    url, transport = f"http://{host}:{port}", Persistent(runs, verify=False)
    timeout = httpx.Timeout(10, connect=CONNECT)
    return loopback.client(url, headers=headers, timeout=timeout, transport=transport)
