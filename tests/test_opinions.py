"""What Caddy thinks of a backend: proxy by proxy, with the reason, in the same words everywhere."""

from __future__ import annotations

import re
import threading

import pytest

from caddylab import Lab
from caddylab._caddy.adapted.balancing import Setting, setting
from caddylab._caddy.adapted.judges import judges, mark_checks, matches
from caddylab._caddy.running.opinions import words
from caddylab._machine.waiting import poll
from caddylab._records import Span
from caddylab._view.tape import forgotten, tape

RUNTIMES = ["process", pytest.param("podman", marks=pytest.mark.podman)]


@pytest.fixture(scope="module", params=RUNTIMES)
def lab(request):
    with Lab(request.param, backends=2) as lab:
        yield lab


@pytest.fixture
def fresh(lab):
    lab.reset()
    return lab


def two(first: str, second: str) -> str:
    """Two proxies, for /a and for /b, that look at backend 1, each in its own way."""
    return f"""
:80 {{
	handle /a {{
		rewrite * /
		reverse_proxy backend1:8080 {{
			{first}
		}}
	}}
	handle /b {{
		rewrite * /
		reverse_proxy backend1:8080 {{
			{second}
		}}
	}}
}}
"""


def soon(lab, wanted: str, number: int = 1) -> None:
    lab.wait_until(lambda: lab.backend(number).opinion == wanted, 10, wanted)


def answers(lab) -> list[int]:
    return [lab.get(path).status_code for path in ("/a", "/b")]


EVERY = "health_interval 200ms"


def test_after_a_run_caddy_is_asked_what_it_thinks_now(fresh):
    fresh.backend(2).kill()
    for memory in (30, 31, 32, 33):  # each load forgets; one that is asked too early passes by luck
        fresh.load(f"""
            :80 {{
                reverse_proxy backend1:8080 backend2:8080 {{
                    lb_policy round_robin
                    fail_duration {memory}s
                }}
            }}
        """)
        fresh.fire(2)
        assert fresh.backend(2).opinion == "failed"


@pytest.mark.parametrize("most", [1, 3])
def test_a_failure_counts_from_its_own_moment_on(fresh, most):
    """The counters tell of it later, and for a picture that is too late."""
    options = f"lb_policy first\nlb_retries 5\nfail_duration 10s\nmax_fails {most}"
    fresh.load(f":80 {{\nreverse_proxy backend1:8080 backend2:8080 {{\n{options}\n}}\n}}\n")
    with fresh.backend(1).killed():
        run = fresh.fire(2)
    broken = [a for r in run.requests for a in r.attempts if a.error]
    assert len(broken) == most
    opinion = [span for span in fresh.opinions if span.kind == "failed"][-1]
    assert opinion.start == pytest.approx(broken[-1].start + broken[-1].duration, abs=1e-4)


def test_so_does_one_between_a_look_at_the_log_and_one_at_the_counters(fresh, monkeypatch):
    fresh.load(":80 {\nreverse_proxy backend1:8080 {\nfail_duration 10s\n}\n}\n")
    journal, runs = fresh.stack.journal, []
    sender = threading.Thread(target=lambda: runs.append(fresh.fire(1)))
    ask = journal.upstreams

    def ask_after_a_failure():
        if not sender.ident:
            sender.start()
            poll(lambda: any(each.fails for each in ask().values()), 10)
        return ask()

    with fresh.backend(1).killed():
        monkeypatch.setattr(journal, "upstreams", ask_after_a_failure)
        poll(lambda: sender.ident or journal.catch_up(), 10)
        sender.join()
    [attempt] = runs[0].requests[0].attempts
    opinion = [span for span in fresh.opinions if span.kind == "failed"][-1]
    assert opinion.start == pytest.approx(attempt.start + attempt.duration, abs=1e-4)


def test_a_check_at_another_port_is_an_opinion_of_the_backend(fresh):
    fresh.load(":80 {\n reverse_proxy backend1:8080 backend2:8080 {\n  health_port 9000\n }\n}")
    for number in (1, 2):
        soon(fresh, "unhealthy", number)
    assert fresh.get("/").status_code == 503
    for backend in fresh.backends:
        assert "refused" in repr(backend)
    assert {span.detail.endswith("connection refused") for span in fresh.opinions[-2:]} == {True}


@pytest.mark.parametrize(
    ("first", "second", "opinion", "statuses"),
    [
        (f"health_uri /\n{EVERY}", f"health_uri /nope\n{EVERY}", "unhealthy for /b", [200, 503]),
        (f"health_uri /nope\n{EVERY}", f"health_uri /\n{EVERY}", "unhealthy for /a", [503, 200]),
        (f"health_uri /nope\n{EVERY}", "lb_policy first", "unhealthy for /a", [503, 200]),
        (
            f"health_uri /\n{EVERY}\nhealth_status 204",
            f"health_uri /\n{EVERY}",
            "unhealthy for /a",
            [503, 200],
        ),
        (
            f"health_uri /nope\n{EVERY}",
            f"health_uri /nope\n{EVERY}\nhealth_status 4xx",
            "unhealthy for /a",
            [503, 200],
        ),
        (
            f"health_uri /\n{EVERY}",
            f"health_uri /\n{EVERY}\nhealth_body no-such-text",
            "unhealthy for /b",
            [200, 503],
        ),
        (
            f"health_uri /\n{EVERY}",
            f"health_uri /\n{EVERY}\nhealth_method POST",
            "unhealthy for /b",
            [200, 503],
        ),
        (
            f"health_uri /\n{EVERY}",
            f"health_port 9000\nhealth_uri /\n{EVERY}",
            "unhealthy for /b",
            [200, 503],
        ),
        (f"health_uri /nope\n{EVERY}", f"health_uri /nope\n{EVERY}", "unhealthy", [503, 503]),
    ],
)
def test_two_proxies_have_two_opinions(fresh, first, second, opinion, statuses):
    fresh.load(two(first, second))
    soon(fresh, opinion)
    assert answers(fresh) == statuses
    assert fresh.backend(1).opinion == opinion
    assert not fresh.backend(1).healthy
    assert fresh.backend(2).opinion == "healthy"


def test_the_one_that_recovers_is_named_no_longer(fresh):
    quick, strict = "health_uri /\n" + EVERY, "health_uri /delay/1\n" + EVERY
    fresh.load(two(quick, strict))
    with fresh.backend(1).failing(path="/delay"):
        soon(fresh, "unhealthy for /b")
        with fresh.backend(1).killed():
            soon(fresh, "unhealthy")
            assert answers(fresh) == [503, 503]
        soon(fresh, "unhealthy for /b")
        assert answers(fresh) == [200, 503]
    soon(fresh, "healthy")
    kinds = [row.kind for row in fresh.timeline().itertuples() if row.source == "caddy"]
    assert kinds[-3:] == ["unhealthy for /b", "unhealthy", "unhealthy for /b"]


def test_the_more_patient_one_notices_later(fresh):
    patient = f"health_uri /\n{EVERY}\nhealth_fails 6"
    fresh.load(two(patient, f"health_uri /\n{EVERY}"))
    with fresh.backend(1).killed():
        soon(fresh, "unhealthy for /b")
        soon(fresh, "unhealthy")


def test_failures_matter_to_those_who_remember(fresh):
    fresh.load(two("fail_duration 20s", "lb_policy first"))
    with fresh.backend(1).killed():
        fresh.fire(1, path="/b")
        assert fresh.backend(1).opinion == "healthy"
        fresh.fire(1, path="/a")
        soon(fresh, "failed for /a")
    assert answers(fresh) == [503, 200]


def test_who_only_limits_requests_heeds_the_failures_of_others(fresh):
    fresh.load(two("fail_duration 20s", "unhealthy_request_count 5"))
    with fresh.backend(1).killed():
        fresh.fire(1, path="/a")
        soon(fresh, "failed")
    assert answers(fresh) == [503, 503]


def test_a_full_backend_is_neither_healthy_nor_failed(fresh):
    fresh.load(":80 {\n reverse_proxy backend1:8080 {\n  unhealthy_request_count 2\n }\n}")
    run = fresh.fire(2, concurrency=2, path="/delay/60000", background=True)
    soon(fresh, "full")
    assert not fresh.backend(1).healthy
    assert fresh.get("/").status_code == 503
    assert "2 requests under way" in repr(fresh.backend(1))
    run.stop()
    soon(fresh, "healthy")
    assert fresh.get("/").status_code == 200
    assert fresh.opinions[-1].kind == "full"


def test_it_is_full_only_for_the_one_that_counts(fresh):
    fresh.load(two("unhealthy_request_count 1", "lb_policy first"))
    with fresh.backend(1).slow(60):
        run = fresh.fire(1, path="/b", background=True)
        soon(fresh, "full for /a")
        run.stop()
    soon(fresh, "healthy")


def test_panel_view_tape_and_backend_say_it_in_the_same_words(fresh):
    seen = []

    def watch(now, events):
        seen.extend(event[4] for event in events if event[0] == "b" and event[2] == 1)

    fresh.stack.feed.watch(watch)
    try:
        fresh.load(two(f"health_uri /\n{EVERY}", f"health_uri /nope\n{EVERY}"))
        soon(fresh, "unhealthy for /b")
        fresh.wait_until(lambda: seen[-1:] == ["unhealthy for /b"], 5)
    finally:
        fresh.stack.feed.unwatch(watch)
    run = fresh.fire(1, path="/a")
    played = tape(run.run, fresh.faults, fresh.opinions, fresh.stack.site.stage)
    assert [event[4] for event in played if event[0] == "b" and event[2] == 1][-1] == seen[-1]
    panel = fresh.panel()
    panel.backends.refresh(fresh, panel.traffic.tally.answered if panel.traffic.tally else {1: 0})
    assert "unhealthy for /b" in panel.backends.rows[0].state.value
    assert "it is up again" not in panel.backends.rows[0].state.value


def test_a_load_forgets_them(fresh):
    fresh.load(two(f"health_uri /nope\n{EVERY}", f"health_uri /\n{EVERY}"))
    soon(fresh, "unhealthy for /a")
    fresh.load(":80 {\n reverse_proxy backend1:8080\n}")
    assert fresh.backend(1).opinion == "healthy"
    assert fresh.opinions[-1].end is not None


class TestWords:
    @pytest.mark.parametrize(
        ("spans", "said"),
        [
            ([], "healthy"),
            ([Span(1, "failed", 0), Span(1, "unhealthy", 0)], "unhealthy, failed"),
            ([Span(1, "full", 0), Span(1, "failed", 0, proxy="/a")], "failed for /a, full"),
        ],
    )
    def test_there_is_one_way_to_say_it(self, spans, said):
        assert words(spans) == said


def config(*routes: dict) -> dict:
    return {"apps": {"http": {"servers": {"one": {"routes": list(routes)}}}}}


def proxy(match: list | None = None, **health: dict) -> dict:
    handler = {"handler": "reverse_proxy", "upstreams": [{"dial": "b:80"}]}
    handler |= {"health_checks": health} if health else {}
    return {"handle": [handler]} | ({"match": match} if match else {})


class TestJudges:
    def test_they_are_named_by_what_they_take(self):
        routes = [
            proxy([{"path": ["/a", "/b"]}]),
            proxy([{"method": ["POST"]}, {"header": {"X-Beta": ["1"]}}]),
            {"match": [{"host": ["shop.test"]}], "handle": [
                {"handler": "subroute", "routes": [proxy([{"path": ["/c"]}])]}]},
            proxy([{"path": ["/a", "/b"]}]),
            proxy(),
        ]  # fmt: skip
        names = [judge.name for judge in judges(config(*routes))]
        assert names == [
            "/a /b (1)",
            "POST or header X-Beta",
            "shop.test /c",
            "/a /b (2)",
            "the rest",
        ]

    def test_checks_are_marked_only_where_they_differ(self):
        check = {"uri": "/", "interval": 10**9}
        alike = config(proxy(active=check), proxy(active=dict(check)))
        mark_checks(alike)
        assert [judge.mark for judge in judges(alike)] == ["", ""]
        torn = config(proxy(active=dict(check)), proxy(active=check | {"uri": "/x"}))
        mark_checks(torn)
        marks = [judge.mark for judge in judges(torn)]
        assert len(set(marks)) == 2
        assert all(re.fullmatch("[0-9a-f]{8}", mark) for mark in marks)

    @pytest.mark.parametrize(
        ("status", "wanted", "good"),
        [(204, 0, True), (301, 0, False), (404, 4, True), (404, 404, True), (200, 204, False)],
    )
    def test_which_status_is_good(self, status, wanted, good):
        assert matches(status, wanted) is good


class TestSetting:
    def test_every_check_of_a_backend_can_be_seen_to_pass(self):
        two = config(
            proxy(active={"uri": "/a?x=1", "expect_status": 2}),
            proxy(active={"uri": "/b", "expect_status": 404}),
        )
        stage = setting(two, 1, {"b:80": 1}.get)
        entry = {"id": None, "path": "/a", "status": 204}
        assert stage.passes(1, entry)
        assert stage.passes(1, entry | {"path": "/b", "status": 404})
        assert not stage.passes(1, entry | {"path": "/b"})
        assert not stage.passes(2, entry)

    def test_no_time_is_told_where_proxies_remember_differently(self):
        torn = config(proxy(passive={"fail_duration": 10**9}), proxy())
        stage = setting(torn, 1, {"b:80": 1}.get)
        failed = Span(1, "failed", 5.0)
        assert forgotten([4.0], [failed], stage) is None
        assert forgotten([4.0], [failed], Setting(1, fail_duration=10)) == 14.0
        assert forgotten([4.0], [], Setting(1, fail_duration=10)) is None

    def test_each_backend_is_remembered_as_its_own_proxy_says(self):
        shop, account = proxy(), proxy(passive={"fail_duration": 60 * 10**9, "max_fails": 2})
        shop["handle"][0]["upstreams"].append({"dial": "c:80"})
        account["handle"][0]["upstreams"] = [{"dial": "a:80"}]
        stage = setting(config(shop, account), 3, {"a:80": 1, "b:80": 2, "c:80": 3}.get)
        assert stage.fail_duration == 0
        assert stage.torn == ()
        assert forgotten([3.0, 4.0, 5.0], [Span(1, "failed", 5.0)], stage) == 64.0
