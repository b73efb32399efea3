"""The container images: out of Podman on one machine, and into Podman on another."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caddylab._cli.bundle.installer.files import CHUNK
from caddylab._errors import BundleError, CaddylabError
from caddylab._runtimes.podman import images
from caddylab._runtimes.podman import service as podman_service

if TYPE_CHECKING:
    from podman import PodmanClient


def names() -> list[str]:
    """Both images of a lab."""
    return [images.CADDY, images.backend()]


def save(path: Path) -> None:
    """Write both images as `podman save` does; they are pulled and built where missing.

    Raises:
        RuntimeUnavailable: there is no Podman here, or Caddy's image cannot be pulled.
        StartFailed: the backend's image cannot be built.
        BundleError: Podman cannot save them.
    """
    with podman_service.at_hand() as service, path.open("wb") as file:
        images.ensure(service.client)
        parameters = {"format": "docker-archive", "references": names()}
        answer = service.client.api.get("/images/export", params=parameters, stream=True)
        with closing(answer):
            if not answer.ok:
                raise BundleError(f"Podman could not save the images: {_message(answer)}")
            shutil.copyfileobj(answer.raw, file, CHUNK)


def load(archive: Path) -> str:
    """Load the images into this machine's Podman, if it has one; returns what to say about it."""
    try:
        with podman_service.at_hand() as service:
            return _load(service.client, archive)
    except (CaddylabError, OSError) as error:
        return f"The container images are not loaded, and labs will run as processes. {error}"


def _load(client: PodmanClient, archive: Path) -> str:
    if not images.missing(client):
        return "Podman has the container images already."
    print("Loading the container images into Podman", flush=True)
    with archive.open("rb") as file:
        answer = client.api.post(
            "/images/load", data=file, headers={"Content-Type": "application/x-tar"}
        )
    if not answer.ok:
        raise BundleError(f"Podman says: {_message(answer)}")
    if missing := images.missing(client):
        raise BundleError(f"Podman took them, but has no {' and no '.join(missing)} now.")
    return "Podman has the container images now."


def _message(answer: Any) -> str:
    try:
        return str(json.loads(answer.text)["message"])
    except (ValueError, KeyError, TypeError):
        return str(answer.text)
