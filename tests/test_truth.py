"""Who answered, against what went over the wire: many shapes of Caddyfiles, three states.

A backend names itself in its body, and no page of these Caddyfiles does; so the wire knows.
"""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from wire_tap import tapped

from caddylab import Answerer, Lab

PATHS = ("/test-api", "/api/test-api", "/stream/1", "/status/500", "/echo")
TEXTS = Path(__file__).with_name("shapes.caddyfiles").read_text("utf-8").split("# === ")[1:]
SHAPES = {name: text for name, _, text in (part.partition("\n") for part in TEXTS)}
NAMED = re.compile(rb'BACKEND_(\d+)|"backend": ?"(\d+)"')
UNNAMED = b'{"detail":"Not Found"}'


def truth(passed):
    """The backend that the bytes name; "some" for the one page of theirs that does not."""
    body = passed.body
    if passed.headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    if found := NAMED.search(body):
        return int(found[1] or found[2])
    return "some" if body == UNNAMED else None


def lies(tap, run):
    """Where the records say something else than the wire."""
    passed = tap.take()
    for request in run.requests:
        [seen] = passed[f"{run.run.id}-{request.n}"]
        said = request.answered_by if request.answerer is Answerer.BACKEND else None
        wire = truth(seen) if seen.whole else None
        if wire == "some" and said:
            wire = said
        changed = request.answerer is Answerer.CADDY and request.status != status_of(request)
        if said != wire and not (changed and wire):
            yield run.run.plan.path, said, wire, request
        if seen.whole and not request.complete:
            yield run.run.plan.path, "no closing line", request


def status_of(request):
    """The status that the last attempt has brought."""
    return request.attempts[-1].status if request.attempts else None


@pytest.fixture(scope="module")
def lab():
    with Lab("process") as lab:
        yield lab


@pytest.fixture(scope="module")
def tap(lab):
    with tapped(lab) as tap:
        yield tap


@pytest.fixture(params=["well", "failing", "killed"])
def state(request, lab):
    lab.restore()
    if request.param == "failing":
        lab.backend(1).failing(1)
    elif request.param == "killed":
        lab.backend(1).kill()
    yield request.param
    lab.restore()


def test_who_answered_is_what_the_wire_says(lab, tap, state):
    found = []
    for name, text in SHAPES.items():
        lab.load(text)
        tap.take()
        for path in PATHS:
            run = lab.fire(4, path=path, headers={"Accept-Encoding": "gzip"}, timeout=10)
            found += [(name, *lie) for lie in lies(tap, run)]
    assert found == []
