"""Which Podman service a lab uses: the one that is there, or one of its own."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from pathlib import Path

import psutil
import pytest
from podman_support import WHOLE, get, left_of, proxy_to, running

from caddylab import Lab, StartFailed, _runtimes
from caddylab._errors import RuntimeUnavailable
from caddylab._machine.waiting import poll
from caddylab._runtimes.podman import presence as podman
from caddylab._runtimes.podman import service as podman_service


@pytest.fixture
def no_service(monkeypatch, tmp_path):
    """As on a machine where no Podman service runs."""
    monkeypatch.delenv("CONTAINER_HOST", raising=False)
    monkeypatch.setattr(podman_service, "usual_sockets", lambda: iter([tmp_path / "none.sock"]))


def services() -> set[int]:
    """The Podman services that this process is responsible for."""
    found = set()
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it ended meanwhile
            if "system service" in " ".join(child.cmdline()):
                found.add(child.pid)
    return found


def ended() -> bool:
    """Whether no such service is left; the last one's children go a moment after it."""
    return poll(lambda: not services(), 10)


@pytest.mark.podman
@pytest.mark.usefixtures("no_service")
def test_a_lab_without_a_service_starts_one_of_its_own():
    with running() as runtime:
        assert len(services()) == 1
        proxy_to(runtime, 1, 2)
        assert get(runtime).status_code == 200
    assert ended()


@pytest.mark.podman
@pytest.mark.usefixtures("no_service")
def test_a_question_starts_a_service_only_for_itself():
    assert podman.available()[0]
    podman.sweep()  # what others have left meanwhile
    assert ended()


@pytest.mark.podman
def test_a_lab_uses_the_service_that_is_there():
    if "CONTAINER_HOST" not in os.environ:
        pytest.skip("no service is named by CONTAINER_HOST")
    with running(backends=1) as runtime, podman_service.at_hand() as service:
        assert ended()
        assert len(left_of(service.client, runtime.lab_id)) == WHOLE - 1  # one backend less


@pytest.mark.usefixtures("no_service")
def test_without_podman_the_answer_comes_at_once(monkeypatch):
    monkeypatch.setenv("PATH", "")
    began = time.perf_counter()
    works, why = podman.available()
    assert time.perf_counter() - began < 5
    assert not works
    assert why.startswith("Podman is not installed.")
    assert podman.sweep() == []


def test_a_named_service_that_does_not_answer_is_no_reason_to_take_another(monkeypatch, tmp_path):
    monkeypatch.setenv("CONTAINER_HOST", f"unix://{tmp_path}/podman.sock")
    with pytest.raises(RuntimeUnavailable, match="CONTAINER_HOST"):
        podman_service.find()
    assert not podman.available()[0]


@pytest.mark.podman
@pytest.mark.usefixtures("no_service")
def test_a_service_that_cannot_serve_shows_its_last_words(monkeypatch, tmp_path):
    program = tmp_path / "podman"
    program.write_text("#!/bin/sh\necho no room for containers\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr(podman_service, "START_TIMEOUT", 2.0)
    works, why = podman.available()
    assert not works
    assert "no room for containers" in why


LIMIT = 'default_ulimits = ["nofile=99999999999:99999999999"]'


@pytest.fixture
def impossible(monkeypatch, tmp_path):
    """A service whose containers ask for a limit that no process may have."""
    usual = Path(os.environ.get("CONTAINERS_CONF", os.devnull)).read_text()
    ours = ("[containers]", "default_ulimits")
    others = [line for line in usual.splitlines() if not line.startswith(ours)]
    conf = tmp_path / "containers.conf"
    conf.write_text("\n".join([ours[0], LIMIT, *others]))
    path, log = tmp_path / "podman.sock", tmp_path / "podman.out"
    environment = os.environ | {"CONTAINERS_CONF": str(conf)}
    with log.open("wb") as out:
        service = subprocess.Popen(podman_service.command(path), env=environment, stderr=out)
    try:
        monkeypatch.setenv("CONTAINER_HOST", podman_service.wait_for(path, log))
        yield
    finally:
        service.terminate()
        service.wait(10)


@pytest.mark.podman
@pytest.mark.usefixtures("impossible")
def test_containers_that_cannot_start_make_a_lab_of_processes(monkeypatch, capsys):
    monkeypatch.delenv("CADDYLAB_RUNTIME", raising=False)
    monkeypatch.setattr(_runtimes, "_failures", [])
    monkeypatch.setattr(_runtimes, "_told", set())
    with Lab() as lab:
        assert "in local processes" in repr(lab)
        assert lab.fire(2).errors == 0
        said = capsys.readouterr().out
        whole = f"{_runtimes.NOT_IN_CONTAINERS} {_runtimes.NOT_STARTED}"
        [told] = [line for line in said.splitlines() if line.startswith(whole)]
        assert "rlimit" in told.lower()
        assert len(told) <= 200
    with Lab() as lab:
        assert "in local processes" in repr(lab)
        said = capsys.readouterr().out
        assert len(said.splitlines()) == 1, "the reason was given before"
    with pytest.raises(StartFailed, match="Podman could not start"):
        Lab(runtime="podman")
