"""Whatever happens to its owner, a lab leaves no process and no folder behind."""

from __future__ import annotations

import _thread
import gc
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
import pytest
from lab_processes import processes_of

from caddylab import Lab, LabError
from caddylab._cli import clean
from caddylab._machine.waiting import poll
from caddylab._rig.stack import Stack
from caddylab._runtimes import lab_folder as folder
from caddylab._runtimes.podman import presence as podman

OWNER = """
import sys, time
from caddylab import Lab
print("begin", flush=True)
lab = Lab(runtime="process")
print("ready", lab.id, flush=True)
{deed}
print("done", flush=True)
time.sleep(60)
"""
DEEDS = {
    "idle": "pass",
    "under load": "lab.fire(rate=200, duration=60, background=True)",
    "hung": "lab.backend(2).hung(); lab.fire(2, background=True)",
    "partitioned": "lab.backend(1).partitioned()",
}


def start_owner(deed: str = "pass") -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", OWNER.format(deed=deed)], stdout=subprocess.PIPE, text=True
    )


def read_until(owner: subprocess.Popen[str], word: str) -> str:
    assert owner.stdout is not None
    for line in owner.stdout:
        if line.startswith(word):
            return line
    raise AssertionError(f"The owner ended before it said {word!r}.")


def end(owner: subprocess.Popen[str]) -> None:
    owner.kill()
    owner.communicate()


def start_labs_for_ever() -> None:
    while True:
        Lab(runtime="process").close()


def labs_of(pid: int) -> list[Path]:
    """The folders of labs whose owner is this process."""
    marks = {path.parent: path.read_text() for path in folder.base().glob("*/owner")}
    return [path for path, mark in marks.items() if mark.startswith(f"{pid}:")]


def gone(lab_id: str) -> bool:
    return not processes_of(lab_id) and not (folder.base() / lab_id).exists()


@pytest.mark.parametrize("deed", DEEDS)
def test_sigkill_of_the_owner(deed):
    owner = start_owner(DEEDS[deed])
    lab_id = read_until(owner, "ready").split()[1]
    read_until(owner, "done")
    assert len(processes_of(lab_id)) == 4  # the keeper, Caddy and two backends
    end(owner)
    assert poll(lambda: gone(lab_id), 5)


@pytest.mark.parametrize("seconds", [0.02, 0.1, 0.3, 0.6])
def test_sigkill_of_the_owner_while_the_lab_starts(seconds):
    owner = start_owner()
    read_until(owner, "begin")
    time.sleep(seconds)  # a moment of the start, not a condition
    labs = labs_of(owner.pid)
    end(owner)
    folder_less = [path.name for path in labs if not poll(lambda p=path: gone(p.name), 30)]
    assert not folder_less
    folder.sweep()
    assert not labs_of(owner.pid)


def test_the_next_lab_sweeps_when_even_the_keeper_was_killed():
    owner = start_owner()
    lab_id = read_until(owner, "ready").split()[1]
    keeper = next(p for p in processes_of(lab_id) if "_main" in " ".join(p.cmdline()))
    children = keeper.children()
    os.kill(keeper.pid, signal.SIGKILL)
    end(owner)
    assert all(child.is_running() for child in children)
    with Lab(runtime="process"):
        assert gone(lab_id)


def keeper_of(lab_id: str) -> psutil.Process:
    return next(p for p in processes_of(lab_id) if "_main" in " ".join(p.cmdline()))


LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="has no nursery")


def nurseries(owner: int) -> list[psutil.Process]:
    """The children of a process from which its keepers are forked."""
    children = psutil.Process(owner).children()
    return [child for child in children if any("nursery_main" in word for word in child.cmdline())]


@LINUX
def test_a_nursery_ends_with_its_owner():
    owner = start_owner("lab.close(); lab = Lab(runtime='process')")
    read_until(owner, "done")
    [nursery] = nurseries(owner.pid)
    end(owner)
    assert poll(lambda: not nursery.is_running(), 5)


@LINUX
def test_without_their_nursery_labs_go_on_and_the_next_has_another():
    with Lab(runtime="process") as lab:
        [nursery] = nurseries(os.getpid())
        nursery.kill()
        lab.backend(1).kill()
        lab.restore()
        with Lab(runtime="process") as other:
            assert lab.fire(4).errors == other.fire(4).errors == 0
            assert nurseries(os.getpid()) != [nursery]
    assert gone(lab.id)
    assert gone(other.id)


@LINUX
def test_a_keeper_has_the_variables_of_now(monkeypatch):
    Lab(runtime="process").close()
    monkeypatch.setenv("CADDYLAB_LATER", "yes")
    with Lab(runtime="process") as lab:
        caddy = psutil.Process(lab.stack.runtime.caddy_pid())
        assert caddy.environ()["CADDYLAB_LATER"] == "yes"
        assert caddy.ppid() == keeper_of(lab.id).pid


def test_close_does_what_a_keeper_cannot_that_was_killed():
    lab = Lab(runtime="process")
    keeper_of(lab.id).kill()
    lab.close()
    assert gone(lab.id)


def test_a_closed_lab_is_swept_while_its_owner_lives(capsys):
    """As when Stop came in the middle of `close()`."""
    lab = Lab(runtime="process")
    folder.close(lab.id)
    try:
        assert clean.sweep() == 0
        assert f"Removed the processes and files of lab {lab.id}." in capsys.readouterr().out
        assert gone(lab.id)
    finally:
        lab.close()


def test_clean_says_what_could_not_be_looked_at(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("CONTAINER_HOST", f"unix://{tmp_path}/podman.sock")
    assert clean.sweep() == 1
    assert "No containers were looked for: No Podman service answers" in capsys.readouterr().out


@pytest.mark.parametrize("host", ["ssh://x", "ssh://[", "tcp://127.0.0.1:1", "nonsense", ""])
def test_clean_and_doctor_wait_for_no_service_for_long(monkeypatch, host):
    monkeypatch.setenv("CONTAINER_HOST", host)
    began = time.monotonic()
    clean.sweep()
    podman.available()
    assert time.monotonic() - began < 30


@pytest.mark.skipif(os.name != "posix", reason="sockets with a path")
def test_a_service_that_accepts_and_is_silent_is_not_waited_for(monkeypatch, tmp_path):
    silent = socket.socket(socket.AF_UNIX)
    silent.bind(str(tmp_path / "podman.sock"))
    silent.listen()
    monkeypatch.setenv("CONTAINER_HOST", f"unix://{tmp_path}/podman.sock")
    with silent:
        began = time.monotonic()
        assert clean.sweep() == 1
        assert time.monotonic() - began < 20


def test_stop_in_a_start_ends_the_threads_in_silence(monkeypatch):
    said = []
    monkeypatch.setattr(threading, "excepthook", said.append)
    before = threading.active_count()

    def stop(stack: Stack) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Stack, "load_plain", stop)
    with pytest.raises(KeyboardInterrupt):
        Lab(runtime="process")
    assert poll(lambda: threading.active_count() == before, 5)
    assert said == []


def test_a_living_owner_is_never_swept():
    with Lab(runtime="process") as lab:
        assert lab.id not in folder.sweep()
        assert lab.fire(2).errors == 0


def test_who_counts_processes_otherwise_sweeps_nothing_of_ours():
    """As in a container that shares the folder for temporary files."""
    apart = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc"]
    if subprocess.run([*apart, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine gives nobody process numbers of their own")
    sweep = "from caddylab._runtimes import folder; print(folder.sweep())"
    with Lab(runtime="process") as lab:
        command = [*apart, sys.executable, "-c", sweep]
        swept = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert lab.id not in swept
        assert lab.fire(2).errors == 0
        lab.load("crash")


def test_close_leaves_nothing():
    lab = Lab(runtime="process")
    assert processes_of(lab.id)
    lab.close()
    assert gone(lab.id)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # a file cut off
def test_stop_while_the_lab_starts_leaves_nothing():
    before = labs_of(os.getpid())
    threading.Timer(0.3, _thread.interrupt_main).start()
    with pytest.raises(KeyboardInterrupt):
        start_labs_for_ever()

    def nothing_is_left() -> bool:
        gc.collect()  # one that was ready may hang on the traceback
        return labs_of(os.getpid()) == before

    assert poll(nothing_is_left, 10)  # one that was being closed is closed all the same


def test_a_lab_that_is_forgotten_closes():
    lab = Lab(runtime="process")
    lab_id = lab.id
    del lab
    assert poll(lambda: gone(lab_id), 5)


def test_two_labs_do_not_disturb_each_other():
    with Lab(runtime="process") as one, Lab(runtime="process") as other:
        one.backend(1).kill()
        one.backend(2).kill()
        assert one.fire(2).errors == 2
        assert other.fire(2).errors == 0


@pytest.fixture
def short():
    """A folder whose name is short enough for a lab, also where tests run side by side."""
    with tempfile.TemporaryDirectory(prefix="l", dir="/tmp") as folder:
        yield Path(folder)


@pytest.mark.skipif(os.name != "posix", reason="other users' links are a matter of shared folders")
def test_a_link_in_place_of_the_folder_is_not_followed(monkeypatch, short):
    precious = short / "home" / "thesis"
    precious.mkdir(parents=True)
    os.utime(precious, (0, 0))  # older than a newborn lab
    (short / f"caddylab-{os.getuid()}").symlink_to(precious.parent)
    monkeypatch.setattr("tempfile.tempdir", str(short))
    with pytest.raises(LabError, match="is a link"):
        folder.sweep()
    assert precious.exists()


@pytest.mark.parametrize("signed", [None, ""], ids=["no name yet", "a name that is being written"])
def test_a_lab_whose_owner_is_about_to_sign_it_is_left_alone(monkeypatch, short, signed):
    monkeypatch.setattr("tempfile.tempdir", str(short))
    newborn = folder.base() / "00000000"
    newborn.mkdir()
    if signed is not None:
        (newborn / "owner").write_text(signed)
    assert folder.sweep() == []
    assert newborn.exists()
    os.utime(newborn, (0, 0))  # nobody came
    assert folder.sweep() == ["00000000"]
