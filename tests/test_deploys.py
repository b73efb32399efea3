"""Restarts, readiness, and what stays open: WebSockets and streams."""

from __future__ import annotations

import time

import pytest

from caddylab import FaultError, Lab, LabError, Outcome, TrafficError

SITE = """:80 {
	reverse_proxy backend1:8080 backend2:8080 {
		lb_policy round_robin
		OPTIONS
	}
}
"""


def site(options=""):
    return SITE.replace("OPTIONS", options)


@pytest.fixture(scope="module")
def own():
    with Lab("process") as lab:
        yield lab


@pytest.fixture
def fresh(own):
    own.reset()
    own.load(site())
    return own


def test_a_restarted_backend_is_not_ready_before_its_time_in_either_runtime(lab):
    lab.reset()
    lab.load(site())
    backend = lab.backend(1)
    backend.restart(0, ready_after=2)
    run = lab.fire(10)
    assert (run.good, run.outcomes[Outcome.UNAVAILABLE]) == (5, 5)
    assert (backend.state, backend.ready) == ("unready", False)
    assert [lab.get("/live").status_code for _ in range(2)] == [200, 200]
    assert sorted(lab.get("/ready").status_code for _ in range(2)) == [200, 503]
    lab.wait_until(lambda: backend.ready, 10)
    assert lab.fire(10).good == 10
    span = next(span for span in lab.faults if span.kind == "unready")
    assert span.end - span.start == pytest.approx(2)
    lab.restore()


def test_nobody_meets_a_starting_backend_before_it_knows_that_it_is_not_ready(fresh):
    fresh.load(":80 {\n\treverse_proxy backend1:8080\n}\n")
    run = fresh.fire(rate=200, duration=30, background=True)
    fresh.backend(1).restart(0, ready_after=30)
    began = time.time() - run.run.began
    fresh.pause(0.2)
    run.stop()
    fresh.restore()
    late = [r for r in run.requests if r.sent > began and r.outcome is not Outcome.CANCELLED]
    assert late
    assert {r.outcome for r in late} == {Outcome.UNAVAILABLE}
    killed = next(span for span in fresh.faults[::-1] if span.kind == "stopped").start
    after = [r for r in run.requests if r.sent + run.run.began > killed + 0.1]
    assert not [r for r in after if r.good]


def test_a_backend_can_be_unready_until_it_is_mended(fresh):
    with fresh.backend(2).unready():
        assert fresh.fire(10).outcomes[Outcome.UNAVAILABLE] == 5
        assert "is unready" not in repr(fresh.backend(2))
    assert fresh.fire(10).good == 10


def test_it_stops_and_starts_while_unready(fresh):
    backend = fresh.backend(1)
    backend.restart(0, ready_after=60)
    backend.kill()
    backend.start()
    assert backend.ready
    assert fresh.fire(10).good == 10


def test_a_rolling_restart_that_waits_costs_nobody_an_answer(fresh):
    fresh.load(site("lb_retries 1\nhealth_uri /ready\nhealth_interval 100ms"))
    run = fresh.fire(rate=50, duration=60, background=True)
    fresh.wait_until(lambda: len(run) > 5, 10)
    born = [unit.instance for unit in fresh.stack.runtime.units]
    fresh.rolling_restart(0.1, ready_after=0.5, wait="healthy")
    fresh.wait_until(lambda: all(b.healthy for b in fresh.backends), 10)
    assert [unit.instance for unit in fresh.stack.runtime.units] != born
    run.run.finish()
    assert run.wait().outcomes[Outcome.BAD_GATEWAY] == 0
    assert run.good >= len(run) - 25  # until the next check, an unready one answers 503


@pytest.mark.parametrize(
    ("deed", "words"),
    [
        (lambda lab: lab.rolling_restart(wait="long"), "waits for started or ready or healthy"),
        (lambda lab: lab.backend(1).restart(-1), "can take 0 to 600 s"),
        (lambda lab: lab.backend(1).restart(ready_after=-1), "can become ready after more than 0"),
        (lambda lab: lab.backend(1).unready(0), "can become ready after more than 0"),
        (lambda lab: lab.backend(1).failing(first=0), "The first 1 to"),
        (lambda lab: lab.websockets(0), "From 1 to 1,000"),
        (lambda lab: lab.streams(1001), "From 1 to 1,000"),
    ],
)
def test_what_cannot_be_done_is_said(fresh, deed, words):
    with pytest.raises((FaultError, LabError, TrafficError), match=words):
        deed(fresh)
    assert fresh.fire(4).good == 4


def test_only_the_first_requests_fail(fresh):
    with fresh.backend(1).failing(first=2, status=503) as fault:
        assert "the first 2 503" in repr(fault)
        run = fresh.fire(20)
        assert (run.good, run.outcomes[Outcome.UNAVAILABLE]) == (18, 2)
    with fresh.backend(1).failing(first=2):
        assert fresh.fire(20).good == 18


@pytest.mark.parametrize(("method", "lost"), [("GET", 0), ("POST", 4)])
def test_a_backend_closes_idle_connections(fresh, method, lost):
    fresh.backend(1).closes_idle(0.5)
    fresh.backend(2).closes_idle(0.5)
    ask = {"method": method, "body": b"x" if method == "POST" else b""}
    fresh.fire(4, concurrency=4, path="/delay/100", **ask)
    fresh.pause(0.7)
    assert fresh.fire(4, concurrency=4, **ask).errors == lost


class TestHeld:
    def test_websockets_are_accounted_for(self, fresh):
        held = fresh.websockets(6)
        assert (len(held), held.open_now, held.lost, held.backends) == (6, 6, 0, {1: 3, 2: 3})
        fresh.wait_until(lambda: all(one.frames > 2 for one in held), 10)
        fresh.load(site("lb_retries 1"))
        held.wait(10)
        assert held.ends == {"closed (1001)": 6}
        assert held.lost == 6
        table = held.table()
        assert list(table.n) == [1, 2, 3, 4, 5, 6]
        assert (table.frames > 2).all()
        assert (table.lasted > 0.2).all()
        assert repr(held).startswith("<6 WebSockets: 6 closed (1001); ")

    def test_they_outlive_a_reload_that_leaves_them_time(self, fresh):
        fresh.load(site("stream_close_delay 1m"))
        held = fresh.websockets(4)
        fresh.load(site("stream_close_delay 1m\nlb_retries 1"))
        before = held.frames
        fresh.wait_until(lambda: held.frames > before + 12, 10)
        assert held.open_now == 4
        held.close()
        assert held.ends == {"hung up": 4}

    def test_they_say_what_cut_them(self, fresh):
        held = fresh.websockets(4)
        fresh.backend(1).kill()
        fresh.backend(2).hung()
        held.wait(30)
        assert held.ends["fell silent"] == 2
        assert held.lost == 4
        fresh.load(":80 {\n\treverse_proxy backend1:8080\n}\n")
        assert fresh.websockets(1).wait(10).ends == {"502": 1}

    def test_a_stream_is_complete_or_cut(self, fresh):
        whole, cut = fresh.streams(2, path="/stream/4"), fresh.streams(2)
        assert whole.wait(10).ends == {"complete": 2}
        assert whole.frames == 8
        for backend in fresh.backends:
            backend.kill()
        assert cut.wait(10).ends == {"cut off": 2}

    def test_none_outlives_a_reset(self, fresh):
        held = fresh.websockets(2)
        fresh.reset()
        assert held.ends == {"hung up": 2}
