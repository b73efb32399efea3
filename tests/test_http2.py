"""HTTP/2 between clients and Caddy: many requests at once on one connection, each accounted for."""

from collections import Counter

import psutil
import pytest

from caddylab import Answerer, Lab, Outcome, Traffic, TrafficError
from caddylab._caddy.running.wire import Wire
from caddylab._machine.waiting import poll

SITE = """shop.test {
	reverse_proxy a:3000 b:3000 {
		lb_policy round_robin
	}
}
http://plain.test {
	reverse_proxy a:3000
}
"""


@pytest.fixture(scope="module")
def lab():
    with Lab.of(SITE, "process") as lab:
        yield lab


def test_all_requests_of_a_client_go_on_one_connection_at_once(lab):
    with lab.backend("a:3000").slow(0.2), lab.backend("b:3000").slow(0.2):
        run = lab.fire(24, concurrency=12, clients=3, http="2")
    assert run.good == 24
    assert all(request.complete for request in run.requests)
    assert {request.answerer for request in run.requests} == {Answerer.BACKEND}
    assert Counter(run.backends) == {1: 12, 2: 12}
    first = [request for request in run.requests if request.n <= 12]
    assert max(r.sent for r in first) < min(r.sent + r.duration for r in first)


def test_a_body_that_is_larger_than_the_window_arrives(lab):
    run = lab.fire(4, concurrency=4, method="POST", body=b"x" * 300_000, http="2")
    assert run.good == 4


def test_a_connection_for_each_request_where_none_is_kept(lab):
    assert lab.fire(6, concurrency=3, keepalive=False, http="2").good == 6


def test_a_connection_for_which_nobody_waits_any_more_ends_with_the_run(lab):
    """Who has no patience leaves in the middle of the handshake, which goes on."""
    caddy = psutil.Process(lab.stack.runtime.caddy_pid())
    caddy.suspend()
    try:
        run = lab.fire(rate=20, duration=2, timeout=0.2, keepalive=False, http="2", background=True)
        lab.wait_until(lambda: run.outcomes.get(Outcome.TIMEOUT, 0) > 3)
    finally:
        caddy.resume()
    run.wait()
    assert run.good > 3
    assert poll(lambda: not open_to(lab.stack.runtime.site), 5), open_to(lab.stack.runtime.site)


def open_to(site):
    """Our connections to this address."""
    return [
        each for each in psutil.Process().net_connections("tcp")
        if each.raddr == site and each.status == psutil.CONN_ESTABLISHED
    ]  # fmt: skip


def test_cookies_and_heads_go_likewise(lab):
    assert [r.body for r in lab.fire(1, method="HEAD", http="2").requests] == [""]
    lab.backend("a:3000").answers("/give", headers={"Set-Cookie": "lb=1; Path=/"})
    lab.backend("b:3000").answers("/give", headers={"Set-Cookie": "lb=1; Path=/"})
    run = lab.fire(1, path="/give", http="2", clients=1)
    assert run.clients.cookies("lb") == {"1"}


def test_who_has_no_patience_takes_one_request_back_and_no_other(lab):
    with lab.backend("b:3000").slow(5):
        run = lab.fire(8, concurrency=8, timeout=2, http="2")
    assert Counter(request.outcome for request in run.requests) == {
        Outcome.OK: 4, Outcome.TIMEOUT: 4,
    }  # fmt: skip


def test_a_reload_lets_those_under_way_end_and_no_request_is_lost_to_the_records(lab):
    """Caddy says that it leaves the connection (GOAWAY), and answers what it has taken."""
    both = lab.backend("a:3000"), lab.backend("b:3000")
    with both[0].slow(3), both[1].slow(3):
        run = lab.fire(10, concurrency=10, http="2", background=True)
        lab.wait_until(lambda: sum(backend.in_flight for backend in both) == 10, timeout=30)
        lab.load(lab.caddyfile + "# another\n")
        run.wait()
    assert run.good == 10
    after = lab.fire(4, http="2")
    assert after.good == 4


def test_a_saved_run_says_which_version_was_spoken(lab, tmp_path):
    run = lab.fire(1, http="2")
    run.save(tmp_path / "run.json")
    assert Traffic.load(tmp_path / "run.json").run.plan.http == "2"


def test_a_site_that_does_not_speak_it_says_so(lab):
    lab.load("{\n\tservers {\n\t\tprotocols h1\n\t}\n}\n" + SITE)
    [request] = lab.fire(1, http="2").requests
    assert (request.outcome, "does not speak" in request.error) == (Outcome.TLS, True)
    lab.load(SITE)


@pytest.mark.parametrize(
    ("how", "says"), [({"http": "3"}, '"1.1" or "2"'), ({"host": "plain.test"}, "HTTPS")]
)
def test_what_cannot_be_asked_for(lab, how, says):
    with pytest.raises(TrafficError, match=says):
        lab.fire(1, **{"http": "2", **how})


def test_a_request_whose_id_was_changed_is_nobodys_where_several_are_under_way():
    wire, peer = Wire(), ("203.0.113.1", 40000)
    wire.begin(peer, at_once=True)
    wire.sent(peer, "one-1")
    assert wire.find(peer, "changed").id == "one-1"
    wire.sent(peer, "one-2")
    assert wire.find(peer, "changed") is None
    assert wire.find(peer, "one-2").id == "one-2"
