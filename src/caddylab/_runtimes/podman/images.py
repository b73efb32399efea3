"""The two images of a lab: Caddy's is pulled, the backend's is built from the course's files."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import re
import tarfile
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from caddylab._caddy.running.version import CADDY_IMAGE
from caddylab._errors import RuntimeUnavailable, StartFailed
from caddylab._look.progress_bar import Bar
from caddylab._machine import shipped

if TYPE_CHECKING:
    from podman import PodmanClient

CADDY = CADDY_IMAGE
BACKEND = "localhost/caddylab-backend"
TAIL = 20
REGISTRY_TIMEOUT = 4.0

Progress = Callable[[float, str], None]
"""Called with the progress (0 to 1) and the last line of the log."""


def backend() -> str:
    """The backend's image, named after the content of everything it is built from."""
    digest = hashlib.sha256()
    for path, content in _sources():
        digest.update(f"{path}\0{len(content)}\0".encode() + content)
    return f"{BACKEND}:{digest.hexdigest()[:12]}"


def missing(client: PodmanClient) -> list[str]:
    """Which of the two images Podman lacks."""
    return [image for image in (CADDY, backend()) if not client.images.exists(image)]


def obtainable(client: PodmanClient) -> bool:
    """Whether Podman reaches the registry that Caddy's image comes from."""
    try:
        answer = client.api.get(f"/manifests/{CADDY}/json", timeout=REGISTRY_TIMEOUT)
    except OSError:
        return False
    return bool(answer.ok)


def ensure(client: PodmanClient, progress: Progress | None = None) -> None:
    """Pull and build what is missing, with a progress bar unless `progress` is given.

    Raises:
        RuntimeUnavailable: Caddy's image cannot be pulled.
        StartFailed: the backend's image cannot be built; the end of the log is in the message.
    """
    wanted = missing(client)
    if not wanted:
        return
    with Bar() as bar:
        show = progress or bar.show
        if CADDY in wanted:
            pull_caddy(client, show)
        if backend() in wanted:
            build_backend(client, show)


def pull_caddy(client: PodmanClient, progress: Progress) -> None:
    """Pull Caddy's image.

    Raises:
        RuntimeUnavailable: the registry cannot be reached, or refuses.
    """
    parameters = {"reference": CADDY, "policy": "missing"}
    # podman-py's own pull() hides the errors of Podman 4.
    answer = client.api.post("/images/pull", params=parameters, stream=True)
    log, error = _follow(answer, lambda line: progress(0.0, f"pulling Caddy: {line}"))
    if error or not client.images.exists(CADDY):
        raise RuntimeUnavailable(
            f"Podman could not pull {CADDY}, which the lab needs once. It says: "
            f"{error or _tail(log)}\nCheck the connection to the internet and run it again, or "
            'use Lab(runtime="process"), which needs no images.'
        )


def build_backend(client: PodmanClient, progress: Progress) -> None:
    """Build the backend's image.

    Raises:
        StartFailed: a step of the build failed; the end of the log is in the message.
    """
    image = backend()
    parameters: dict[str, Any] = {
        "dockerfile": "Containerfile", "t": image, "layers": True, "rm": True, "forcerm": True,
    }  # fmt: skip
    # podman-py's own build() returns the log only at the end.
    answer = client.api.post(
        "/build", params=parameters, data=_context(), stream=True,
        headers={"Content-Type": "application/x-tar"},
    )  # fmt: skip
    log, error = _follow(answer, _Steps(progress))
    if error or not client.images.exists(image):
        raise StartFailed(
            f"Podman could not build the backend's image: {error or 'no reason given'}\n"
            f"The end of the log:\n{_tail(log)}\n"
            "The first build needs the internet; run it again, or use "
            'Lab(runtime="process"), which needs no images.'
        )


class _Steps:
    """Turns the lines of a build's log into progress: `STEP 3/9: RUN …`."""

    def __init__(self, progress: Progress) -> None:
        self._progress, self._share = progress, 0.0

    def __call__(self, line: str) -> None:
        if step := re.match(r"STEP (\d+)/(\d+)", line):
            self._share = (int(step[1]) - 1) / int(step[2])
        self._progress(self._share, f"building the backend: {line}")


def _follow(answer: Any, show: Callable[[str], None]) -> tuple[list[str], str]:
    """Show what Podman says while it works; returns all of it, and the error if there was one."""
    log: list[str] = []
    error = ""
    with contextlib.closing(answer):  # or Podman would go on after an interrupt
        for line in _messages(answer):
            error = str(line.get("error") or error)
            for text in str(line.get("stream", "")).splitlines():
                log.append(text)
                show(text[:100])
    return log, error


def _messages(answer: Any) -> Iterator[dict[str, Any]]:
    if answer.ok:
        yield from (json.loads(line) for line in answer.iter_lines() if line)
    else:
        yield {"error": answer.json().get("message", answer.text)}


def _tail(log: list[str]) -> str:
    return "\n".join(log[-TAIL:])


def _context() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, content in _sources():
            entry = tarfile.TarInfo(path)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _sources() -> Iterator[tuple[str, bytes]]:
    folder = shipped.containers()
    app = sorted((folder / "app").rglob("*.py"))
    for file in [folder / "Containerfile", folder / "requirements.txt", *app]:
        yield file.relative_to(folder).as_posix(), file.read_bytes()
