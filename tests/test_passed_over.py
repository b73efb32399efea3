"""A retry of round robin that finds nobody though a backend is well: Caddy's, and by chance."""

from __future__ import annotations

import os

import pytest

from caddylab import Lab, Outcome
from caddylab._exercises.chapters.calm import served
from caddylab._records import Answerer, Attempt, Request, passed_over

POOL = ":80 {\n\treverse_proxy UPSTREAMS {\n\t\tlb_policy POLICY\n\t\tfail_duration 1h\n\t}\n}\n"
DEAD = 200
"""The more upstreams are left out, the longer a look takes, and the more of them meet."""


@pytest.fixture(scope="module")
def lab():
    with Lab("process", backends=2) as lab:
        yield lab


@pytest.mark.skipif(os.cpu_count() == 1, reason="two looks must be taken at the same time")
@pytest.mark.parametrize(("policy", "some"), [("round_robin", True), ("least_conn", False)])
def test_only_round_robin_may_find_nobody_though_a_backend_is_well(lab, policy, some):
    upstreams = "backend2:8080 " * DEAD + "backend1:8080"
    lab.load(POOL.replace("UPSTREAMS", upstreams).replace("POLICY", policy), warn=False)
    with lab.backend(2).killed():
        while lab.fire(1).errors:  # until it is remembered
            pass
        runs = (lab.fire(4000, concurrency=64) for _ in range(20 if some else 2))
        assert any(run.outcomes[Outcome.UNAVAILABLE] for run in runs) == some


DIED, WELL = Attempt("b:2", 0.0, 0.1, 2, None, "EOF"), Attempt("b:1", 0.1, 0.1, 1, 200)
ILL = Attempt("b:2", 0.0, 0.1, 2, 500)


def made(*attempts: Attempt) -> Request:
    good = bool(attempts) and attempts[-1].status == 200
    outcome, source = (
        (Outcome.OK, Answerer.BACKEND) if good else (Outcome.BAD_GATEWAY, Answerer.NO_BACKEND)
    )
    return Request(
        1, 0, 0.0, 0.0, 0.2, outcome, 200 if good else 502, attempts=[*attempts], source=source
    )


SAVED, FIRST = made(DIED, WELL), made(WELL)
LOST = made(DIED)


@pytest.mark.parametrize(
    ("requests", "count"),
    [
        ([SAVED, FIRST], 0),
        ([SAVED, FIRST, LOST], 1),
        ([SAVED, LOST, LOST], 2),
        ([SAVED, LOST, LOST, LOST], 0),
        ([FIRST, LOST], 0),
        ([SAVED, made(DIED, DIED)], 0),
        ([made(DIED, DIED, WELL), made(DIED, DIED)], 1),
        ([SAVED, made(ILL)], 0),
        ([SAVED, made()], 0),
        ([SAVED, LOST, made()], 0),
        ([], 0),
    ],
    ids=[
        "nobody", "one", "two", "more than chance", "nobody is tried again", "had a second try",
        "had two of three", "a backend's error", "nobody was tried", "one of two", "no request",
    ],
)  # fmt: skip
def test_chance_is_told_from_what_a_caddyfile_lacks(requests, count):
    assert passed_over(requests) == count


def test_a_check_takes_it_for_what_it_is_and_says_so(lab):
    lab.load(POOL.replace("UPSTREAMS", "backend1:8080").replace("POLICY", "first"), warn=False)
    run = lab.fire(1)
    finding = served("All are answered.", run, requests=[SAVED, FIRST, LOST])
    assert finding.holds
    assert "1 of 3 requests had no good answer" in finding.observed
    assert "That was chance: " in finding.observed
    missing = served("All are answered.", run, requests=[FIRST, LOST])
    assert not missing.holds
    assert "chance" not in missing.observed
