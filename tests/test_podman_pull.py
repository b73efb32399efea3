"""Pulling Caddy's image, from a registry that lives as long as the test."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from platform import machine

import pytest

from caddylab._errors import RuntimeUnavailable
from caddylab._runtimes.podman import images
from caddylab._runtimes.podman import service as podman_service
from caddylab._runtimes.podman.service import Service

pytestmark = pytest.mark.podman

MEDIA = "application/vnd.oci.image"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def tiny_image() -> dict[str, bytes]:
    """An image with one file, as a registry has it: by digest, and by its tag the index."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a-file"))
    platform = {"architecture": ARCHITECTURES[machine()], "os": "linux"}
    content: dict[str, bytes] = {}

    def add(kind: str, blob: bytes) -> dict[str, object]:
        content[digest(blob)] = blob
        return {"mediaType": f"{MEDIA}.{kind}", "size": len(blob), "digest": digest(blob)}

    contents = {"type": "layers", "diff_ids": [digest(layer.getvalue())]}
    config = platform | {"config": {}, "rootfs": contents}
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{MEDIA}.manifest.v1+json",
        "config": add("config.v1+json", json.dumps(config).encode()),
        "layers": [add("layer.v1.tar+gzip", gzip.compress(layer.getvalue()))],
    }
    listed = add("manifest.v1+json", json.dumps(manifest).encode()) | {"platform": platform}
    index = {"schemaVersion": 2, "mediaType": f"{MEDIA}.index.v1+json", "manifests": [listed]}
    return content | {images.CADDY.rpartition(":")[2]: json.dumps(index).encode()}


@pytest.fixture
def registry():
    """A registry with a tiny image in Caddy's place; yields its address and its content."""
    content = tiny_image()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = b"{}" if self.path == "/v2/" else content.get(self.path.rpartition("/")[2])
            self.send_response(200 if body else 404)
            if body and "/manifests/" in self.path:
                self.send_header("Content-Type", json.loads(body)["mediaType"])
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}", content
        server.shutdown()
        thread.join()


@pytest.fixture
def client(registry, tmp_path):
    """A Podman that has no images and takes the registry for docker.io."""
    if shutil.which("podman") is None:
        pytest.skip("There is no `podman` program to start a service with.")
    places = {"graphroot": "store", "rootless_storage_path": "store", "runroot": "run"}
    lines = ["[storage]", 'driver="overlay"']
    lines += [f'{name}="{tmp_path}/{place}"' for name, place in places.items()]
    (tmp_path / "storage.conf").write_text("\n".join(lines))
    (tmp_path / "registries.conf").write_text(
        f'[[registry]]\nprefix="docker.io"\nlocation="{registry[0]}"\ninsecure=true\n'
    )
    environment = os.environ | {
        "CONTAINERS_STORAGE_CONF": f"{tmp_path}/storage.conf",
        "CONTAINERS_REGISTRIES_CONF": f"{tmp_path}/registries.conf",
    }
    environment.pop("CONTAINER_HOST", None)
    path, log = tmp_path / "podman.sock", tmp_path / "podman.out"
    with log.open("wb") as out:
        command = podman_service.command(path)
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=out)
    service = Service(podman_service.wait_for(path, log))
    yield service.client
    service.close()
    process.terminate()
    process.wait()
    unmount(tmp_path)


def unmount(folder: Path) -> None:
    """Free what Podman keeps mounted in its store, so that the folder can be removed."""
    mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for mount in mounts:
        if mount.startswith(str(folder)):
            subprocess.run(["umount", mount], check=True)


def test_a_missing_image_is_pulled_and_said_to_be(client):
    assert images.CADDY in images.missing(client)
    assert images.obtainable(client)
    told = []
    images.pull_caddy(client, lambda _share, line: told.append(line))
    assert images.CADDY not in images.missing(client)
    assert any(images.CADDY in line for line in told)


def test_a_pull_that_breaks_off_says_why(client, registry):
    content = registry[1]
    for name in [name for name in content if name.startswith("sha256:")]:
        del content[name]
    with pytest.raises(RuntimeUnavailable, match="could not pull"):
        images.pull_caddy(client, lambda *_: None)


def test_a_registry_without_the_image_cannot_help(client, registry):
    registry[1].clear()
    assert not images.obtainable(client)
