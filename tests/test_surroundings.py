"""A lab where the disk is full, where paths are long or odd, and where a terminal is ASCII only."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from caddylab import Lab, LabError, StartFailed
from caddylab._caddy.running.log import LogReader
from caddylab._runtimes import lab_folder as folder
from caddylab._runtimes import temporary
from caddylab._runtimes.podman import service as podman_service

unix_only = pytest.mark.skipif(not hasattr(os, "getuid"), reason="Windows has no such sockets.")
small_disk = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0 or not shutil.which("unshare"),
    reason="Only root can mount a small disk for one process.",
)
own_storage = pytest.mark.skipif(
    "CONTAINERS_STORAGE_CONF" not in os.environ,
    reason="CONTAINERS_STORAGE_CONF does not say where Podman's images are (.ci/with-podman does).",
)

ADMIN_LINE = (
    b'{"level":"debug","ts":1.5,"logger":"events","msg":"event","name":"%s",'
    b'"data":{"host":"127.0.0.1:1"}}'
)

NO_ROOM = """
import os, tempfile
from pathlib import Path
from caddylab import Lab, StartFailed

disk = Path(tempfile.gettempdir())
for free in (0, 4, 16, 64, 128):
    (disk / "filler").write_bytes(bytes(1024 * (400 - 4 - free)))
    try:
        Lab("process", backends=1)
    except StartFailed as error:
        print(free, error)
    assert os.listdir(disk) == ["filler"], os.listdir(disk)
"""

FILLED_LATER = """
import os, sys, tempfile
from pathlib import Path
from caddylab import CaddylabError, Lab

filler = Path(os.environ.get("DISK", tempfile.gettempdir()), "filler")

def fill():
    with filler.open("wb", buffering=0) as file:
        while file.write(bytes(4096)) == 4096:
            pass

def end_caddy():
    os.kill(lab.stack.runtime.caddy_pid(), 9)

with Lab(os.environ.get("RUNTIME", "process"), backends=1) as lab:
    print("BEFORE", lab.fire(5))
    try:
        fill()
    except OSError as error:
        print("FILLED", error)
    print("FULL", lab.fire(200))
    load = lambda: lab.load(":80 {\\n\\treverse_proxy backend1:8080\\n}")
    for deed in (load, lab.backend(1).stop, lab.restore, end_caddy, lab.reset):
        try:
            deed()
        except CaddylabError as error:
            print("REFUSED", error)
    filler.unlink()
    lab.reset()
    lab.fire(1)
    print("AFTER", lab.fire(5))
"""

CONTAINERS_WITHOUT_ROOM = """
import os, shutil
from pathlib import Path
from caddylab import Lab, StartFailed
from caddylab._machine.waiting import poll
from caddylab._runtimes import lab_folder as folder
from caddylab._runtimes.lab_folder import owner_mark
from caddylab._runtimes.podman.service import at_hand
from caddylab._runtimes.podman.sweep import OWNER

disk = Path(os.environ["DISK"])
Lab("podman", backends=1).close()
for leave in (0, 8, 32, 64):
    filler = disk / "filler"
    filler.write_bytes(bytes(shutil.disk_usage(disk).free - 1024 * leave))
    try:
        Lab("podman", backends=1).close()
    except StartFailed as error:
        print(leave, str(error).splitlines()[0])
    filler.unlink()
    assert poll(lambda: not list(folder.base().iterdir()), 10), list(folder.base().rglob("*"))
    with at_hand() as service:
        assert not service.client.containers.list(all=True)
        ours = {"label": f"{OWNER}={owner_mark()}"}  # every Podman here lists all networks
        assert not service.client.networks.list(filters=ours)
"""

IN_ASCII = """
from caddylab import Lab, NotYet

with Lab("process", backends=2) as lab:
    print(lab, lab.load("crash"), lab.backends)
    traffic = lab.fire(4)
    print(traffic, repr(traffic), traffic.requests[0])
    print(*lab.lint(":80 {\\n\\treverse_proxy backend1:8080\\n}"))
    try:
        lab.check("02.1", ":80\\nrespond ok")
    except NotYet as error:
        print(error)
    print("– the end")
"""


def on_a_disk(size: str, script: str, disk: Path) -> str:
    """What a script prints whose temporary files are on a disk of its own."""
    mount = f'mount -t tmpfs -o size={size} tmpfs "{disk}" && exec "$@"'
    command = ["unshare", "--mount", "sh", "-c", mount, "sh", sys.executable, "-c", script]
    return run(command, TMPDIR=str(disk))


def with_containers_on_a_disk(size: str, script: str, disk: Path) -> str:
    """What a script prints whose containers are on a disk of their own, with a Podman for it."""
    mount = f"""
        mount -t tmpfs -o size={size} tmpfs "$DISK"
        sed "s#^graphroot=.*#graphroot=\\"$DISK/storage\\"#
             s#^runroot=.*#runroot=\\"$OTHER/run\\"#" \\
            "$CONTAINERS_STORAGE_CONF" > "$OTHER/storage.conf"
        export CONTAINERS_STORAGE_CONF=$OTHER/storage.conf
        env -u CONTAINER_HOST podman system service --time 0 "unix://$OTHER/s" 2>"$OTHER/said" &
        until [ -S "$OTHER/s" ]; do kill -0 $! || exit 1; sleep 0.02; done
        CONTAINER_HOST=unix://$OTHER/s "$@"
        said=$?
        kill $!
        exit $said
    """
    command = ["unshare", "--mount", "sh", "-c", mount, "sh", sys.executable, "-c", script]
    with tempfile.TemporaryDirectory(prefix="o", dir="/tmp") as other:
        # Labs of other tests are none of its business: its own lie in a folder of their own.
        return run(command, DISK=str(disk), OTHER=other, TMPDIR=other, RUNTIME="podman")


def run(command: list[str], **environment: str) -> str:
    done = subprocess.run(
        command, env=os.environ | environment, capture_output=True, text=True, timeout=150
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def disk():
    """A folder with a short name: a lab does not take one whose sockets' names are too long."""
    with tempfile.TemporaryDirectory(prefix="d", dir="/tmp") as folder:
        yield Path(folder)


@small_disk
def test_a_disk_without_room_is_said_in_a_sentence_and_nothing_is_left(disk):
    said = on_a_disk("400k", NO_ROOM, disk).splitlines()
    assert len(said) == 5, said
    assert all("The disk is full" in line and "TMPDIR" in line for line in said)
    assert all(str(disk) in line for line in said)


def test_another_full_disk_than_that_of_the_lab_is_not_blamed_on_it(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    refused = "Podman could not create a container: no space left on device."
    blamed = pytest.raises(StartFailed, match=r"full, and not in .*: Podman could not.*prune")
    with blamed, temporary.told():
        raise StartFailed(refused)


@small_disk
def test_a_run_says_that_its_traces_are_missing_because_the_disk_is_full(disk):
    said = on_a_disk("2m", FILLED_LATER, disk)
    before, _, rest = said.partition("FULL")
    full, _, after = rest.partition("AFTER")
    assert "FILLED" in before
    assert "!" not in before
    assert "The disk is full" in full
    assert "their traces end early" in full
    assert "!" not in after, said


@small_disk
@own_storage
@pytest.mark.podman
def test_containers_without_room_are_said_in_a_sentence_and_nothing_is_left(disk):
    said = with_containers_on_a_disk("6m", CONTAINERS_WITHOUT_ROOM, disk).splitlines()
    refused = [line for line in said if "The disk is full" in line]
    assert len(refused) >= 2, said  # what is enough depends on Podman's own files
    assert all("The disk is full, and not in" in line for line in refused)
    assert all("podman system prune" in line for line in refused)


@small_disk
@own_storage
@pytest.mark.podman
def test_a_run_in_containers_says_that_its_traces_are_missing(disk):
    said = with_containers_on_a_disk("6m", FILLED_LATER, disk)
    before, _, rest = said.partition("FULL")
    full, _, after = rest.partition("AFTER")
    assert "FILLED" in before
    assert "!" not in before
    assert "The disk is full: Caddy could not write its log in Podman's storage" in full
    assert "their traces end early" in full
    refused = [line for line in full.splitlines() if line.startswith("REFUSED")]
    assert refused, said
    assert all("The disk is full" in line for line in refused)
    assert "!" not in after, said


def test_a_line_after_one_that_was_cut_off_in_its_middle_is_read():
    whole = ADMIN_LINE % b"healthy"
    lines = LogReader().feed(whole[:40] + whole + b"\n")
    assert [type(line).__name__ for line in lines] == ["Flip"]


@unix_only
@pytest.mark.parametrize("name", ["a" * 60 + "/" + "b" * 60, "a{b}", "a|b", "a#b?c%41"])
def test_a_lab_starts_whatever_the_folder_for_temporary_files_is_called(
    name, tmp_path, monkeypatch
):
    odd = tmp_path / name
    odd.mkdir(parents=True)
    monkeypatch.setattr(tempfile, "tempdir", str(odd))
    with Lab("process", backends=1) as lab:
        here = folder.base() / lab.id
        assert here.stat().st_uid == os.getuid()
        assert here.parent.stat().st_mode & 0o077 == 0
        assert all(request.complete for request in lab.fire(5).requests)
    assert not here.exists()
    assert list(odd.iterdir()) == []


@unix_only
@pytest.mark.podman
def test_so_do_containers(tmp_path, monkeypatch):
    odd = tmp_path / ("a{b}|" * 20)
    odd.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(odd))
    with podman_service.own_service() as uri:
        assert Path(uri.removeprefix("unix://")).is_socket()
    with Lab("podman", backends=1) as lab:
        assert all(request.complete for request in lab.fire(5).requests)
        assert lab.stack.runtime.log_trouble() == ""
        here = folder.base() / lab.id
    assert not here.exists()
    assert list(odd.iterdir()) == []


@unix_only
def test_without_a_folder_that_a_lab_can_take_it_says_what_to_set(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "a{b}"))
    monkeypatch.setattr(temporary, "usual_folders", lambda: [])
    with pytest.raises(LabError, match=r"a\{b\}.*set TMPDIR to"):
        folder.base()


def test_a_script_in_an_ascii_terminal_shows_what_it_can():
    said = run([sys.executable, "-c", IN_ASCII], PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert "? the end" in said


def test_so_does_one_in_the_locale_c():
    script = "import caddylab\nprint('– the end')"
    said = run([sys.executable, "-c", script], PYTHONIOENCODING="ascii:surrogateescape")
    assert said == "? the end\n"


@unix_only
def test_a_progress_bar_in_an_ascii_terminal_is_drawn_in_ascii():
    import pty

    ours, theirs = pty.openpty()
    countdown = "from caddylab._look.progress_bar import countdown"
    script = f"{countdown}\ncountdown(lambda: False, 1.8, 'waiting')"
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    subprocess.run(
        [sys.executable, "-c", script], env=environment, stderr=theirs, timeout=60, check=True
    )
    os.close(theirs)
    drawn = os.read(ours, 10_000).decode()
    os.close(ours)
    assert "#" in drawn
    assert "\\u" not in drawn


@unix_only
def test_a_progress_bar_never_goes_on_in_the_next_line():
    """There the next picture of it could not be drawn over this one."""
    import fcntl
    import pty
    import struct
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 60, 0, 0))
    countdown = "from caddylab._look.progress_bar import countdown"
    script = f"{countdown}\ncountdown(lambda: False, 1.8, 'lb_try_interval 100ms, ' * 5)"
    subprocess.run([sys.executable, "-c", script], stderr=theirs, timeout=60, check=True)
    os.close(theirs)
    drawn = os.read(ours, 10_000).decode()
    os.close(ours)
    pictures = [each.partition("\x1b")[0] for each in drawn.split("\r")]
    assert max(map(len, pictures)) == 59
