"""The feed on real labs: what it tells equals the records, and its guesses come true."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from itertools import pairwise

import pytest

from caddylab import Outcome
from caddylab._machine.waiting import poll
from caddylab._view.tape import tape
from caddylab._view.whereabouts import Whereabouts

PROXY = """:80 {{
	reverse_proxy backend1:8080 backend2:8080 {{
		lb_policy round_robin
{}
	}}
}}
"""
BARE = PROXY.format("")
RETRY = PROXY.format("\t\tlb_retries 1\n\t\tfail_duration 2s")
MEMORY = PROXY.format("\t\tfail_duration 2s")
CHECKS = PROXY.format("\t\thealth_uri /\n\t\thealth_interval 200ms")


class Heard:
    """Everything that a watcher was told."""

    def __init__(self):
        self.events, self.batches = [], 0

    def __call__(self, now, events):
        self.events += events
        self.batches += 1

    def of(self, letter):
        return [event for event in list(self.events) if event[0] == letter]

    def ends(self):
        """The last word on each request that is over."""
        return list({event[2]: event for event in self.of("d")}.values())

    def tells(self, letter, count=1):
        return poll(lambda: len(self.of(letter)) >= count, 5)


@pytest.fixture
def watch(lab):
    """Watch the lab from now on."""
    with contextlib.ExitStack() as ends:

        def begin():
            heard = Heard()
            lab.stack.feed.watch(heard, [t.run for t in lab.stack.sender.under_way])
            ends.callback(lab.stack.feed.unwatch, heard)
            return heard

        yield begin


@pytest.fixture(autouse=True)
def whole(lab):
    lab.load(BARE)
    yield
    lab.restore()


def equal_records(heard, traffic):
    """The feed has told each request, attempt and outcome of the run exactly once."""
    attempts = [a for request in traffic.requests for a in request.attempts]
    assert heard.tells("d", len(traffic))
    assert heard.tells("r", len(attempts))
    assert len(heard.of("s")) == len(traffic)
    assert Counter(event[3] for event in heard.ends()) == traffic.outcomes
    answered = Counter(event[5] for event in heard.ends())
    assert answered == Counter(traffic.backends)
    told = sorted((event[2], event[4], event[5], event[6]) for event in heard.of("r"))
    keys = {event[2]: n for n, event in enumerate(heard.of("s"), 1)}
    recorded = [
        (n, a.backend, a.status, a.error)
        for n, request in enumerate(traffic.requests, 1)
        for a in request.attempts
    ]
    assert sorted(map(str, ((keys[k], *rest) for k, *rest in told))) == sorted(map(str, recorded))
    return True


def places(heard):
    """The last word on where each request was while it was open: key → (backend, certain)."""
    return {event[2]: (event[3], event[4]) for event in heard.of("a")}


def test_it_tells_each_request_once(lab, watch):
    heard = watch()
    traffic = lab.fire(300, concurrency=20)
    assert equal_records(heard, traffic)
    (begun,) = heard.of("g")
    assert begun[2:] == [traffic.run.id, 300]


def test_a_kill_under_load_and_its_retries(lab, watch):
    lab.load(RETRY)
    heard = watch()
    traffic = lab.fire(400, concurrency=20, background=True)
    with lab.backend(2).killed():
        traffic.wait()
    assert any(event[6] for event in heard.of("r")), "no attempt failed: the scene is too short"
    assert equal_records(heard, traffic)


def test_a_hung_backend_holds_its_requests_at_once(lab, watch):
    lab.load("happy-path")
    heard = watch()
    with lab.backend(2).hung():
        traffic = lab.fire(rate=20, duration=60, timeout=50, background=True)
        assert heard.tells("s", 20)
        assert poll(lambda: len(heard.of("a")) >= 8, 2)
        caddy_counts = lab.stack.journal.in_flight
        assert poll(lambda: abs(caddy_counts[2] - len(held(heard, 2))) <= 2, 2)
        inside = held(heard, 2)
        traffic.stop()
    assert equal_records(heard, traffic)
    truth = {event[2]: event[4] for event in heard.of("r")}
    assert all(truth[key] == 2 for key in inside)
    states = [event[3:5] for event in heard.of("b") if event[2] == 2]
    assert ["hung", "healthy"] in states


def test_a_body_that_stops_half_way_makes_nobody_else_uncertain(lab, watch):
    heard = watch()
    lab.backend(2).hung()
    stream = lab.fire(2, path="/stream/50", timeout=20, concurrency=2, background=True)
    assert heard.tells("r")
    lab.backend(1).hung()
    traffic = lab.fire(rate=20, duration=1, timeout=20, background=True)
    assert poll(lambda: len(held(heard, 1)) >= 8 and len(held(heard, 2)) >= 8, 3)
    assert len([certain for _, certain in places(heard).values() if certain]) >= 15
    lab.restore()
    traffic.stop()
    stream.stop()
    assert poll(lambda: not any(lab.stack.journal.in_flight.values()), 5)


def held(heard, backend):
    """The requests that the feed shows in a backend now."""
    over = {event[2] for event in heard.of("d")} | {event[2] for event in heard.of("r")}
    return {k for k, (b, _) in places(heard).items() if b == backend and k not in over}


def test_what_is_certain_is_true_and_what_is_not_is_corrected(lab, watch):
    heard = watch()
    with lab.backend(2).slow(0.15):
        traffic = lab.fire(rate=120, duration=2)
    assert equal_records(heard, traffic)
    truth = {event[2]: event[4] for event in heard.of("r")}
    certain = [event for event in heard.of("a") if event[4]]
    assert len(certain) > 5  # the busier the machine, the fewer
    assert [event for event in certain if truth[event[2]] != event[3]] == []


def test_in_a_crowd_places_are_provisional_and_their_number_is_right(lab, watch):
    heard = watch()
    with lab.backend(1).slow(4.0), lab.backend(2).slow(4.0):
        traffic = lab.fire(30, concurrency=30, background=True)
        assert poll(lambda: [len(held(heard, n)) for n in (1, 2)] == [15, 15], 3)
        assert poll(lambda: lab.stack.journal.in_flight == {1: 15, 2: 15}, 0.9), "says Caddy"
        traffic.wait()
    assert equal_records(heard, traffic)
    truth = {event[2]: event[4] for event in heard.of("r")}
    certain = [event for event in heard.of("a") if event[4]]
    assert [event for event in certain if truth[event[2]] != event[3]] == []


def test_stop_in_the_middle(lab, watch):
    heard = watch()
    with lab.backend(2).hung():
        traffic = lab.fire(rate=50, duration=20, background=True)
        assert heard.tells("s", 25)
        traffic.stop()
    assert traffic.outcomes[Outcome.CANCELLED]
    assert equal_records(heard, traffic)


def test_caddys_own_503_has_no_attempt(lab, watch):
    lab.load(MEMORY)
    with lab.backend(1).killed(), lab.backend(2).killed():
        lab.fire(2)
        heard = watch()
        traffic = lab.fire(5)
    assert traffic.outcomes == {Outcome.UNAVAILABLE: 5}
    assert equal_records(heard, traffic)
    assert heard.of("r") == []


def test_it_says_how_long_caddy_will_remember_a_failure(lab, watch):
    lab.load(MEMORY)
    heard = watch()
    with lab.backend(2).killed():
        traffic = lab.fire(2)
        lab.wait_until(lambda: lab.backend(2).opinion == "failed", 5)
        assert poll(lambda: heard.of("b")[-1][4] == "failed", 2)
        *_, until = heard.of("b")[-1]
        (failure,) = [a for r in traffic.requests for a in r.attempts if a.error]
        expected = failure.start + failure.duration + 2 - lab.stack.feed.zero
        assert until == pytest.approx(expected, abs=0.1)
        lab.wait_until(lambda: lab.backend(2).opinion == "healthy", 5)
        assert -0.2 < time.time() - lab.stack.feed.zero - until < 2  # late on a busy machine


def test_checks_that_fail_and_those_that_pass(lab, watch):
    heard = watch()
    lab.load(CHECKS)
    lab.get("/")  # asks for the same, but is none

    def checks(backend, passed):
        return [event for event in heard.of("c") if event[2:4] == [backend, passed]]

    assert poll(lambda: checks(1, True) and checks(2, True), 5)
    with lab.backend(1).failing():
        assert poll(lambda: len(checks(1, False)) > 2, 5)
        lab.wait_until(lambda: lab.backend(1).opinion == "unhealthy", 5)
    assert "500" in checks(1, False)[0][4]
    lab.load(BARE)
    assert poll(lambda: heard.of("l")[-1][2]["health_interval"] is None, 2)
    told = {event[1] + lab.stack.feed.zero for event in checks(2, True)}
    diary = {entry["start"] for entry in lab.backend(2).requests() if entry["id"] is None}
    assert all(any(abs(time - start) < 0.001 for start in diary) for time in told)
    gaps = [b - a for a, b in pairwise(sorted(told))]
    assert min(gaps) > 0.1, "Caddy asks every 200 ms: something else was taken for a check"


def test_a_configuration_and_a_run_between_two_others(lab, watch):
    heard = watch()
    lab.load(BARE.replace("backend2:8080 ", ""))
    assert poll(lambda: heard.of("l")[-1][2]["used"] == (1,), 2)
    lab.load("happy-path")
    first, second = lab.fire(3), lab.fire(2)
    assert heard.tells("d", 5)
    assert [event[2] for event in heard.of("g")] == [first.run.id, second.run.id]
    assert heard.of("l")[-1][2] == {
        "backends": 2, "policy": "round_robin",
        "health_interval": 30.0, "fail_duration": 10.0, "max_fails": 1,
        "used": (1, 2), "path": "/", "status": 200, "torn": (),
        "asked": ((1, "/", 200), (2, "/", 200)), "names": (), "memories": (),
    }  # fmt: skip


def test_who_comes_late_hears_what_was_before(lab, watch):
    with lab.backend(2).slow(0.2):
        traffic = lab.fire(rate=40, duration=2, background=True)
        assert poll(lambda: len(traffic) > 20, 5)
        first = watch()
        assert poll(lambda: len(traffic) > 40, 5)
        second = watch()
        traffic.wait()
    assert equal_records(first, traffic)
    assert equal_records(second, traffic)


def test_it_costs_nothing_when_nobody_watches(lab, watch):
    def feeds():
        return [t for t in threading.enumerate() if t.name == "caddylab-feed"]

    before = feeds()
    heard = watch()
    assert len(feeds()) == len(before) + 1
    assert lab.stack.journal.reader.selections
    lab.stack.feed.unwatch(heard)
    assert feeds() == before
    assert not lab.stack.journal.reader.selections
    lab.fire(5)
    assert heard.of("s") == []


def test_batches_come_at_most_thirty_times_a_second(lab, watch):
    heard = watch()
    began, before = time.monotonic(), heard.batches
    lab.fire(rate=100, duration=1)
    assert 10 < (heard.batches - before) / (time.monotonic() - began) < 33


def test_at_two_thousand_a_second_nothing_is_lost(lab, watch):
    lab.load(":80 {\n\trespond ok\n}\n")
    heard = watch()
    traffic = lab.fire(rate=2000, duration=1.5)
    assert len(traffic) == 3000
    assert equal_records(heard, traffic)


def test_a_tape_of_the_records_is_the_same_story(lab, watch):
    lab.load(RETRY)
    heard = watch()
    traffic = lab.fire(rate=100, duration=1, background=True)
    with lab.backend(2).killed():
        traffic.wait()
    assert equal_records(heard, traffic)
    replayed = Heard()
    replayed.events = tape(traffic.run, lab.faults, lab.opinions, lab.stack.site.stage)
    assert equal_records(replayed, traffic)
    assert all(a[1] <= b[1] for a, b in pairwise(replayed.events))
    assert any(event[3:5] == ["killed", "failed"] for event in replayed.of("b"))


# --- where open requests are, case by case ---------------------------------------------------


@pytest.fixture
def whereabouts():
    told = {}
    where = Whereabouts(
        lambda key, place: told.update({key: place and (place.backend, place.certain)})
    )
    where.told = told
    return where


def test_the_only_request_that_waits_is_meant(whereabouts):
    whereabouts.sent(1, 0.0)
    whereabouts.selected(2, 0.1)
    assert whereabouts.told == {1: (2, True)}


def test_of_two_the_older_is_supposed_and_the_end_decides(whereabouts):
    whereabouts.sent(1, 0.00)
    whereabouts.sent(2, 0.01)
    whereabouts.selected(2, 0.10)
    whereabouts.selected(1, 0.11)
    assert whereabouts.told[1] == (2, False)
    whereabouts.ended(1, 1, 0.11, 0.2)  # no: it was at backend 1
    assert whereabouts.told[2] == (2, True)


def test_a_stranger_takes_no_place_for_long(whereabouts):
    whereabouts.sent(1, 0.0)
    whereabouts.selected(2, 0.1)  # in truth for somebody without an id
    whereabouts.ended(None, 2, 0.1, 0.2)
    assert whereabouts.told[1] is None
    whereabouts.selected(1, 0.3)
    assert whereabouts.told[1] == (1, True)


def test_after_a_failure_it_waits_for_its_next_attempt(whereabouts):
    whereabouts.sent(1, 0.0)
    whereabouts.selected(2, 0.1)
    whereabouts.ended(1, 2, 0.1, 0.2)
    whereabouts.selected(1, 0.21)
    assert whereabouts.told[1] == (1, True)


def test_one_that_was_answered_is_not_meant(whereabouts):
    whereabouts.sent(1, 0.0)
    whereabouts.sent(2, 0.0)
    whereabouts.closed(1)
    whereabouts.selected(2, 0.1)
    assert whereabouts.told == {2: (2, True)}


PAGE = BARE.replace("\n}\n", '\n\thandle_errors {\n\t\trespond "Sorry." 200\n\t}\n}\n')
NO_HANDLER = BARE.replace("reverse_proxy", "reverse_proxy /")
FORGED = BARE.replace("\t\tlb_policy", "\t\theader_down X-Backend 1\n\t\tlb_policy")


@pytest.mark.parametrize(
    ("text", "who"),
    [(PAGE, {"backend": 2, "caddy": 2}), (NO_HANDLER, {"nobody": 4}), (FORGED, {"backend": 4})],
)
def test_it_tells_in_the_end_who_answered(lab, watch, text, who):
    lab.load(text)
    heard = watch()
    if text is PAGE:
        lab.backend(2).kill()
    traffic = lab.fire(4)
    assert heard.tells("d", 4)
    assert poll(lambda: Counter(event[6] for event in heard.ends()) == who, 5)
    assert equal_records(heard, traffic)
    told = {event[2]: event[3:] for event in tape(traffic.run, [], [], lab.stack.site.stage)
            if event[0] == "d"}  # fmt: skip
    first = heard.of("s")[0][2] - 1
    assert {event[2] - first: event[3:] for event in heard.ends()} == told
