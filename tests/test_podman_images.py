"""The images: built and pulled where they are missing, with a log, and without leftovers."""

from __future__ import annotations

import pytest

from caddylab._errors import RuntimeUnavailable, StartFailed
from caddylab._machine import shipped
from caddylab._runtimes.podman import images
from caddylab._runtimes.podman import presence as podman
from caddylab._runtimes.podman import service as podman_service
from caddylab._runtimes.podman.runtime import PodmanRuntime

pytestmark = pytest.mark.podman

BASE = "docker.io/library/python:3.11-slim"
NO_SUCH_IMAGE = "docker.io/library/caddy:0.0.0-nobody-has-this"


@pytest.fixture(scope="module")
def client():
    with podman_service.at_hand() as service:
        yield service.client


@pytest.fixture
def sources(tmp_path, monkeypatch):
    """A folder like containers/ with a Containerfile of our own; returns what writes it."""
    monkeypatch.setattr(shipped, "containers", lambda: tmp_path)
    (tmp_path / "app").mkdir()
    (tmp_path / "app/main.py").write_text("")
    (tmp_path / "requirements.txt").write_text("")

    def write(*lines: str) -> None:
        (tmp_path / "Containerfile").write_text("\n".join([f"FROM {BASE}", *lines, ""]))

    return write


@pytest.fixture
def no_new_images(client):
    """Removes the images that a test made."""
    before = {image.id for image in client.images.list()}
    yield
    for image in client.images.list():
        if image.id not in before:
            client.images.remove(image.id, force=True)


def working_containers(client) -> list[str]:
    answer = client.api.get("/containers/json", params={"all": True, "external": True})
    return [entry["Names"][0] for entry in answer.json() if "working" in entry["Names"][0]]


def test_the_name_follows_the_content(sources, tmp_path):
    sources("CMD true")
    name = images.backend()
    assert images.backend() == name
    (tmp_path / "app/main.py").write_text("print('new')")
    assert images.backend() != name
    (tmp_path / "app/__pycache__").mkdir()
    (tmp_path / "app/main.py").write_text("")
    assert images.backend() == name


@pytest.mark.usefixtures("no_new_images")
def test_a_build_shows_its_log_as_it_goes(client, sources):
    sources("COPY app/ app/", "RUN echo hello", "CMD true")
    assert images.missing(client) == [images.backend()]
    told = []
    images.ensure(client, lambda share, line: told.append((share, line)))
    assert images.missing(client) == []
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert shares[-1] == 0.75  # the last of four steps is being done
    assert any("hello" in line for _, line in told)


@pytest.mark.usefixtures("no_new_images")
def test_a_build_that_fails_shows_the_end_of_its_log(client, sources):
    sources("RUN echo that was the reason && false")
    with pytest.raises(StartFailed, match="that was the reason"):
        images.ensure(client, lambda *_: None)
    assert working_containers(client) == []


@pytest.mark.usefixtures("no_new_images")
def test_a_backend_that_ends_at_its_start_is_shown_and_removed(client, sources):
    sources("CMD echo no breakfast; exit 3")
    runtime = PodmanRuntime("cafe0001")
    with pytest.raises(StartFailed, match=r"backend1 ended at its start(.|\n)*no breakfast"):
        runtime.start()
    assert client.containers.list(all=True, filters=["label=caddylab.lab=cafe0001"]) == []
    assert client.networks.list(filters={"label": "caddylab.lab=cafe0001"}) == []


def test_an_image_that_cannot_be_pulled(client, monkeypatch):
    monkeypatch.setattr(images, "CADDY", NO_SUCH_IMAGE)
    with pytest.raises(RuntimeUnavailable, match="could not pull"):
        images.ensure(client, lambda *_: None)
    assert podman.available() == (
        False,
        f"Podman lacks {NO_SUCH_IMAGE} and reaches no registry; `caddylab install-bundle` can "
        "bring it.",
    )


def test_podman_is_available_when_the_images_are_there():
    assert podman.available() == (True, "Podman answers and has the images.")
