"""Whatever happens to its owner, a lab leaves no container, network, service or folder."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from lab_processes import processes_of
from podman_support import WHOLE, Owner, left_of, running

from caddylab._cli import clean
from caddylab._machine.waiting import poll
from caddylab._runtimes import lab_folder as folder
from caddylab._runtimes.podman import presence as podman
from caddylab._runtimes.podman import service as podman_service
from caddylab._runtimes.podman import sweep as podman_sweep

pytestmark = pytest.mark.podman


@pytest.fixture(scope="module")
def client():
    with podman_service.at_hand() as service:
        yield service.client


def test_close_leaves_nothing_and_can_be_called_twice(client):
    with running() as runtime:
        assert len(left_of(client, runtime.lab_id)) == WHOLE
        runtime.close()
        assert left_of(client, runtime.lab_id) == []
        assert processes_of(runtime.lab_id) == []
        runtime.close()


def test_an_owner_that_is_killed(client):
    owner = Owner()
    owner.await_word("ready")
    assert len(left_of(client, owner.lab_id)) == WHOLE
    owner.kill()
    assert owner.all_gone(client)
    assert processes_of(owner.lab_id) == []


def test_another_lab_leaves_a_killed_owners_lab_to_its_keeper(client):
    """Which has to remove the containers; a sweep of folders does not ask Podman."""
    owner = Owner()
    owner.await_word("ready")
    owner.kill()
    for _ in range(20):  # as labs of processes do that start meanwhile
        folder.sweep()
        time.sleep(0.02)
    assert owner.all_gone(client)


@pytest.mark.parametrize("seconds", [0.05, 0.2, 0.35, 0.5, 0.8])
def test_an_owner_that_is_killed_while_the_lab_starts(client, seconds):
    owner = Owner()
    owner.await_word("begin")
    time.sleep(seconds)  # a moment of the start, not a condition
    owner.kill()
    assert owner.all_gone(client)


def test_an_owner_with_a_service_of_its_own_that_is_killed(client, monkeypatch):
    monkeypatch.delenv("CONTAINER_HOST", raising=False)
    owner = Owner()
    owner.await_word("ready")
    assert any("system service" in " ".join(p.cmdline()) for p in processes_of(owner.lab_id))
    owner.kill()
    assert owner.all_gone(client)
    assert poll(lambda: not processes_of(owner.lab_id), 5)


def test_an_interrupt_while_the_lab_starts(client):
    owner = Owner(
        "try:\n    runtime.start()\nexcept KeyboardInterrupt:\n    print('interrupted', flush=True)"
    )
    owner.await_word("begin")
    assert poll(lambda: left_of(client, owner.lab_id), 10)
    owner.process.send_signal(signal.SIGINT)
    owner.await_word("interrupted")
    assert left_of(client, owner.lab_id) == []
    assert not owner.has_folder()
    owner.kill()


def test_the_next_lab_sweeps_when_even_the_keeper_was_killed(client):
    owner = Owner()
    owner.await_word("ready")
    for process in processes_of(owner.lab_id):
        os.kill(process.pid, signal.SIGKILL)
    owner.kill()
    assert len(left_of(client, owner.lab_id)) == WHOLE
    with running(backends=1):
        assert left_of(client, owner.lab_id) == []


def test_what_podman_makes_long_after_its_owner_was_killed_is_found(client):
    marks = podman_sweep.labels(lab_id := "cafe0003")
    folder.create(lab_id)
    (folder.base() / lab_id / f"{podman_sweep.ASKED}network").touch()
    late = threading.Timer(
        2.5 * podman_sweep.SETTLED,
        lambda: client.networks.create(f"caddylab-{lab_id}", labels=marks),
    )
    late.start()
    with podman_service.at_hand() as service:
        podman_sweep.remove_thoroughly(service, lab_id)
    assert late.finished.is_set()
    assert left_of(client, lab_id) == []
    folder.remove(folder.base() / lab_id)


def test_a_note_of_what_is_asked_goes_with_the_answer(client):
    with running() as runtime:
        notes = (folder.base() / runtime.lab_id).glob(f"{podman_sweep.ASKED}*")
        assert list(notes) == []


def test_a_living_owner_is_never_swept(client):
    owner = Owner()
    owner.await_word("ready")
    assert owner.lab_id not in podman.sweep()
    assert len(left_of(client, owner.lab_id)) == WHOLE
    owner.kill()
    assert owner.all_gone(client)


def test_a_closed_lab_is_swept_while_its_owner_lives(client, monkeypatch, capsys):
    """As when Podman's service is gone at the lab's end."""
    with running() as runtime:
        monkeypatch.setattr(podman_sweep, "remove", lambda *_: False)
        kill_keeper(runtime.lab_id)
        runtime.close()
        monkeypatch.undo()
        assert len(left_of(client, runtime.lab_id)) == WHOLE
        assert clean.sweep() == 0
        assert f"Removed the containers of lab {runtime.lab_id}." in capsys.readouterr().out
        assert left_of(client, runtime.lab_id) == []


def test_a_lab_stays_open_when_its_keeper_is_killed(client):
    with running() as runtime:
        kill_keeper(runtime.lab_id)
        assert runtime.lab_id not in podman.sweep()
        assert len(left_of(client, runtime.lab_id)) == WHOLE
    assert left_of(client, runtime.lab_id) == []
    assert not (folder.base() / runtime.lab_id).exists()


def kill_keeper(lab_id: str) -> None:
    for process in processes_of(lab_id):
        process.kill()
        process.wait(5)


def test_a_lab_of_another_machine_is_never_swept(client):
    labels = podman_sweep.labels("cafe0002")
    labels |= {podman_sweep.OWNER: "1:0.00", podman_sweep.HOST: "elsewhere"}
    network = client.networks.create("caddylab-cafe0002", labels=labels)
    try:
        assert podman.sweep() == []
        assert left_of(client, "cafe0002") == ["caddylab-cafe0002"]
    finally:
        network.remove(force=True)


def test_a_script_that_ends_without_closing_its_lab_ends_without_a_word_of_ours(client):
    """The interpreter starts no threads any more when the lab is closed at its exit."""
    script = (
        "from caddylab import Lab\n"
        "lab = Lab(runtime='podman')\n"
        "print(lab.id, flush=True)\n"
        "raise ValueError('a mistake')"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.stderr.strip().endswith("ValueError: a mistake")
    assert ended.stderr.count("Traceback") == 1
    assert left_of(client, ended.stdout.split()[-1]) == []
