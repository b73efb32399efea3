"""More than a backend can do, and clients that do not put up with it."""

from __future__ import annotations

import itertools
import time

import pytest

from caddylab import FaultError, Lab, Outcome, Traffic, TrafficError, goodput

SITE = """:80 {
	reverse_proxy backend1:8080 backend2:8080 {
		lb_policy round_robin
	}
}
"""


@pytest.fixture(scope="module")
def own():
    with Lab("process") as lab:
        yield lab


@pytest.fixture
def site(own):
    own.restore()
    own.load(SITE)
    return own


def few(lab, at_once=2, **options):
    for backend in lab.backends:
        backend.limited(at_once, takes=0.1, **options)


def test_a_backend_does_so_much_a_second_and_no_more(site):
    few(site)
    began = time.monotonic()
    run = site.fire(20, concurrency=20)
    assert run.good == 20
    assert time.monotonic() - began > 0.45  # five times two at each of the two


def test_who_comes_when_its_queue_is_full_is_told_to_come_later(site):
    for backend in site.backends:
        backend.limited(1, takes=0.5, queue=2)
    run = site.fire(12, concurrency=12)
    assert 6 <= run.good < 12
    assert run.good + run.outcomes[Outcome.UNAVAILABLE] == 12
    assert site.get().status_code == 200
    with site.backend(1).limited(1, takes=5, queue=0), site.backend(2).limited(1, takes=5, queue=0):
        held = site.fire(2, concurrency=2, timeout=8, background=True)
        site.wait_for_work(1)
        site.wait_for_work(2)
        refused = site.get()
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
        held.stop()


def test_it_works_for_clients_that_have_left(site):
    few(site, at_once=1)
    before = [len(backend.requests()) for backend in site.backends]
    run = site.fire(12, concurrency=12, timeout=0.25)
    assert run.outcomes[Outcome.TIMEOUT] >= 6

    def worked() -> int:
        done = [len(backend.requests()) for backend in site.backends]
        return sum(done) - sum(before)

    site.wait_until(lambda: worked() >= run.good + 4, 10)


def test_another_fault_does_not_empty_the_queue(site):
    for backend in site.backends:
        backend.limited(1, takes=1)
    run = site.fire(4, concurrency=4, background=True)
    site.wait_for_work(1, 2)
    site.wait_for_work(2, 2)
    for backend in site.backends:
        backend.slow(0.01)
    assert site.fire(1).requests[0].latency > 1.5  # behind two others, as before
    run.wait()


def test_a_limit_is_told_in_words(site):
    fault = site.backend(1).limited(2, takes=0.5, queue=3)
    assert repr(fault) == "<backend 1 is limited (2 at once, 0.5 s each, 3 may wait)>"
    assert "limited" in site.backend(1).state


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"at_once": 0}, "work on 1 to 10000"),
        ({"at_once": 1, "takes": -1}, "take 0 to 600 s, not -1"),
        ({"at_once": 1, "queue": -1}, "From 0 to 1,000,000 requests can wait"),
        ({"at_once": 1, "queue": 1.5}, "queue"),
    ],
)
def test_an_impossible_limit_says_so(site, arguments, expected):
    with pytest.raises(FaultError, match=expected):
        site.backend(1).limited(**arguments)


def broken(lab):
    for backend in lab.backends:
        backend.failing(1, status=503)


def test_a_client_sends_again_until_it_gives_up(site):
    broken(site)
    run = site.fire(10, concurrency=5, clients=3, retries=2)
    assert (len(run), run.wanted, run.again, run.good) == (30, 10, 20, 0)
    assert sorted(r.again for r in run.requests) == [0] * 10 + [1] * 10 + [2] * 10
    assert run.amplification == 3
    assert "30 requests (20 of them sent again) to /test-api" in repr(run)
    assert list(run.table()["again"]) == [r.again for r in run.requests]


def test_who_is_served_does_not_send_again(site):
    site.backend(1).failing(1, status=503)
    run = site.fire(10, retries=5)
    assert run.good == run.wanted == 10
    assert run.again == run.outcomes[Outcome.UNAVAILABLE] > 0


def test_what_is_wrong_with_the_request_itself_is_not_sent_again(site):
    for backend in site.backends:
        backend.failing(1, status=404)
    assert len(site.fire(5, retries=3)) == 5
    for backend in site.backends:
        backend.failing(1, status=429)
    assert len(site.fire(5, retries=1)) == 10


def test_a_client_keeps_its_place_in_an_open_loop(site):
    broken(site)
    run = site.fire(rate=40, duration=0.5, clients=4, retries=1)
    first = [r for r in run.requests if not r.again]
    assert [r.client for r in first] == [k % 4 for k in range(20)]
    assert [r.planned for r in first] == [pytest.approx(k / 40) for k in range(20)]
    assert run.again == 20


def test_a_pause_grows_and_is_never_quite_the_same(site):
    broken(site)
    run = site.fire(4, concurrency=4, clients=4, retries=2, backoff=0.1)
    for client in range(4):
        own = [r for r in run.requests if r.client == client]
        pauses = [b.planned - (a.sent + a.duration) for a, b in itertools.pairwise(own)]
        assert 0.05 <= pauses[0] + 0.002 <= 0.3
        assert 0.1 <= pauses[1] + 0.002 <= 0.5
    assert len({round(r.planned, 4) for r in run.requests if r.again}) > 4


def test_a_server_that_asks_for_a_pause_is_given_it(site):
    few(site, at_once=1, queue=0)
    run = site.fire(6, concurrency=6, clients=6, retries=1, timeout=5)
    again = [r for r in run.requests if r.again]
    assert again
    assert min(r.sent for r in again) >= 1


def test_a_budget_ends_the_repetitions(site):
    broken(site)
    run = site.fire(100, concurrency=10, retries=3, budget=0.1)
    assert (run.wanted, run.again) == (100, 10)
    assert site.fire(10, retries=3, budget=0).again == 0


def test_a_run_that_is_stopped_sends_nothing_again(site):
    broken(site)
    run = site.fire(4, concurrency=4, retries=5, backoff=60, background=True)
    site.wait_until(lambda: run.outcomes[Outcome.UNAVAILABLE] == 4)
    assert not run.done
    assert len(run.stop()) == 4
    run = site.fire(4, concurrency=4, retries=5, backoff=60, background=True)
    site.wait_until(lambda: run.outcomes[Outcome.UNAVAILABLE] == 4)
    assert len(run.finish()) == 4


def test_it_can_be_saved(site, tmp_path):
    broken(site)
    run = site.fire(3, retries=1, backoff=0.001, budget=0.9)
    loaded = Traffic.load(run.save(tmp_path / "run.json"))
    assert loaded.requests == run.requests
    assert loaded.run.plan == run.run.plan
    assert repr(loaded) == repr(run)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"retries": -1}, "retries is -1"),
        ({"retries": 101}, "from 0 to 100"),
        ({"backoff": -0.1}, "backoff is -0.1"),
        ({"budget": -1}, "budget is -1"),
    ],
)
def test_an_impossible_patience_says_so(site, arguments, expected):
    with pytest.raises(TrafficError, match=expected):
        site.fire(1, **arguments)


def test_goodput_is_drawn_against_load(site):
    few(site)
    runs = [site.fire(rate=rate, duration=0.5, timeout=20) for rate in (10, 20)]
    picture = goodput(as_it_is=runs).to_dict()
    rows = next(rows for rows in picture["datasets"].values() if "series" in rows[0])
    assert [(row["series"], row["load"], row["good"]) for row in rows] == [
        ("as it is", 10, 10), ("as it is", 20, 20),
    ]  # fmt: skip
    assert picture["title"]["text"] == ["Of 20 a second are answered: 20 with as it is"]


def test_goodput_says_what_it_wants(site):
    with pytest.raises(TrafficError, match="wants runs to draw"):
        goodput()
    with pytest.raises(TrafficError, match="runs at a rate, and one of “one” is none"):
        goodput(one=[site.fire(1)])


LIMITED = """:80 {
	reverse_proxy backend1:8080 backend2:8080 {
		lb_policy round_robin
		unhealthy_request_count 1
	}
	PAGE
}
"""
PAGE = """handle_errors 503 {
		header Retry-After 2
		respond "Too many at once. Please come back in two seconds." 503
	}"""


@pytest.mark.parametrize(("page", "waits"), [("", False), (PAGE, True)])
def test_caddy_says_when_to_come_back_only_if_it_is_told_to(site, page, waits):
    site.load(LIMITED.replace("PAGE", page))
    few(site)
    run = site.fire(6, concurrency=6, clients=6, retries=1)
    ends = {r.client: r.sent + r.duration for r in run.requests if not r.again}
    pauses = [r.sent - ends[r.client] for r in run.requests if r.again]
    assert pauses
    assert (min(pauses) >= 2) is waits
