"""The records against three witnesses: the wire, Caddy's log read again, the backends' diaries."""

from __future__ import annotations

import contextlib
import copy
import random

import pytest
from wire_tap import tapped
from witnesses import Diaries, Log, Witnesses

from caddylab import Answerer, FaultError, Outcome

PROXY = ":80 {{\n\treverse_proxy backend1:8080 backend2:8080 {{\n\t\t{}\n\t}}\n{}}}\n"
PAGE = '\thandle_errors {\n\t\trespond "Sorry." 200\n\t}\n'
SITES = (
    PROXY.format("lb_policy round_robin", ""),
    PROXY.format("lb_policy round_robin\n\t\tlb_retries 1\n\t\tfail_duration 1s", ""),
    PROXY.format("fail_duration 1s\n\t\theader_down X-Backend 1", PAGE),
    PROXY.format("lb_retries 1", "").replace("reverse_proxy", "reverse_proxy /elsewhere"),
)


SECURED = tuple(site.replace(":80 {", "shop.test {", 1) for site in SITES)


def disturb(lab, dice, sites):
    """Something happens in the middle of a run."""
    backend = dice.choice(lab.backends)
    deeds = (
        backend.kill, backend.restore, backend.hung, lab.restore,
        lambda: lab.load(dice.choice(sites)), lambda: lab.load(lab.caddyfile),
    )  # fmt: skip
    with contextlib.suppress(FaultError):  # what is down already cannot hang
        dice.choice(deeds)()


def run(lab, dice, count, sites=SITES, http="1.1"):
    """Fire while things happen; sometimes stop."""
    lab.restore()
    lab.load(dice.choice(sites))
    traffic = lab.fire(
        count, concurrency=dice.choice((5, 20)), clients=dice.choice((1, 7, 50)),
        keepalive=http == "2" or dice.random() < 0.7, timeout=0.3, background=True, http=http,
    )  # fmt: skip
    for k in range(1, 4):
        lab.wait_until(lambda k=k: traffic.done or len(traffic) >= k * count / 4)
        disturb(lab, dice, sites)
    if dice.random() < 0.3:
        return traffic.stop()
    lab.restore()
    return traffic.wait()


@pytest.fixture
def inner_witnesses(lab, monkeypatch):
    """Those who see what went encrypted over the wire."""
    diaries = Diaries(lab)
    with diaries.followed():
        yield Witnesses(lab, None, Log(lab, monkeypatch), diaries)
    lab.restore()


@pytest.fixture
def witnesses(lab, monkeypatch):
    diaries = Diaries(lab)
    with tapped(lab) as tap, diaries.followed():
        yield Witnesses(lab, tap, Log(lab, monkeypatch), diaries)
    lab.restore()


def heard(lab, witnesses, traffic):
    """What the witnesses say against a run that is over."""
    lab.restore()
    lab.stack.journal.catch_up()
    witnesses.hear()
    return list(witnesses.differences(traffic))


@pytest.mark.parametrize("total", [1_500, pytest.param(100_000, marks=pytest.mark.attack)])
def test_the_records_equal_what_the_witnesses_saw(lab, witnesses, figure, total):
    """Through kills, reloads and Stop."""
    dice, sent, runs = random.Random(total), 0, 0
    while sent < total:
        traffic = run(lab, dice, 500 if total < 10_000 else 2000)
        assert heard(lab, witnesses, traffic) == []
        sent, runs = sent + len(traffic), runs + 1
    figure(f"{sent:,} requests in {runs} runs through kills, reloads and Stop: every record equals "
           "the wire, Caddy's log read a second time, and the backends' diaries")  # fmt: skip


@pytest.mark.parametrize("http", ["1.1", "2"])
@pytest.mark.parametrize("total", [600, pytest.param(20_000, marks=pytest.mark.attack)])
def test_so_they_do_over_https(lab, inner_witnesses, figure, total, http):
    dice, sent, runs = random.Random(total), 0, 0
    while sent < total:
        traffic = run(lab, dice, 300 if total < 10_000 else 2000, SECURED, http)
        assert heard(lab, inner_witnesses, traffic) == []
        sent, runs = sent + len(traffic), runs + 1
    figure(f"{sent:,} requests in {runs} runs over HTTP/{http} and TLS, through the same: every "
           "record equals Caddy's log read a second time, and the backends' diaries")  # fmt: skip


def other_backend(request):
    request.attempts[-1].backend = 3 - request.attempts[-1].backend


def other_status(request):
    request.status = 204


def other_body(request):
    request.body = request.body.replace("BACKEND", "BACKSTAGE")


def one_attempt_more(request):
    request.attempts.append(request.attempts[0])


def no_attempt(request):
    request.attempts.clear()


def from_caddy(request):
    request.source = Answerer.CADDY


def cut_off(request):
    request.outcome = Outcome.RESET


def never_sent(request):
    request.outcome = Outcome.REFUSED


LIES = (other_backend, other_status, other_body, one_attempt_more, no_attempt, from_caddy, cut_off,
        never_sent)  # fmt: skip


def test_a_record_that_is_false_does_not_pass(lab, witnesses):
    lab.restore()
    lab.load(SITES[1])
    traffic = lab.fire(40)
    assert heard(lab, witnesses, traffic) == []
    honest = copy.deepcopy(traffic.requests[20])
    for lie in LIES:
        lie(traffic.requests[20])
        told = [id for id, *_ in witnesses.differences(traffic)]
        assert told == [f"{traffic.run.id}-21"], lie
        traffic.run.requests[20] = copy.deepcopy(honest)
    traffic.run.requests.pop()
    assert list(witnesses.differences(traffic)) == [
        (f"{traffic.run.id}-40", "sent and not recorded")
    ]
