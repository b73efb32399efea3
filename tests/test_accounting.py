"""The records against Caddy's log, read a second time and joined in another way: by id."""

from __future__ import annotations

import contextlib
import json
import random
from collections import defaultdict

import pytest

from caddylab import Answerer, FaultError

PROXY = ":80 {{\n\treverse_proxy backend1:8080 backend2:8080 {{\n\t\t{}\n\t}}\n{}}}\n"
PAGE = '\thandle_errors {\n\t\trespond "Sorry." 200\n\t}\n'
SITES = (
    PROXY.format("lb_policy round_robin", ""),
    PROXY.format("lb_policy round_robin\n\t\tlb_retries 1\n\t\tfail_duration 1s", ""),
    PROXY.format("fail_duration 1s\n\t\theader_down X-Backend 1", PAGE),
    PROXY.format("lb_retries 1", "").replace("reverse_proxy", "reverse_proxy /elsewhere"),
)


class Tap:
    """Every byte of Caddy's log that the lab reads, kept and joined by `X-Request-Id`."""

    def __init__(self, lab, monkeypatch):
        self.lines, self._rest, read = [], b"", lab._journal._read_log
        monkeypatch.setattr(lab._journal, "_read_log", lambda offset: self._keep(read(offset)))

    def _keep(self, data):
        *lines, self._rest = (self._rest + data).split(b"\n")
        self.lines += lines
        return data

    def account(self):
        """By id: what Caddy tried, and how it closed."""
        tried, closed = defaultdict(list), defaultdict(list)
        for entry in map(json.loads, filter(None, self.lines)):
            ids = entry.get("request", {}).get("headers", {}).get("X-Request-Id", [""])
            if entry["msg"] == "upstream roundtrip":
                tried[ids[0]].append((entry["upstream"], entry.get("status")))
            elif entry["msg"] in ("handled request", "NOP"):
                closed[ids[0]].append((entry["msg"], entry["status"]))
        self.lines.clear()
        return tried, closed


def disturb(lab, dice):
    """Something happens in the middle of a run."""
    backend = dice.choice(lab.backends)
    deeds = (
        backend.kill, backend.restore, backend.hung, lab.restore,
        lambda: lab.load(dice.choice(SITES)), lambda: lab.load(lab.caddyfile),
    )  # fmt: skip
    with contextlib.suppress(FaultError):  # what is down already cannot hang
        dice.choice(deeds)()


def run(lab, dice, count):
    """Fire while things happen; sometimes stop."""
    lab.restore()
    lab.load(dice.choice(SITES))
    traffic = lab.fire(
        count, concurrency=dice.choice((5, 20)), clients=dice.choice((1, 7, 50)),
        keepalive=dice.random() < 0.7, timeout=1, background=True,
    )  # fmt: skip
    for k in range(1, 4):
        lab.wait_until(lambda k=k: traffic.done or len(traffic) >= k * count / 4)
        disturb(lab, dice)
    if dice.random() < 0.3:
        return traffic.stop()
    lab.restore()
    return traffic.wait()


def differences(lab, traffic, tap):
    """Where the records and the log do not agree."""
    tried, closed = tap.account()
    for request in traffic.requests:
        id = f"{traffic.run.id}-{request.n}"
        ends, attempts = closed.pop(id, []), tried.pop(id, [])
        if request.complete != (len(ends) == 1):
            yield id, "closed", ends, request
        if attempts != [(a.upstream, a.status) for a in request.attempts]:
            yield id, "attempts", attempts, request
        known = ends and request.answerer is not Answerer.NONE
        if known and who(lab, ends[0], attempts) != (request.source, request.answered_by):
            yield id, "who", ends, attempts, request
    for id in {*closed, *tried}:
        if id.startswith(traffic.run.id):
            yield id, "sent and not recorded"


def who(lab, end, attempts):
    """Who answered, by what these sites can do."""
    message, status = end
    if message == "NOP":
        return Answerer.NOBODY, None
    upstream, last = attempts[-1] if attempts else ("", None)
    if last == status:
        return Answerer.BACKEND, lab._journal.backend_at(upstream)
    return (Answerer.CADDY if status == 200 else Answerer.NO_BACKEND), None


@pytest.mark.parametrize("total", [1_500, pytest.param(100_000, marks=pytest.mark.attack)])
def test_the_records_equal_the_log_through_kills_reloads_and_stop(lab, monkeypatch, figure, total):
    dice, tap, sent, runs = random.Random(total), Tap(lab, monkeypatch), 0, 0
    while sent < total:
        traffic = run(lab, dice, 500 if total < 10_000 else 2000)
        lab._journal.catch_up()
        assert list(differences(lab, traffic, tap)) == []
        sent, runs = sent + len(traffic), runs + 1
    figure(f"{sent:,} requests in {runs} runs through kills, reloads and Stop: every record equals "
           "Caddy's log, read a second time")  # fmt: skip
    lab.restore()
