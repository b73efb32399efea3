"""Threads that go on after an error, and say what it was."""

from __future__ import annotations

import threading

from caddylab import Lab
from caddylab._caddy.running import journal as journal_module
from caddylab._caddy.running.admin import Upstream
from caddylab._caddy.running.journal import Journal
from caddylab._machine.steady import Steady
from caddylab._machine.waiting import poll


def test_a_turn_that_fails_ends_nothing_and_is_told_once(caplog):
    turns = []

    def work():
        turns.append(len(turns))
        if len(turns) < 4:
            raise OSError(24, "Too many open files")

    steady = Steady("test-steady", work, lambda: 0.001)
    steady.start()
    assert poll(lambda: len(turns) > 6, 5)
    steady.close()

    assert not steady.alive
    assert "Too many open files" in steady.trouble
    assert len(caplog.records) == 1


def test_it_can_be_closed_by_its_own_work():
    done = threading.Event()

    def work():
        steady.close()
        done.set()

    steady = Steady("test-steady", work, lambda: 0.001)
    steady.start()
    assert done.wait(5)
    assert poll(lambda: not steady.alive, 5)


def test_a_log_that_cannot_be_read_for_a_while_is_said_and_read_later(monkeypatch):
    with Lab("process") as lab:
        real = lab.stack.journal.read_log
        failures = iter(range(40))

        def fail(offset):
            if next(failures, None) is not None:
                raise OSError(24, "Too many open files")
            return real(offset)

        monkeypatch.setattr(lab.stack.journal, "read_log", fail)
        run = lab.fire(10)

        assert run.good == 10
        assert "! Caddy's log could not be read or written for a while" in str(run)
        assert "Too many open files" in str(run)


def test_a_lab_that_nobody_uses_seldom_asks_caddy(monkeypatch):
    log, asked, clock = [b""], [], [0.0]
    counts = {"backend1:8080": Upstream(0, 0)}
    journal = Journal(
        lambda _: log.pop() if log else b"", lambda: asked.append(clock[0]) or counts, {}
    )
    monkeypatch.setattr(journal_module.time, "monotonic", lambda: clock[0])

    def a_second(new=b""):
        asked.clear()
        for tenth in range(10):
            clock[0] += 0.11
            log.append(b"" if tenth else new)
            journal.catch_up()
        return len(asked)

    a_second()
    assert a_second() == 2
    assert a_second(b'{"logger":"http.handlers.reverse_proxy","msg":"selected upstream"}\n') > 3
    counts["backend1:8080"] = Upstream(0, 1)
    a_second()
    assert a_second() == 10
