"""The whole course in one file, installed and run where there is no network.

Making it needs packages: those in the folder CADDYLAB_WHEELS, or they are downloaded once, to
pytest's own cache. Where neither can be, these tests are skipped; with CADDYLAB_WHEELS they fail.
"""

import hashlib
import io
import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from bundle_support import BASE
from html_support import lost, read
from network_support import without_network
from test_podman_pull import unmount

from caddylab._cli import notebooks
from caddylab._cli.bundle.installer.files import MAIN, SUMS, TOP
from caddylab._machine import shipped
from caddylab._runtimes.podman import service as podman_service

WHEELS = "CADDYLAB_WHEELS"
LIST = f"{TOP}/{SUMS}"
AGAIN = """
import sys
from pathlib import Path
from caddylab._machine import shipped
from caddylab._cli.bundle import own_wheel
own_wheel.make(Path(sys.argv[1]))
print(shipped.lock().read_text())
"""
LAB = "from caddylab import Lab\nwith Lab('podman') as lab: print(lab.get('/').status_code)"


def contents(wheel):
    """Every file but the list of them, whose order is nobody's concern."""
    with zipfile.ZipFile(wheel) as archive:
        return {n: archive.read(n) for n in archive.namelist() if not n.endswith("/RECORD")}


@dataclass(frozen=True)
class Made:
    """A bundle, and what `caddylab bundle` said about it."""

    path: Path
    said: str


@pytest.fixture(scope="session")
def wheels(request):
    """A folder with the packages of the course, which may be empty yet."""
    given = os.environ.get(WHEELS)
    return Path(given) if given else request.config.cache.mkdir("wheels")


@pytest.fixture(scope="session")
def bundle(wheels, pages, tmp_path_factory):
    """The course in one file, with images where Podman is."""
    folder = tmp_path_factory.mktemp("bundle")
    command = [sys.executable, "-m", "caddylab", "bundle", "--to", folder, "--wheels", wheels]
    done = subprocess.run(
        [*command, "--html", pages], capture_output=True, text=True, check=False, timeout=200
    )
    if "could not be downloaded" in done.stderr and WHEELS not in os.environ:
        pytest.skip(f"No packages are at hand. {done.stderr}")
    assert done.returncode == 0, done.stderr
    (path,) = folder.iterdir()
    return Made(path, done.stdout)


@pytest.fixture
def empty_podman(tmp_path):
    """The environment in which a Podman without images answers."""
    lines = ['[storage]\ndriver="overlay"', f'graphroot="{tmp_path}/store"']
    lines += [f'rootless_storage_path="{tmp_path}/store"', f'runroot="{tmp_path}/run"']
    (tmp_path / "storage.conf").write_text("\n".join(lines))
    environment = os.environ | {"CONTAINERS_STORAGE_CONF": f"{tmp_path}/storage.conf"}
    environment.pop("CONTAINER_HOST", None)
    path, log = tmp_path / "podman.sock", tmp_path / "podman.out"
    with log.open("wb") as out:
        command = podman_service.command(path)
        process = subprocess.Popen(command, env=environment, stdout=out, stderr=out)
    yield environment | {"CONTAINER_HOST": podman_service.wait_for(path, log)}
    process.terminate()
    process.wait()
    unmount(tmp_path)


def run_with(environment, *command):
    done = subprocess.run(
        list(map(str, command)), env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.timeout(300)
class TestBundle:
    def test_it_says_what_is_in_it(self, bundle):
        for what in ("packages", "notebooks", "page files"):
            assert f" {what} " in bundle.said
        assert f"python3 {bundle.path.name}" in bundle.said
        assert hashlib.sha256(bundle.path.read_bytes()).hexdigest() in bundle.said

    def test_it_says_what_it_left_out(self, bundle):
        with zipfile.ZipFile(bundle.path) as archive:
            has_images = f"{TOP}/images.tar" in archive.namelist()
        assert has_images != ("Left out: the container images: " in bundle.said)

    def test_its_list_is_one_that_sha256sum_reads(self, bundle, tmp_path):
        with zipfile.ZipFile(bundle.path) as archive:
            small = [m for m in archive.infolist() if m.file_size < 1_000_000]
            archive.extractall(tmp_path, small)
            listed = {line.split("  ")[1] for line in archive.read(LIST).decode().splitlines()}
            assert {f"{TOP}/{name}" for name in listed} == set(archive.namelist()) - {LIST, MAIN}
        command = ["sha256sum", "--check", "--strict", "--quiet", "--ignore-missing", SUMS]
        subprocess.run(command, cwd=tmp_path / TOP, check=True)
        assert f"python3 {bundle.path.name}" in (tmp_path / TOP / "README.txt").read_text()


@pytest.fixture(scope="module")
def room(bundle, tmp_path_factory):
    """A folder without network, where the course has been installed from the bundle."""
    folder = tmp_path_factory.mktemp("room")
    done = without_network(BASE, bundle.path, "the course", cwd=folder, timeout=200)
    assert done.returncode == 0, done.said
    (folder / "said").write_text(done.said)
    return folder


@pytest.mark.timeout(300)
class TestInstalled:
    def caddylab(self, room, *words, timeout=200):
        program = room / "the course" / ".venv/bin/caddylab"
        return without_network(program, *words, cwd=room, timeout=timeout)

    def test_it_says_how_to_begin(self, room):
        said = (room / "said").read_text()
        assert '    "the course/.venv/bin/caddylab" open "the course"\n' in said

    def test_every_notebook_is_there(self, room):
        for name, path in notebooks.shipped():
            assert (room / "the course" / name).read_bytes() == path.read_bytes()

    def test_nothing_else_is_left_behind(self, room):
        made = {path.name for path in (room / "the course").iterdir()}
        assert made == {".caddylab.json", ".venv", "course", "html", "labs"}
        assert {path.name for path in room.iterdir()} == {"the course", "said"}

    def test_a_chapter_runs(self, room):
        done = self.caddylab(room, "verify", "01", "--runtime", "process")
        assert "all as on record" in done.said
        assert done.returncode == 0

    def test_no_page_asks_another_host(self, room):
        pages = sorted((room / "the course" / "html").glob("*.html"))
        assert "index.html" in {path.name for path in pages}
        assert [complaint for path in pages for complaint in lost(read(path))] == []

    def test_it_can_be_updated_from_itself_and_edits_stay(self, room, bundle):
        folder = room / "the course"
        chapter = folder / "course" / "01-happy-path.ipynb"
        before, python = chapter.read_bytes(), folder / ".venv/bin/python"
        chapter.write_text("mine")
        old = python.lstat().st_ino
        done = self.caddylab(room, "install-bundle", bundle.path, folder)
        assert done.returncode == 0, done.said
        assert chapter.read_text() == "mine"
        assert python.lstat().st_ino != old
        assert not python.readlink().is_relative_to(folder)
        assert self.caddylab(room, "--version").returncode == 0
        chapter.write_bytes(before)

    def test_it_can_be_bundled_once_more(self, room, bundle, tmp_path):
        """From the installed files comes the wheel that they came from."""
        python = room / "the course" / ".venv/bin/python"
        done = without_network(python, "-I", "-c", AGAIN, tmp_path, cwd=room)
        assert done.returncode == 0, done.said
        assert done.said.strip() == shipped.lock().read_text().strip()
        (again,) = tmp_path.iterdir()
        with zipfile.ZipFile(bundle.path) as archive:
            first = archive.read(f"{TOP}/wheels/{again.name}")
        assert contents(again) == contents(io.BytesIO(first))

    @pytest.mark.podman
    def test_a_podman_without_images_has_them_then(self, room, bundle, empty_podman):
        python = room / "the course" / ".venv/bin/python"
        images = room / "images.tar"
        with zipfile.ZipFile(bundle.path) as archive, images.open("wb") as file:
            file.write(archive.read(f"{TOP}/images.tar"))
        settle = [python, "-I", "-m", "caddylab._cli.bundle.settle", room / "the course", images]
        assert "Podman has the container images now." in run_with(empty_podman, *settle)
        images.unlink()
        assert run_with(empty_podman, python, "-I", "-c", LAB).endswith("200\n")
