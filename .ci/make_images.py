"""Make the lab's images in the Podman at CONTAINER_HOST, from stand-ins for the base images."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from podman import PodmanClient

from caddylab._runtimes.podman import images

PYTHON = "docker.io/library/python:3.11-slim"
PATH = "PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
PYTHON_CHANGES = [f"ENV {PATH}", "ENV LANG=C.UTF-8", 'CMD ["python3"]']
CADDY_CHANGES = [
    f"ENV {PATH}", "ENV XDG_CONFIG_HOME=/config", "ENV XDG_DATA_HOME=/data", "WORKDIR /srv",
    "EXPOSE 80", "EXPOSE 443", "EXPOSE 443/udp", "EXPOSE 2019",
    'CMD ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]',
]  # fmt: skip


SCRIPT = Path(__file__).with_name("stand_ins.py")
MADE_FROM = "made-from"


def import_image(client: PodmanClient, name: str, changes: list[str], *arguments: str) -> None:
    """Make `name` from the tar stream that stand_ins.py writes, unless it is up to date."""
    sources = f"{SCRIPT.read_bytes()} {changes} {sys.base_prefix} {sys.version} {images.CADDY}"
    mark = hashlib.sha256(sources.encode()).hexdigest()
    if client.images.exists(name) and client.images.get(name).labels.get(MADE_FROM) == mark:
        return
    changes = [*changes, f"LABEL {MADE_FROM}={mark}"]
    command = [sys.executable, str(SCRIPT), *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as stand_in:
        answer = client.api.post(
            "/images/import", params={"reference": name, "changes": changes},
            data=stand_in.stdout, headers={"Content-Type": "application/x-tar"},
        )  # fmt: skip
        answer.raise_for_status()
    if stand_in.returncode:
        sys.exit(stand_in.returncode)


def show_steps(_share: float, line: str) -> None:
    """Print the main lines of a build's log."""
    if "STEP" in line:
        print(line, flush=True)


def main() -> None:
    """Import both base images and build the backend on one of them, as a lab does."""
    if sys.argv[1] == "--names":
        print(PYTHON, images.CADDY, images.backend())
        return
    with PodmanClient(base_url=os.environ["CONTAINER_HOST"]) as client:
        import_image(client, PYTHON, PYTHON_CHANGES, "python")
        import_image(client, images.CADDY, CADDY_CHANGES, "caddy", sys.argv[1])
        images.ensure(client, progress=show_steps)


if __name__ == "__main__":
    main()
