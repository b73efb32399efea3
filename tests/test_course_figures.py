"""The figures in the prose of chapters 5 to 8, 12 and 13 that no cell beside them prints."""

from __future__ import annotations

import hashlib
import hmac
import inspect
from itertools import pairwise
from math import comb

import pytest

from caddylab import Clients, Lab, Outcome, Survey, plausible
from caddylab._gameday import drill
from caddylab._gameday.crowd import KINDS
from caddylab._machine.waiting import poll
from caddylab._survey.faults import SLOW
from caddylab._survey.survey import WAVES

PAIR = "backend1:8080 backend2:8080"
in_processes = pytest.mark.parametrize("lab", ["process"], indirect=True)


def site(*options: str, upstreams: str = PAIR) -> str:
    return "\n\t\t".join([f":80 {{\n\treverse_proxy {upstreams} {{", *options]) + "\n\t}\n}\n"


def load(lab: Lab, *options: str, upstreams: str = PAIR) -> None:
    lab.load(site(*options, upstreams=upstreams), warn=False)


class TestArithmetic:
    def test_the_remainder_of_a_division_would_move_two_thirds(self):
        """Chapter 5, of rendezvous hashing."""
        assert sum(number % 2 != number % 3 for number in range(6)) / 6 == 2 / 3

    @pytest.mark.parametrize(("longest", "least", "most"), [(4, 0.5, 0.6), (2, 0, 0.03)])
    def test_the_longest_run_of_twenty_is_five_or_more_in_nearly_half_of_all_cases(
        self, longest, least, most
    ):
        """Chapter 7; that it is 1 or 2 is a rarity."""
        assert least < at_most(longest, 20) < most

    def test_three_out_of_four_tens_are_not_five_and_five(self):
        """Chapter 7."""
        assert 1 - comb(10, 5) / 2**10 == pytest.approx(3 / 4, abs=0.01)

    def test_an_eighth_of_480_is_60_give_or_take_two_dozen(self):
        """Chapter 7."""
        assert chance(480, 1 / 8, range(60 - 24, 60 + 24 + 1)) > 0.999

    def test_what_is_plausible_is_left_once_in_ten_thousand_times(self):
        """Chapter 7."""
        assert 0.5e-4 < 1 - chance(1000, 1 / 2, plausible(1000)) < 1e-4


def at_most(longest: int, throws: int) -> float:
    """How likely it is that no side of a coin comes up more often than that in a row."""
    ways = [2] + [0] * (longest - 1)  # by how long the last run is
    for _ in range(throws - 1):
        ways = [sum(ways), *ways[:-1]]
    return sum(ways) / 2**throws


def chance(n: int, share: float, counts: range) -> float:
    return sum(comb(n, k) * share**k * (1 - share) ** (n - k) for k in counts)


def test_a_survey_asks_as_chapter_8_says():
    asked = inspect.signature(Survey).parameters
    assert (asked["clients"].default, asked["patience"].default, WAVES) == (8, 1.5, 3)
    assert asked["patience"].default * SLOW == pytest.approx(1, abs=0.05)


def test_a_drill_is_as_chapter_12_says():
    """A hang meets half of the requests that are not about accounts: those go to backend 1."""
    assert (drill.SECONDS, drill.PATIENCE, drill.SLOW, drill.VICTIM) == (3.0, 0.8, 0.5, 2)
    [accounts] = [kind.share for kind in KINDS if kind.name == "account"]
    assert 1 / 3 < (1 - accounts) / 2 < 0.36


def test_the_header_that_a_proxy_leaves_goes_by_the_sites_own_header_alone():
    """Chapter 13, of `Via`."""
    with Lab.of("pizza-shop", "process") as lab:
        site = lab.caddyfile
        lab.load(lab.with_lines(site, "shop1:8000", "header_down -Via"), warn=False)
        assert lab.get("/menu").headers.telling_of("Caddy") == ["via"]
        lab.load(site.replace("-Server\n", "-Server\n\t\t-Via\n"), warn=False)
        assert lab.get("/menu").headers.telling_of("Caddy") == []


@in_processes
class TestAddresses:
    """Chapter 5."""

    def test_the_same_addresses_lead_to_the_same_backends_after_a_load_and_in_any_order(self, lab):
        runs = []
        for upstreams in (PAIR, PAIR, "backend2:8080 backend1:8080"):
            load(lab, "lb_policy ip_hash", upstreams=upstreams)
            runs.append(lab.fire(300, clients=300, concurrency=10))
        assert [run.differs_from(runs[0]) for run in runs] == [0, 0, 0]

    def test_caddy_throws_away_the_header_of_somebody_whom_it_does_not_trust(self, lab):
        load(lab, "lb_policy first")
        (seen,) = lab.fire(1, path="/echo", headers={"X-Forwarded-For": "6.6.6.6"}).bodies
        assert "203.0.113.1" in seen
        assert "6.6.6.6" not in seen


@in_processes
class TestDeadBackends:
    """Chapters 5 and 6: a retry needs a memory, or the users of a dead backend get only errors."""

    @pytest.mark.parametrize(
        ("options", "errors", "attempts"),
        [((), 20, 20), (("lb_retries 1",), 20, 40), (("fail_duration 10s",), 1, 20),
         (("lb_retries 1", "fail_duration 10s"), 0, 21)],
        ids=["nothing", "retry", "memory", "both"],
    )  # fmt: skip
    def test_a_cookie_ties_to_a_dead_backend(self, lab, options, errors, attempts):
        lab.restore()
        load(lab, "lb_policy cookie sticky_session_id", *options)
        dial = lab.fire(20, clients=Clients(20)).dialled[2]
        value = hmac.new(b"", dial.encode(), hashlib.sha256).hexdigest()
        tied = {"Cookie": f"sticky_session_id={value}"}
        assert len(value) == 64
        with lab.backend(2).killed():
            run = lab.fire(20, clients=Clients(20), headers=tied)
        assert (run.errors, run.attempts_made) == (errors, attempts)

    def test_a_hash_leads_to_a_dead_backend(self, lab):
        lab.restore()
        load(lab, "lb_policy ip_hash", "lb_retries 1")
        well = lab.fire(21, clients=21)
        with lab.backend(2).killed():
            ill = lab.fire(21, clients=21)
            later = lab.fire(21, clients=21)
        for run in (ill, later):
            failed = [r.outcome is Outcome.BAD_GATEWAY for r in run.requests]
            assert failed == [backend == 2 for backend in well.backends]
        load(lab, "lb_policy ip_hash", "lb_retries 1", "fail_duration 10s")
        with lab.backend(2).killed():
            assert lab.fire(126, clients=21, concurrency=21).errors == 0


class TestCookies:
    """Chapter 6, *Try it yourself*."""

    @in_processes
    def test_a_fallback_deals_newcomers_out_in_turns(self, lab):
        load(lab, "lb_policy cookie sticky_session_id {", "\tfallback round_robin", "}")
        assert lab.fire(20, clients=Clients(20)).shares == {1: 10, 2: 10}

    def test_nobody_who_has_a_cookie_moves_when_a_backend_is_added(self):
        with Lab("process", backends=3) as lab:
            load(lab, "lb_policy cookie desk")
            regulars = Clients(60)
            before = lab.fire(60, clients=regulars)
            load(lab, "lb_policy cookie desk", upstreams=f"{PAIR} backend3:8080")
            assert lab.fire(60, clients=regulars).differs_from(before) == 0
            assert lab.fire(60, clients=Clients(60)).shares[3] in plausible(60, 1 / 3)


class TestRandomChoose:
    """Chapter 7."""

    def test_it_is_sure_only_if_the_second_has_nothing_in_hand(self, lab):
        busy = ":80 {\n\treverse_proxy /delay/1500 backend1:8080\n" + site(
            "lb_policy random_choose 2"
        ).removeprefix(":80 {\n")
        lab.load(busy, warn=False)
        with lab.in_hand(1, 5, "/delay/1500"):
            assert lab.fire(50).shares == {2: 50}

    def test_with_nothing_to_do_the_first_of_eight_gets_double_and_the_second_nothing(self):
        with Lab("process", backends=8) as lab:
            eight = " ".join(f"backend{n}:8080" for n in range(1, 9))
            load(lab, "lb_policy random_choose 2", upstreams=eight)
            shares = lab.fire(400).shares
        assert shares[2] == 0
        assert shares[1] in plausible(400, 1 / 4)
        assert all(shares[n] in plausible(400, 1 / 8, 1e-5) for n in range(3, 9))


class TestTime:
    """Chapter 8."""

    def test_a_lost_packet_is_sent_again_after_a_second(self, lab):
        lab.restore()
        lab.load(":80 {\n\treverse_proxy backend2:8080\n}\n", warn=False)
        with lab.backend(2).partitioned():
            lost = lab.fire(1, background=True)
            lab.pause(0.3)
        assert lost.wait().statuses == [200]
        assert 0.9 < lost.slowest < 2

    @in_processes
    def test_a_check_waits_for_five_seconds(self, lab):
        lab.restore()
        load(lab, "health_uri /", "health_interval 500ms")
        with lab.backend(2).hung():
            waited = lab.wait_until_unhealthy(2, timeout=10)
        assert 4.5 < waited < 7

    @in_processes
    def test_a_handful_of_users_pay_for_every_test(self, lab):
        lab.restore()
        timeouts = ("dial_timeout 200ms", "response_header_timeout 200ms")
        load(
            lab, "lb_policy round_robin", "lb_retries 1", "fail_duration 500ms",
            "transport http {", *timeouts, "}",
        )  # fmt: skip
        with lab.backend(2).slow(1):
            run = lab.fire(rate=50, duration=2)
        assert run.errors == 0
        paid = [r.sent for r in run.requests if len(r.attempts) > 1]
        tests = 1 + sum(later - before > 0.3 for before, later in pairwise(paid))
        assert tests in (3, 4)
        assert 3 <= len(paid) / tests <= 8

    @in_processes
    def test_whoever_finds_no_place_is_turned_away_at_once(self, lab):
        lab.restore()
        load(lab, "lb_policy round_robin", "unhealthy_request_count 2")
        run = lab.fire(8, concurrency=8, path="/delay/2000")
        # Caddy counts a request when it is sent: two at once may both find the last place
        assert 4 <= run.outcomes[Outcome.OK] <= 6
        assert run.outcomes[Outcome.OK] + run.outcomes[Outcome.UNAVAILABLE] == 8
        load(lab, "lb_policy round_robin", "unhealthy_request_count 2", "lb_try_duration 2s")
        assert lab.fire(8, concurrency=8, path="/delay/200").good == 8

    @in_processes
    def test_first_asks_the_backup_only_while_the_first_is_down(self, lab):
        lab.restore()
        load(lab, "lb_policy first", "lb_retries 1", "fail_duration 500ms")
        runs = [lab.fire(6)]
        with lab.backend(1).killed():
            runs.append(lab.fire(6))
        poll(lambda: lab.backend(1).healthy, 5)
        runs.append(lab.fire(6))
        assert [set(run.backends) for run in runs] == [{1}, {2}, {1}]

    @in_processes
    def test_a_rule_for_500s_leaves_only_the_ill_backend_after_an_order(self, lab):
        lab.restore()
        rule = ("lb_retry_match {", "\texpression `{rp.status_code} >= 500`", "}")
        load(lab, "lb_policy round_robin", "lb_retries 1", "fail_duration 10s", *rule)
        with lab.backend(2).failing():
            lab.fire(1, method="POST", body=b"one pizza")
            assert lab.fire(6).statuses == [500] * 6
