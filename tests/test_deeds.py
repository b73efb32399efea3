"""What the lab says of a backend is so, whatever cut a deed short or went around the lab."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import threading
import time

import psutil
import pytest
from backend_app import ask
from interrupting import stop_when
from lab_processes import processes_of

from caddylab import FaultError, Lab, StartFailed
from caddylab._machine.undisturbed import Line
from caddylab._machine.waiting import poll
from caddylab._rig.backends.diary import Diary
from caddylab._rig.backends.spoiling import LEAST_STATUS, MOST_STATUS
from caddylab._runtimes import lab_folder as folder
from caddylab._runtimes.base import Sight
from caddylab._runtimes.keeper import Keeper

PLAIN = """:80 {
	reverse_proxy backend1:8080 backend2:8080 {
		lb_policy round_robin
	}
}
"""


@pytest.fixture(autouse=True)
def plain(request):
    if "lab" not in request.fixturenames:
        yield
        return
    lab = request.getfixturevalue("lab")
    lab.restore()
    lab.load(PLAIN)
    yield
    lab.restore()


def sight(lab, number) -> Sight:
    return lab.stack.runtime.units[number - 1].look()


def kill_from_outside(lab, number) -> None:
    unit = lab.stack.runtime.units[number - 1]
    if lab.stack.runtime.name == "podman":
        unit.container.signal("SIGKILL")
    else:
        psutil.Process(lab.stack.runtime.keeper.look(f"backend{number}")["pid"]).kill()
    assert poll(lambda: not unit.running(), 10)


def all_is_well(lab) -> bool:
    """Every backend is up, says so, and answers."""
    traffic = lab.fire(20, concurrency=4, timeout=5)
    states = [backend.state for backend in lab.backends]
    return states == ["up", "up"] and traffic.errors == 0 and len(traffic.shares) == 2


# --- Stop --------------------------------------------------------------------------------------


def test_stop_while_a_backend_is_being_stopped(lab):
    backend = lab.backend(2)
    slow = lab.fire(2, concurrency=2, path="/delay/1500", background=True)
    lab.wait_until(lambda: backend.in_flight == 1, 5)
    assert stop_when(lambda: backend.state == "stopping", backend.stop)
    assert backend.state == "stopping"  # it is neither up nor gone
    lab.restore()
    slow.wait()
    assert all_is_well(lab)
    assert [(fault.kind, fault.end is None) for fault in lab.faults][-1] == ("stopped", False)


@pytest.mark.parametrize(("fault", "lost"), [("stopped", 0), ("killed", 1)])
def test_what_is_stopped_finishes_what_it_has_begun_and_what_is_killed_does_not(lab, fault, lost):
    order = lab.fire(1, path="/delay/700", method="POST", background=True)
    lab.wait_until(lambda: any(backend.in_flight for backend in lab.backends), 5)
    busy = next(backend for backend in lab.backends if backend.in_flight)
    with getattr(busy, fault)():
        assert busy.state == fault
        assert order.wait().errors == lost
    assert all_is_well(lab)


def test_stop_while_a_backend_is_being_started(lab):
    backend = lab.backend(2)
    backend.kill()
    assert stop_when(lambda: backend.state == "killed, starting", backend.start)
    with backend.hung():
        assert lab.fire(10, timeout=0.3).errors == 5
    backend.kill()
    assert lab.fire(10).errors == 5
    lab.restore()
    assert all_is_well(lab)


def test_what_was_asked_for_first_is_done_first_also_after_stop():
    line, done = Line(), list[int]()
    begun, gate = threading.Event(), threading.Event()

    def first() -> None:
        begun.set()
        gate.wait(10)
        done.append(1)

    threading.Thread(target=line.do, args=(first,)).start()
    assert begun.wait(5)
    assert stop_when(lambda: not line._jobs.empty(), lambda: line.do(lambda: done.append(2)))
    threading.Timer(0.2, gate.set).start()
    line.do(lambda: line.do(lambda: done.append(3)))  # a part of it does not wait for the whole
    assert done == [1, 2, 3]
    with pytest.raises(ZeroDivisionError):
        line.do(lambda: 1 / 0)
    assert poll(lambda: line.do_if_free(lambda: done.append(4)) or done[3:], 5)


# --- what happens without us -------------------------------------------------------------------


def test_a_backend_that_was_killed_from_outside(lab):
    before = time.time()
    kill_from_outside(lab, 1)
    backend = lab.backend(1)
    assert backend.state == "died"
    assert (lab.faults[-1].kind, lab.faults[-1].detail) == ("died", "SIGKILL")
    assert before - 0.1 <= lab.faults[-1].start <= time.time()
    for deed in (backend.hung, backend.partitioned, backend.failing, lambda: backend.slow(1)):
        with pytest.raises(FaultError, match="Backend 1 has died, so it cannot be"):
            deed()
    for deed in (backend.kill, backend.stop):
        with pytest.raises(FaultError, match=r"down already \(it died: SIGKILL\)"):
            deed()
    assert [fault.span.kind for fault in backend.faults] == ["died"]
    lab.restore()
    assert all_is_well(lab)


def test_a_backend_that_died_is_started_or_undone_like_one_that_we_killed(lab):
    backend = lab.backend(1)
    with backend.failing(status=500):
        kill_from_outside(lab, 1)
        assert backend.state == "failing, died"
        backend.start()
        assert backend.state == "failing"
        assert sorted(r.status for r in lab.fire(2).requests) == [200, 500]
        kill_from_outside(lab, 1)
        lab.faults  # noqa: B018
        backend.faults[-1].undo()
        assert sorted(r.status for r in lab.fire(2).requests) == [200, 500]
    assert all_is_well(lab)


def test_a_hung_backend_that_dies_is_not_hung_any_more(lab):
    with lab.backend(1).hung():
        kill_from_outside(lab, 1)
        assert lab.backend(1).state == "died"
    assert lab.backend(1).state == "died"  # what is over cannot be undone
    lab.backend(1).restore()
    assert all_is_well(lab)


def test_what_was_frozen_or_thawed_from_outside_is_seen(lab):
    unit = lab.stack.runtime.units[1]
    unit.freeze()
    assert lab.backend(2).state == "hung"
    lab.restore()
    assert not sight(lab, 2).frozen
    with lab.backend(2).partitioned():
        unit.thaw()
        assert lab.backend(2).state == "up"
        assert all_is_well(lab)


def test_a_backend_that_somebody_else_has_started_has_no_fault(lab):
    backend = lab.backend(1)
    backend.slow(30)
    backend.kill()
    lab.stack.runtime.units[0].start()
    assert backend.state == "up"
    assert all_is_well(lab)


def test_restore_looks_at_the_app_too(lab):
    ask(lab, 1, "PUT", "/faults", json={"failing": {"share": 1}})
    assert lab.fire(2).errors == 1
    lab.restore()
    assert all_is_well(lab)


def test_restore_leaves_alone_who_is_busy_with_what_clients_want(lab):
    instance = sight(lab, 2).instance
    busy = lab.fire(2, concurrency=2, path="/slow-block?ms=3000", background=True)
    lab.wait_until(lambda: lab.backend(2).in_flight == 1, 5)
    lab.restore()
    assert sight(lab, 2).instance == instance
    assert busy.wait().errors == 0


def test_restore_starts_anew_who_cannot_be_told_that_its_fault_is_over(lab):
    backend = lab.backend(2)
    instance = sight(lab, 2).instance
    backend.failing(0.5)
    lab.fire(30, concurrency=10, path="/slow-block?ms=8000", timeout=0.5)
    backend.restore()
    assert sight(lab, 2).instance != instance
    assert all_is_well(lab)


# --- a fault that is refused -------------------------------------------------------------------

REFUSED = [
    (lambda backend: backend.slow(1, "test-api"), "begins with a slash: '/test-api'"),
    (lambda backend: backend.failing(path="test-api"), "begins with a slash: '/test-api'"),
    (lambda backend: backend.slow(0), "more than 0 and up to 600 s"),
    (lambda backend: backend.slow(601), "more than 0 and up to 600 s"),
    (lambda backend: backend.slow(float("nan")), "a finite number"),
    (lambda backend: backend.failing(0), "lies between 0 and 1"),
    (lambda backend: backend.failing(status=199), "from 200 to 599"),
    (lambda backend: backend.failing(status=600), "from 200 to 599"),
    (lambda backend: backend.failing(status=500.5), "a whole number"),
]


@pytest.mark.parametrize(("deed", "message"), REFUSED)
def test_a_fault_that_is_refused_is_not_in_the_book(lab, deed, message):
    made = len(lab.faults)
    with pytest.raises(FaultError, match=message):
        deed(lab.backend(1))
    assert len(lab.faults) == made
    assert lab.backend(1).state == "up"


def test_what_the_lab_takes_for_a_fault_the_app_takes_too(lab):
    backend = lab.backend(1)
    for seconds in (1e-6, 600):
        with backend.slow(seconds, "/none"):
            assert backend.state == "slow"
    for share, status in ((1e-6, LEAST_STATUS), (1, MOST_STATUS)):
        with backend.failing(share, status, "/"):
            assert backend.state == "failing"
    for wrong in ({"status": LEAST_STATUS - 1}, {"status": MOST_STATUS + 1}, {"path": "x"}):
        with pytest.raises(FaultError, match="Backend 1 refuses"):
            ask(lab, 1, "PUT", "/faults", json={"failing": {"share": 1.0} | wrong})
        assert backend.state == "up"


@pytest.mark.parametrize("status", [200, 204, 302, 304, 404, 599])
def test_a_backend_fails_with_any_status(lab, status):
    with lab.backend(1).failing(status=status), lab.backend(2).failing(status=status):
        assert {request.status for request in lab.fire(4).requests} == {status}
    assert all_is_well(lab)


def test_a_fault_that_fails_half_way_leaves_nothing(lab, monkeypatch):
    def full(*_):
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr("caddylab._rig.backends.plug.socket.socket", full)
        with pytest.raises(FaultError, match="Too many open files"):
            lab.backend(1).partitioned()
    assert lab.backend(1).state == "up"
    assert all_is_well(lab)


FEW_FILES = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (256, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
from caddylab import Lab
with Lab(runtime="process", backends=3) as lab:
    made = [backend.partitioned() for backend in lab.backends]
    print([backend.state for backend in lab.backends])
    lab.restore()
    print(lab.fire(6).errors)
"""


def test_three_partitions_where_a_process_may_open_few_files():
    """As on macOS, where the limit is 256 until somebody raises it."""
    done = subprocess.run(
        [sys.executable, "-c", FEW_FILES], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == [str(["partitioned"] * 3), "0"]


# --- the keeper --------------------------------------------------------------------------------


@pytest.fixture
def keeper():
    kept = Keeper(folder.create(secrets.token_hex(4)))
    yield kept
    kept.close()


def say(keeper: Keeper, number: int, **command: object) -> None:
    """Ask, and do not wait for the answer, as if Stop had come in between."""
    stdin = keeper._process.stdin
    assert stdin is not None
    stdin.write(json.dumps({"number": number, **command}) + "\n")
    stdin.flush()


def test_an_answer_that_nobody_read_is_skipped(keeper):
    say(keeper, -1, do="spawn", name="one", args=["sleep", "60"], env={})
    other = keeper.spawn("other", ["sleep", "61"])
    one = keeper.look("one")
    assert one is not None
    for pid, seconds in ((other, "61"), (one["pid"], "60")):  # as soon as it is that program
        assert poll(lambda: psutil.Process(pid).cmdline() == ["sleep", seconds], 5)  # noqa: B023


def test_a_name_has_one_living_child(keeper):
    pid = keeper.spawn("one", ["sleep", "60"])
    with pytest.raises(StartFailed, match=f"one still runs, as process {pid}"):
        keeper.spawn("one", ["sleep", "60"])
    os.kill(pid, signal.SIGKILL)
    assert poll(lambda: not keeper.look("one")["running"], 5)
    assert keeper.look("one")["how"] == "SIGKILL"
    assert keeper.spawn("one", ["true"]) != pid
    assert poll(lambda: keeper.look("one")["how"] == "exit status 0", 5)
    assert keeper.look("nobody") is None


@pytest.fixture(scope="module")
def processes():
    with Lab(runtime="process") as lab:
        lab.load(PLAIN)
        yield lab


def backends_of(lab) -> list[psutil.Process]:
    """The processes that listen where a backend of the lab does."""
    ports = {unit.address[1] for unit in lab.stack.runtime.units}
    return [
        process
        for process in processes_of(lab.id)
        if ports & {c.laddr.port for c in process.net_connections() if c.status == "LISTEN"}
    ]


def test_a_diary_that_is_read_again_and_again_is_the_whole_one(processes, monkeypatch):
    backend, asked = processes.backend(1), []
    tell = backend.diary
    monkeypatch.setattr(backend, "diary", lambda since: asked.append(since) or tell(since))
    diary = Diary(backend)
    for _ in range(2):
        processes.fire(6)
        monkeypatch.setattr(backend, "diary", lambda since: asked.append(since) or tell(since))
        read = list(diary.read())
        monkeypatch.undo()
        assert read == backend.requests()
    assert asked == [0, len(read) - 3]
    backend.kill()
    backend.start()
    assert diary.read() == backend.requests()
    assert all_is_well(processes)


def test_a_start_that_nobody_waited_for_is_no_second_backend(processes, monkeypatch):
    """The keeper has started it, and its answer stays unread."""
    backend, runtime = processes.backend(2), processes.stack.runtime
    keeper, unit = runtime.keeper, runtime.units[1]
    backend.kill()
    with monkeypatch.context() as patch:
        patch.setattr(keeper, "_ask", lambda **command: say(keeper, -1, **command))
        patch.setattr(unit, "look", lambda: None)
        unit.launch()
    backend.start()
    assert len(backends_of(processes)) == 2
    with backend.hung():
        assert processes.fire(10, timeout=0.3).errors == 5
    assert all_is_well(processes)


def test_without_its_keeper_a_lab_still_tells_what_is_so():
    with Lab(runtime="process") as lab:
        keeper = psutil.Process(lab.stack.runtime.keeper.pid)
        keeper.kill()
        keeper.wait()
        with lab.backend(1).hung():
            assert lab.backend(1).state == "hung"
        lab.backend(1).kill()
        assert [backend.state for backend in lab.backends] == ["killed", "up"]
        with pytest.raises(StartFailed, match="keeper process has ended"):
            lab.restore()
        assert [backend.state for backend in lab.backends] == ["killed", "up"]


def test_a_stranger_at_a_backends_port_is_noticed(processes):
    """Its app, started by hand: Linux would let it share the port, and take turns."""
    unit = processes.stack.runtime.units[0]
    environment = os.environ | {
        "BACKEND_ID": "1", "CONTROL_PORT": str(unit.control[1]),
        "CONTROL_SECRET": processes.stack.runtime.secret, "CONTROL_INSTANCE": "stranger",
    }  # fmt: skip
    from caddylab._machine import shipped
    from caddylab._runtimes import keeper_main

    args = [sys.executable, keeper_main.__file__, "--backend", str(shipped.containers()),
            str(unit.address[1])]  # fmt: skip
    stranger = subprocess.Popen(args, env=environment, stderr=subprocess.DEVNULL)
    try:
        with pytest.raises(FaultError, match="Another process than backend 1 answers"):
            poll(processes.restore, 20)  # None: once more, for connections go to either
    finally:
        stranger.kill()
        stranger.wait()
    processes.restore()
    assert all_is_well(processes)
