"""The lab on both runtimes: what a learner does, and what the records say of it."""

from __future__ import annotations

import _thread
import threading
import time

import pytest

from caddylab import (
    CaddyfileError,
    Clients,
    FaultError,
    Lab,
    LabClosed,
    LabError,
    Outcome,
    RuntimeUnavailable,
    TrafficError,
    WaitTimeout,
)
from caddylab._machine.waiting import poll

RETRY = """:80 {
	reverse_proxy backend1:8080 backend2:8080 {
		lb_policy round_robin
		lb_retries 1
		fail_duration 1s
	}
}
"""
BARE = ":80 {\n\treverse_proxy backend1:8080 backend2:8080 {\n\t\tlb_policy round_robin\n\t}\n}\n"
ACTIVE = BARE.replace("round_robin", "round_robin\n\t\thealth_uri /\n\t\thealth_interval 200ms")


def policy(name: str) -> str:
    return BARE.replace("round_robin", name)


@pytest.fixture(autouse=True)
def whole(lab):
    """Each scenario begins and ends with two healthy backends."""
    lab.load(BARE)
    yield
    lab.restore()


def accounted(traffic) -> bool:
    """Every request has ended, and its trace leads to the answer that its client got."""
    return all(map(leads_to_its_answer, traffic.requests))


def leads_to_its_answer(request) -> bool:
    *failed, last = request.attempts
    begun = request.answered_by or request.outcome is Outcome.RESET  # cut off after its head
    return (
        request.complete
        and request.outcome is not Outcome.PENDING
        and all(attempt.error for attempt in failed)
        and last.backend == (request.answered_by or last.backend)
        and last.status == (request.status if begun else None)
    )


# --- the happy path ------------------------------------------------------------------------


def test_round_robin_takes_turns_beginning_at_the_second(lab):
    lab.load("happy-path")
    traffic = lab.fire(16)
    assert traffic.backends == [2, 1] * 8
    assert accounted(traffic)
    assert traffic.errors == 0


def test_a_backend_that_got_nothing_has_its_lane_and_its_bar(lab):
    lab.load(policy("first"))
    traffic = lab.fire(3)
    for kind in ("routing", "shares"):
        assert "backend 2" in traffic.chart(kind).to_json()


def test_every_attempt_lies_inside_its_request(lab):
    traffic = lab.fire(20, concurrency=4)
    for request in traffic.requests:
        (attempt,) = request.attempts
        begin = attempt.start - traffic.run.began
        assert request.sent - 0.005 <= begin
        assert begin + attempt.duration <= request.sent + request.duration + 0.005
        assert attempt.backend == request.answered_by


def test_clients_have_their_own_addresses_and_keep_them(lab):
    lab.load(policy("ip_hash"))
    traffic = lab.fire(180, clients=60)
    homes = traffic.table().groupby("address").backend.nunique()
    assert len(homes) == 60
    assert (homes == 1).all()
    assert set(traffic.shares) == {1, 2}  # all 60 on one side: less than once in 10**17


def test_an_office_behind_one_address_goes_to_one_backend(lab):
    lab.load(policy("ip_hash"))
    traffic = lab.fire(20, clients=Clients(20, address="203.0.113.7"))
    assert len(traffic.shares) == 1


def test_cookies_stick_for_each_client(lab):
    lab.load(policy("cookie sticky_session_id"))
    people = Clients(20)
    first, later = lab.fire(20, clients=people), lab.fire(40, clients=people)
    assert later.backends == first.backends * 2


def test_the_log_of_a_learner_stays(lab):
    loaded = lab.load(BARE.replace("}\n}", "}\n\tlog {\n\t\toutput file access.log\n\t}\n}"))
    [decision] = loaded.decisions
    assert accounted(lab.fire(4))
    assert lab.config()["logging"]["logs"]["log0"]["writer"]["filename"] == decision.runs


def test_caddy_writes_of_a_request_in_one_log_unless_the_learner_wants_more(lab):
    lab.load(BARE)
    assert lab.config()["logging"]["logs"]["default"] == {"exclude": ["http"]}
    lab.load("{\n\tlog {\n\t\tlevel WARN\n\t}\n}\n" + BARE)
    wanted = {"level": "WARN", "exclude": ["http.log.access.caddylab"]}
    assert lab.config()["logging"]["logs"]["default"] == wanted
    assert accounted(lab.fire(4))


# --- breaking ------------------------------------------------------------------------------


def test_a_kill_under_load_is_retried_and_remembered(lab):
    lab.load(RETRY)
    traffic = lab.fire(600, concurrency=20, background=True)
    with lab.backend(2).killed():
        traffic.wait()
    assert len(traffic) == 600
    assert accounted(traffic)
    failed = [a for request in traffic.requests for a in request.attempts if a.error]
    assert failed
    assert all(attempt.backend == 2 for attempt in failed)
    kinds = set(traffic.spans().kind)
    assert {"killed", "failed"} <= kinds


def test_without_retries_a_dead_backend_is_a_502(lab):
    with lab.backend(2).killed():
        traffic = lab.fire(4)
    assert [r.outcome for r in traffic.requests] == [Outcome.BAD_GATEWAY, Outcome.OK] * 2
    assert accounted(traffic)


def test_a_hung_backend_makes_clients_wait(lab):
    with lab.backend(2).hung():
        traffic = lab.fire(4, timeout=0.5)
        assert lab.backend(2).state == "hung"
    assert [r.outcome for r in traffic.requests] == [Outcome.TIMEOUT, Outcome.OK] * 2
    assert "context canceled" in traffic.requests[0].attempts[0].error
    assert lab.fire(4).errors == 0


def test_a_partition_lets_the_dial_time_out(lab):
    lab.load(RETRY)
    with lab.backend(2).partitioned():
        traffic = lab.fire(1, timeout=10)
    first, second = traffic.requests[0].attempts
    assert (first.backend, second.backend) == (2, 1)
    assert "i/o timeout" in first.error
    assert 2.9 < first.duration < 4.0  # Caddy's dial_timeout is 3 s
    lab.load(BARE)
    assert lab.fire(4).errors == 0


def test_slow_and_failing_come_and_go(lab):
    with lab.backend(2).slow(0.5), lab.backend(1).failing(status=503):
        traffic = lab.fire(4)
        assert [r.status for r in traffic.requests] == [200, 503] * 2
        assert min(r.latency for r in traffic.requests if r.answered_by == 2) >= 0.5
    traffic = lab.fire(4)
    assert traffic.errors == 0
    assert max(r.latency for r in traffic.requests) < 0.5


def test_a_fault_ends_with_its_block_even_after_an_error(lab):
    with pytest.raises(ZeroDivisionError), lab.backend(1).hung(), lab.backend(2).slow(3):
        1 / 0  # noqa: B018
    assert [backend.state for backend in lab.backends] == ["up", "up"]
    assert lab.fire(2).errors == 0


def test_a_fault_inside_the_app_survives_a_hang_and_a_restart(lab):
    backend = lab.backend(2)
    with backend.failing(status=500):
        with backend.hung():
            assert backend.state == "failing, hung"
        backend.kill()
        backend.start()
        assert [r.status for r in lab.fire(2).requests] == [500, 200]
    assert lab.fire(2).errors == 0


def test_a_slow_fault_may_end_while_its_backend_hangs(lab):
    backend = lab.backend(2)
    slow = backend.slow(1)
    with backend.hung():
        slow.undo()
    assert max(r.latency for r in lab.fire(2).requests) < 0.9


def test_stop_lets_requests_finish_and_kill_does_not(lab):
    stopped = lab.fire(1, path="/delay/700", background=True)
    lab.wait_until(lambda: lab.backend(2).in_flight == 1, 5)
    lab.backend(2).stop()
    assert stopped.wait().errors == 0
    lab.restore()
    lab.load(BARE)
    cut = lab.fire(1, path="/delay/700", method="POST", background=True)
    lab.wait_until(lambda: lab.backend(2).in_flight == 1, 5)
    lab.backend(2).kill()
    assert cut.wait().requests[0].outcome is Outcome.BAD_GATEWAY


def test_the_backend_tells_what_it_executed(lab):
    traffic = lab.fire(6)
    ids = {request["id"] for request in lab.backend(2).requests()}
    mine = {f"{traffic.run.id}-{r.n}" for r in traffic.requests if r.answered_by == 2}
    assert mine <= ids


def test_faults_that_make_no_sense_say_so(lab):
    with lab.backend(2).killed():
        with pytest.raises(FaultError, match="down already"):
            lab.backend(2).kill()
        with pytest.raises(FaultError, match="is killed, so it cannot be hung"):
            lab.backend(2).hung()
    with pytest.raises(FaultError, match="share"):
        lab.backend(1).failing(share=2)
    with pytest.raises(FaultError, match="600 s"):
        lab.backend(1).slow(-1)
    with pytest.raises(LabError, match="no 3"):
        lab.backend(3)


# --- Caddy's opinion -----------------------------------------------------------------------


def test_active_checks_leave_a_trace(lab):
    lab.load(ACTIVE)
    backend = lab.backend(2)
    with backend.killed():
        lab.wait_until(lambda: backend.opinion == "unhealthy", 5, "Caddy notices")
        assert lab.fire(4).backends == [1, 1, 1, 1]
    lab.wait_until(lambda: backend.healthy, 5, "Caddy notices again")
    span = lab.opinions[-1]
    assert (span.backend, span.kind) == (2, "unhealthy")
    assert span.detail  # in Caddy's words
    assert span.end is not None
    assert span.end > span.start


def test_a_check_that_a_load_cuts_off_is_no_opinion(lab):
    """The old configuration's check hangs while the new one is loaded, and then fails."""
    lab.load(ACTIVE.replace("200ms", "200ms\n\t\thealth_timeout 20s"))
    with lab.backend(2).hung():
        lab.pause(0.5, "a check hangs")
        lab.load(BARE)
        lab.pause(0.5, "the old check ends")
        assert lab.backend(2).opinion == "healthy"


def test_a_backend_has_failed_only_after_as_many_failures_as_the_caddyfile_wants(lab):
    lab.load(RETRY.replace("1s", "5s\n\t\tmax_fails 3"))
    with lab.backend(2).killed():
        assert lab.fire(2).retries == 2
        assert not poll(lambda: lab.backend(2).opinion != "healthy", 0.5)
        lab.fire(4)
        lab.wait_until(lambda: lab.backend(2).opinion == "failed", 2)


def test_the_timeline_shows_faults_beside_opinions(lab):
    lab.load(ACTIVE)
    with lab.backend(2).killed():
        lab.wait_until(lambda: not lab.backend(2).healthy, 20)
    lab.wait_until(lambda: lab.backend(2).healthy, 20)
    timeline = lab.timeline()
    fault = timeline[timeline.source == "fault"].iloc[-1]
    opinion = timeline[timeline.source == "caddy"].iloc[-1]
    assert (fault.kind, opinion.kind) == ("killed", "unhealthy")
    # Caddy may know of a start before we do: ours is told when it has been seen
    assert fault.start < opinion.start < min(fault.end, opinion.end)


def test_a_wait_that_fails_says_what_caddy_sees(lab):
    with pytest.raises(WaitTimeout, match=r"rain did not come true within 0\.1 s.*backend 1: up"):
        lab.wait_until(lambda: False, 0.1, "rain")


# --- stopping ------------------------------------------------------------------------------


def test_stop_keeps_what_was_sent(lab):
    traffic = lab.fire(rate=50, duration=60, background=True)
    lab.wait_until(lambda: len(traffic) >= 20, 5)
    began = time.monotonic()
    traffic.stop()
    assert time.monotonic() - began < 15
    assert 20 <= len(traffic) < 1000
    assert traffic.run.planned_total == 3000
    assert Outcome.PENDING not in traffic.outcomes


def test_ctrl_c_ends_the_run_and_keeps_the_records(lab):
    with lab.backend(2).hung():
        threading.Timer(0.5, _thread.interrupt_main).start()
        began = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            lab.fire(10, timeout=30)
        assert time.monotonic() - began < 15
    assert lab.last.outcomes[Outcome.CANCELLED] == 1
    assert Outcome.PENDING not in lab.last.outcomes


def test_nothing_is_lost_when_the_configuration_changes_under_load(lab):
    traffic = lab.fire(rate=200, duration=2, clients=20, background=True)
    for text in (RETRY, BARE, RETRY):
        lab.load(text)
        time.sleep(0.3)
    traffic.wait()
    assert len(traffic) == 400
    assert Outcome.PENDING not in traffic.outcomes


def test_open_loop_latency_counts_from_the_planned_send(lab):
    with lab.backend(1).slow(0.3), lab.backend(2).slow(0.3):
        traffic = lab.fire(rate=20, duration=0.5)
    assert len(traffic) == 10
    assert all(r.latency_intended >= 0.3 for r in traffic.requests)


# --- Caddyfiles ----------------------------------------------------------------------------


def test_a_caddyfile_that_caddy_refuses_leaves_the_old_one(lab):
    with pytest.raises(CaddyfileError) as caught:
        lab.load(BARE.replace("lb_policy", "lb_polcy"))
    assert caught.value.line == 3
    assert "lb_polcy" in str(caught.value)
    assert "^^^" in str(caught.value)
    assert lab.fire(4).errors == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("80 {\n\treverse_proxy backend1:8080\n}", "`80` is the name of a host"),
        (":80 {\n\treverse_proxy backend3:8080\n}", r"Lab\(backends=3\)"),
        (":80 {\n\treverse_proxy bakend1:8080\n}", "`bakend1` is not in this lab"),
        (":80 {\n\treverse_proxy app:1 127.0.0.1:9 10.0.0.5:3\n}", r"3 upstreams, .* 2 backends"),
        ("{\n\tdebug\n}", "has no site"),
    ],
)
def test_what_a_lab_has_not_gets_a_sentence(lab, text, message):
    with pytest.raises(CaddyfileError, match=message):
        lab.load(text)


@pytest.mark.parametrize(
    "text",
    [
        "{\n\tadmin off\n}\n" + BARE,
        BARE.replace(":80 {", ":8000 {"),
        BARE.replace(":80 {", "http://localhost {"),
        "(both) {\n\treverse_proxy backend1:8080 backend2:8080\n}\n:80 {\n\timport both\n}\n",
        "http://localhost {\n\treverse_proxy backend1:8080\n}\nhttp://b.example {\n"
        "\treverse_proxy backend2:8080\n}\n",
        ":80 {\n\treverse_proxy localhost:9001\n}\n:9001 {\n\treverse_proxy backend1:8080\n}\n",
        ":80 {\n\treverse_proxy backend1:8080 backend2:8080 {\n\t\thealth_port 8080\n\t}\n}\n",
    ],
)
def test_what_learners_write_works(lab, text):
    lab.load(text)
    assert lab.fire(4).errors == 0
    lab.load(BARE)
    assert lab.fire(2).errors == 0  # the admin endpoint is still ours


def test_an_upstream_without_a_port_dials_port_80(lab):
    lab.load(":80 {\n\treverse_proxy backend1\n}\n")
    traffic = lab.fire(1)
    assert traffic.outcomes == {Outcome.BAD_GATEWAY: 1}
    assert "refused" in traffic.requests[0].attempts[0].error


def test_sites_are_told_apart_by_host(lab):
    lab.load(
        "http://a.example {\n\trespond a\n}\nhttp://b.example {\n\trespond b\n}\n",
    )
    assert [lab.fire(1, host=f"{x}.example").requests[0].body for x in "ab"] == ["a", "b"]


def test_an_unknown_name_is_answered_with_the_known_ones(lab):
    with pytest.raises(CaddyfileError, match="happy-path"):
        lab.load("happy-pth")


# --- life ----------------------------------------------------------------------------------


def test_plans_that_cannot_be_fired_say_so(lab):
    with pytest.raises(TrafficError, match="count"):
        lab.fire()
    with pytest.raises(TrafficError, match="open loop"):
        lab.fire(rate=10, duration=1, concurrency=3)


def test_a_closed_lab_says_so():
    lab = Lab(runtime="process")
    lab.close()
    lab.close()
    assert "closed" in repr(lab)
    with pytest.raises(LabClosed, match="make a new one"):
        lab.fire(1)


def test_a_lab_needs_a_runtime_and_backends():
    with pytest.raises(RuntimeUnavailable, match="'process'"):
        Lab(runtime="docker")
    with pytest.raises(LabError, match="1 to 16"):
        Lab(backends=0)


@pytest.mark.parametrize("runtime", ["process", pytest.param("podman", marks=pytest.mark.podman)])
def test_a_proxy_for_the_internet_is_not_asked(runtime, monkeypatch):
    """Many companies' laptops have one in their environment; here nobody listens there."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with Lab(runtime=runtime) as lab:
        with lab.backend(2).slow(0.01):
            assert lab.fire(8).errors == 0
        lab.reset()
        assert [backend.state for backend in lab.backends] == ["up", "up"]


@pytest.mark.parametrize(
    ("text", "line", "help"),
    [
        (
            ":80 {\n\troot * /srv/app\n\treverse_proxy app:3000 app:1 app\n}\n",
            3,
            '`Lab.of("Caddyfile")` makes a lab that fits',
        ),
        (
            ":80 {\n\t# backend3:8080\n\treverse_proxy {\n\t\tto http://backend3:8080\n\t}\n}\n",
            4,
            "Lab(backends=3)",
        ),
        (":80 {\n\treverse_proxy backend99:8080\n}\n", 2, "A lab has 16 backends at most."),
        (":80 {\n\treverse_proxy backend1:8080 weight 3\n}\n", 2, "weighted_round_robin 3 1"),
        (
            ":80 {\n\treverse_proxy {\n\t\tto backend1:8080\n\t\tto backend2:8080 backup\n\t}\n}\n",
            4,
            "lb_policy first",
        ),
        ("a.test,\n80 {\n\treverse_proxy backend1:8080\n}\n", 2, "`:80 {`"),
    ],
)
def test_a_refusal_points_at_the_words_own_line(lab, text, line, help):
    with pytest.raises(CaddyfileError) as caught:
        lab.load(text)

    assert caught.value.line == line
    assert help in caught.value.help
    assert "backends=99" not in caught.value.help


def test_an_upstream_may_be_called_as_a_parameter_is_elsewhere(lab):
    lab.load(":80 {\n\treverse_proxy web:8080 backup:8080\n}\n")
    assert lab.fire(4).good == 4


@pytest.mark.parametrize(
    "text",
    [
        ":80 {\n\treverse_proxy tcp/backend2:8080\n}\n",
        ":80 {\n\treverse_proxy [::1]:81\n}\n:81 {\n\treverse_proxy backend2:8080\n}\n",
        ":80 {\n\treverse_proxy 127.0.0.1:81\n}\n:81 {\n\treverse_proxy backend2:8080\n}\n",
    ],
)
def test_an_address_may_be_written_in_each_of_caddys_ways(lab, text):
    lab.load(text)

    assert set(lab.fire(3).backends) == {2}


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b":80 {\n\t# caf\xe9\n}\n", r"not in UTF-8 \(perhaps Latin-1\).* line 2"),
        (":80 {\n}\n".encode("utf-16"), r"not in UTF-8 \(UTF-16\)"),
    ],
)
def test_a_file_in_another_encoding_is_refused_in_words(lab, tmp_path, data, says):
    file = tmp_path / "Caddyfile"
    file.write_bytes(data)

    with pytest.raises(CaddyfileError, match=says):
        lab.load(file)


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b", "~nobody-of-that-name/Caddyfile"])
def test_what_cannot_be_a_file_is_refused_in_words(lab, name):
    with pytest.raises(CaddyfileError, match="There is no Caddyfile called") as caught:
        lab.load(name)

    assert len(str(caught.value)) < 500


def test_a_folder_is_refused_in_words(lab, tmp_path):
    with pytest.raises(CaddyfileError, match="is a folder"):
        lab.load(tmp_path)
