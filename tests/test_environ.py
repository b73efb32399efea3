"""Programs are started while other threads change environment variables."""

import os
import sys
import threading
from contextlib import contextmanager

import psutil
import pytest

from caddylab._machine.environ import inherited
from caddylab._runtimes.keeper import MARK, Keeper

KEEPERS = 10
FLIPPED = [f"CADDYLAB_FLIPPED_{n}" for n in range(1000)]


@contextmanager
def flipping():
    """Another thread sets variables and takes them away again, all the time."""
    enough = threading.Event()

    def flip() -> None:
        while not enough.is_set():
            for name in FLIPPED:
                os.environ[name] = "here"
            for name in FLIPPED:
                del os.environ[name]

    thread = threading.Thread(target=flip)
    thread.start()
    try:
        yield
    finally:
        enough.set()
        thread.join()


@pytest.fixture
def hasty_threads():
    """Threads take turns so often that a race of theirs is seen at once."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hasty_threads")
def test_keepers_start_while_a_thread_changes_variables(tmp_path):
    with flipping():
        for number in range(KEEPERS):
            folder = tmp_path / str(number)
            folder.mkdir()
            Keeper(folder).close()
            assert not folder.exists()


@pytest.mark.usefixtures("hasty_threads")
def test_a_copy_has_all_that_stays(monkeypatch):
    monkeypatch.setenv("CADDYLAB_KEPT", "ä b")
    with flipping():
        copies = [inherited() for _ in range(300)]
    assert {copy["CADDYLAB_KEPT"] for copy in copies} == {"ä b"}
    assert {copy.get(name) for copy in copies for name in FLIPPED} <= {"here", None}


def test_a_keeper_has_our_variables_and_the_mark_of_its_lab(tmp_path, monkeypatch):
    monkeypatch.setenv("CADDYLAB_KEPT", "ä b")
    folder = tmp_path / "c0ffee"
    folder.mkdir()
    keeper = Keeper(folder)
    try:
        idle = keeper.spawn("idle", [sys.executable, "-c", "import time; time.sleep(60)"])
        found = psutil.Process(idle).environ()
    finally:
        keeper.close()
    assert (found[MARK], found["CADDYLAB_KEPT"]) == ("c0ffee", "ä b")
