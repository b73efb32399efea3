"""What the rules of the lint say, seen on the running lab: beside it, what they advise."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path

import pytest
from admin_caddy import site

from caddylab import Lab
from caddylab._machine import loopback

BOTH = "backend1:8080 backend2:8080"
TURNS = "lb_policy round_robin"
MEMORY = "fail_duration 10s"
ONCE = ("lb_retries 1", MEMORY)
SLOW = ("transport http {", "response_header_timeout 300ms", "}")
BY_STATUS = ("lb_retry_match {", "expression `{rp.status_code} >= 500`", "}")
BY_BOTH = (
    "lb_retry_match {",
    "method GET",
    "expression `{rp.is_transport_error} || {rp.status_code} >= 500`",
    "}",
)
GETS = ("lb_retry_match {", "method GET", "}")


@pytest.fixture(scope="module")
def bare():
    with Lab(runtime="process") as lab:
        yield lab


@pytest.fixture
def lab(bare):
    yield bare
    bare.restore()


def rules(lab: Lab, text: str) -> list[str]:
    return [note.rule for note in lab.lint(text)]


def web(*directives: str) -> str:
    return "\n".join([":80 {", *directives, "}", ""])


def statuses(lab: Lab, count: int = 8, **kwargs: object) -> list[int | None]:
    return [request.status for request in lab.fire(count, **kwargs).requests]


# --- failover ---------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", [TURNS, "lb_policy ip_hash"])
def test_a_pool_without_failover_goes_on_asking_the_dead(lab, policy):
    text = site(policy)
    assert rules(lab, text) == ["pool-without-failover"]
    lab.load(text)
    with lab.backend(1).stopped(), lab.backend(2).stopped():
        assert set(statuses(lab)) == {502}


def test_checks_alone_leave_every_request_to_the_dead_until_the_next_check(lab):
    text = site("lb_policy first", "health_uri /", "health_interval 60s")
    assert rules(lab, text) == ["checks-without-failover"]
    lab.load(text)
    with lab.backend(1).stopped():
        assert statuses(lab, 40) == [502] * 40


@pytest.mark.parametrize("policy", [TURNS, "lb_policy first", "lb_policy cookie lb"])
def test_a_page_that_fails_everywhere_leaves_nobody_where_its_status_counts_at_once(lab, policy):
    text = site(policy, *ONCE, "unhealthy_status 5xx")
    assert rules(lab, text) == ["bad-status-not-retried"]
    for options, then in (([], 503), (["max_fails 3"], 200)):
        lab.load(site(policy, *ONCE, "unhealthy_status 5xx", *options))
        with (
            lab.backend(1).failing(path="/fail"),
            lab.backend(2).failing(path="/fail"),
        ):
            assert statuses(lab, 2, path="/fail") == [500] * 2
            assert statuses(lab) == [then] * 8


def test_without_a_retry_every_failure_that_counts_is_somebodys_error(lab):
    text = site("lb_policy first", MEMORY, "max_fails 3")
    assert rules(lab, text) == ["memory-without-retry"]
    lab.load(text)
    with lab.backend(1).stopped():
        assert statuses(lab) == [502] * 3 + [200] * 5


def restarted(lab: Lab, *options: str) -> Counter[int | None]:
    """What becomes of 40 requests of which some come while the only backend is restarted."""
    lab.load(site("lb_try_duration 3s", *options, upstreams="backend1:8080"))
    traffic = lab.fire(rate=10, duration=4, background=True)
    time.sleep(1)
    with lab.backend(1).stopped():
        time.sleep(0.7)
    traffic.wait()
    return Counter(request.status for request in traffic.requests)


def test_with_one_upstream_a_memory_loses_what_waiting_would_have_saved(lab):
    text = site("lb_try_duration 3s", MEMORY, upstreams="backend1:8080")
    assert "memory-with-one-upstream" in rules(lab, text)
    assert restarted(lab) == {200: 40}
    assert restarted(lab, MEMORY)[503] > 10


# --- retries ----------------------------------------------------------------------------------


def test_retries_that_end_before_max_fails_give_errors_beside_a_healthy_upstream(lab):
    few = site("lb_policy first", *ONCE, "max_fails 5")
    enough = site("lb_policy first", "lb_retries 2", MEMORY, "max_fails 2")
    assert rules(lab, few) == ["retries-end-before-max-fails"]
    assert rules(lab, enough) == []
    for text, errors in ((few, 2), (enough, 0)):
        lab.load(text)
        with lab.backend(1).stopped():
            assert statuses(lab).count(502) == errors


def test_a_post_that_is_retried_has_lost_its_body(lab):
    gone, kept = site(TURNS, *ONCE, *BY_STATUS), (*ONCE, *BY_STATUS, "request_buffers 1MiB")
    assert rules(lab, gone) == ["retry-without-body"]
    assert rules(lab, site(TURNS, *kept)) == []
    with lab.backend(2).failing(1.0, 500):
        lab.load(gone)
        assert statuses(lab, 1, method="POST", body=b"order", path="/echo") == [502]
        assert statuses(lab, 4, path="/echo") == [500] * 4  # backend 1 is left out
        lab.load(site(TURNS, *kept))
        assert statuses(lab, 4, method="POST", body=b"order", path="/echo") == [200] * 4


def test_a_block_with_the_status_hides_the_one_behind_it(lab):
    hidden = site(TURNS, *ONCE, *BY_STATUS, *GETS, *SLOW, "max_fails 3", "request_buffers 1MiB")
    right = site(TURNS, *ONCE, *GETS, *BY_STATUS, *SLOW, "max_fails 3", "request_buffers 1MiB")
    both = site(TURNS, *ONCE, *BY_BOTH, *SLOW, "max_fails 3")
    assert rules(lab, hidden) == ["retry-match-order"]
    assert rules(lab, right) == rules(lab, both) == []
    with lab.backend(2).slow(1):
        for text, signs in ((hidden, {200, 504}), (right, {200}), (both, {200})):
            lab.load(text)
            assert set(statuses(lab, 4)) == signs


def test_one_slow_page_takes_the_upstreams_from_everybody(lab):
    easy, hard = (site(TURNS, *ONCE, *SLOW, *more) for more in ((), ("max_fails 2",)))
    assert rules(lab, easy) == ["one-request-fails-all"]
    assert rules(lab, hard) == []
    with lab.backend(1).slow(1, path="/echo"), lab.backend(2).slow(1, path="/echo"):
        for text, others in ((easy, 503), (hard, 200)):
            lab.load(text)
            assert lab.get("/echo").status_code == 504
            assert statuses(lab, 10) == [others] * 10


def test_one_failing_page_takes_the_upstreams_from_everybody(lab):
    text = site(TURNS, *ONCE, *BY_BOTH, "unhealthy_status 5xx")
    assert rules(lab, text) == ["one-request-fails-all"]
    lab.load(text)
    with lab.backend(1).failing(path="/echo"), lab.backend(2).failing(path="/echo"):
        assert lab.get("/echo").status_code == 500
        assert statuses(lab, 10) == [503] * 10


# --- routes -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "path", "rule", "answer"),
    [
        (web("respond hello", "reverse_proxy backend1:8080"), "/", "never-reached", "hello"),
        (web("reverse_proxy / backend1:8080"), "/test-api", "only-the-root", ""),
    ],
)
def test_nobody_comes_to_the_proxy(lab, text, path, rule, answer):
    assert rules(lab, text) == [rule]
    lab.load(text)
    assert lab.get(path).text == answer


@pytest.mark.parametrize(
    "denial", ["respond /admin/* 403", "error /admin/* 403", "@admin path /admin/*\nabort @admin"]
)
def test_what_is_denied_behind_a_handle_for_all_is_let_through(lab, denial):
    proxy = ("handle {", "reverse_proxy backend1:8080", "}")
    *matcher, line = denial.splitlines()
    name, which, *status = line.split()
    apart = web(*matcher, f"handle {which} {{", " ".join([name, *status]), "}", *proxy)
    assert rules(lab, web(*matcher, line, *proxy)) == ["never-reached"]
    assert rules(lab, apart) == []
    lab.load(web(*matcher, line, *proxy))
    assert lab.get("/admin/x").headers["X-Backend"] == "1"
    lab.load(apart)
    assert [request.answered_by for request in lab.fire(1, path="/admin/x").requests] == [None]


@pytest.mark.parametrize(
    "matcher", ["path /echo, /x", "method GET, HEAD", "host localhost, a.test"]
)
def test_a_comma_is_a_part_of_what_a_matcher_looks_for(lab, matcher):
    wrong = web(f"@some {matcher}", "respond @some yes", "respond no")
    assert rules(lab, wrong) == ["comma-in-matcher"]
    lab.load(wrong)
    assert lab.get("/echo").text == "no"
    lab.load(wrong.replace(", ", " "))
    assert lab.get("/echo").text == "yes"


@pytest.mark.parametrize("line", ['respond 403 "not allowed"', 'error 404 "no page"'])
def test_words_where_the_status_belongs_are_a_500(lab, line):
    assert rules(lab, web(line)) == ["status-not-a-number"]
    lab.load(web(line))
    answer = lab.get("/")
    assert (answer.status_code, answer.text) == (500, "")


def test_a_path_in_an_address_is_that_path_alone(lab):
    text = "http://localhost/map {\n\trespond yes\n}\n"
    assert rules(lab, text) == ["caddy-warns"]
    lab.load(text)
    assert [lab.get(path).text for path in ("/map", "/map/x", "/")] == ["yes", "", ""]


def test_the_fallback_page_takes_the_api(lab, tmp_path):
    (tmp_path / "index.html").write_text("the page")
    api = ("handle_path /api* {", "reverse_proxy backend1:8080", "}")
    page = ("try_files {path} /index.html", "file_server")
    wrong = web(f"root {tmp_path}", page[0], *api, "handle {", page[1], "}")
    right = web(f"root {tmp_path}", *api, "handle {", *page, "}")
    assert rules(lab, wrong) == ["fallback-file-before-api"]
    assert rules(lab, right) == []
    lab.load(wrong, allow=[tmp_path])
    assert lab.get("/api/echo").text == "the page"
    lab.load(right, allow=[tmp_path])
    assert lab.get("/api/echo").json()["backend"] == "1"


# --- headers and placeholders -----------------------------------------------------------------

LITERAL = {
    "Cookie": ("{cookie.*}", "{cookie.*}", "placeholder-not-expanded"),
    "X-Page": ("{query.page.size}", "{query.page.size}", "placeholder-not-expanded"),
    "X-Host": ("$host", "$host", "nginx-variable"),
    "X-Apache": ("%{HTTP_HOST}", "%{HTTP_HOST}", "foreign-variable"),
    "X-HAProxy": ("%[src]", "%[src]", "foreign-variable"),
    "X-Envoy": ("%REQ(:AUTHORITY)%", "%REQ(:AUTHORITY)%", "foreign-variable"),
    "X-Blank": ('"{ uri }"', "{ uri }", "blank-in-placeholder"),
    "X-Name": ("{hostpart}", "{hostpart}", "unknown-placeholder"),
    "X-Old": ("{>User-Agent}", "{>User-Agent}", "placeholder-not-expanded"),
    "X-Star": ("{http.request.header.*}", "", "placeholder-not-expanded"),
    "X-Upgrade": ("{http.upgrade}", "{http.upgrade}", "unknown-placeholder"),
    "X-Remote": ("{http.request.remote.name}", "{http.request.remote.name}", "unknown-placeholder"),
    "X-Var": ("{hosts}", "{hosts}", "unknown-placeholder"),
}


def test_what_is_no_placeholder_reaches_the_backend_as_it_is(lab):
    options = [f"header_up {name} {value}" for name, (value, _, _) in LITERAL.items()]
    proxy = site(*options, upstreams="backend1:8080")
    text = proxy.replace(":80 {", ":80 {\nvars hosts x")
    assert sorted(rules(lab, text)) == sorted(rule for _, _, rule in LITERAL.values())
    lab.load(text)
    headers = lab.get("/echo?page.size=9").json()["headers"]
    for name, (_, arrives, _) in LITERAL.items():
        assert headers[name.lower()] == arrives


@pytest.mark.parametrize(
    ("uri", "left", "arrives", "rule"),
    [
        ("/any%{HTTP_HOST}!", "only the `%` is left", "/any%25%21", "foreign-variable"),
        ("/any?at=%{HTTP_HOST}!", "only the `%<nil>` is left", "/any?at=%%3Cnil%3E!",
         "foreign-variable"),
        ("/any{http.request.hst}", "nothing is left", "/any", "unknown-placeholder"),
        ("/any?at={http.request.hst}", "`<nil>` stands in its place", "/any?at=%3Cnil%3E",
         "unknown-placeholder"),
    ],
)  # fmt: skip
def test_what_is_no_placeholder_is_nothing_or_nil_in_a_rewrite(lab, uri, left, arrives, rule):
    text = web(f"rewrite * {uri}", "respond {uri}")
    assert rules(lab, text) == [rule]
    assert left in str(lab.lint(text)[0])
    lab.load(text)
    assert lab.get("/").text == arrives


@pytest.mark.parametrize(
    "line",
    ['header X-Site "\na;\nb;\n"', 'header >X-Site "a;\nb;"', "header +X-Site <<END\na;\nb;\nEND"],
)
def test_a_header_with_line_breaks_is_left_out_of_http2(lab, line):
    text = f"localhost {{\n{line}\nreverse_proxy backend1:8080\n}}\n"
    assert rules(lab, text) == ["line-break-in-header"]
    lab.load(text)
    assert got(lab, "X-Site", http2=True) is None
    assert got(lab, "X-Site", http2=False) == "a; b;"


def got(lab: Lab, name: str, **version: bool) -> str | None:
    with loopback.client(lab.url, **version) as client:
        answer = client.get("/")
    assert answer.http_version == ("HTTP/2" if version["http2"] else "HTTP/1.1")
    return answer.headers.get(name)


@pytest.mark.parametrize("up", [True, False])
def test_a_request_with_line_breaks_in_a_header_is_not_passed_on(lab, up):
    value = 'X-Site "a;\nb;"'
    proxy = site(f"header_up {value}", upstreams="backend1:8080")
    text = proxy if up else web(f"request_header {value}", "reverse_proxy backend1:8080")
    assert rules(lab, text) == ["line-break-in-header"]
    lab.load(text)
    assert statuses(lab, 2) == [502, 502]


def test_a_rewrite_to_a_url_does_not_leave_the_upstream(lab):
    text = web("rewrite * https://example.com{uri}", "reverse_proxy backend2:8080")
    assert rules(lab, text) == ["rewrite-to-another-host"]
    lab.load(text)
    assert lab.get("/echo").json()["backend"] == "2"


def test_log_append_logs_null_for_what_it_does_not_know(lab):
    log = ("log {", "output file access.log", "}")
    text = web(*log, "log_append who {user}", "log_append up {rp.upstream.name}", "respond hello")
    assert rules(lab, text) == ["unknown-placeholder"] * 2
    [decision] = lab.load(text).decisions
    lab.get("/seen")
    lines = map(json.loads, Path(decision.runs).read_text().splitlines())
    [entry] = [line for line in lines if line["request"]["uri"] == "/seen"]
    assert entry["who"] is entry["up"] is None


# --- policies and checks ----------------------------------------------------------------------


def test_a_block_under_a_policy_that_takes_none_is_dropped(lab):
    plain, block = site("lb_policy least_conn", *ONCE), ("lb_policy least_conn {", "header x", "}")
    assert rules(lab, site(*block, *ONCE)) == ["policy-block-dropped"]
    assert lab.adapt(site(*block, *ONCE)) == lab.adapt(plain)


def test_a_query_in_the_old_health_path_is_taken_for_a_part_of_the_path(lab):
    text = site("health_path /echo?deep=1", *ONCE)
    assert rules(lab, text) == ["deprecated-health-path"]
    lab.load(text)
    lab.wait_until(lambda: set(statuses(lab, 2)) == {503}, 10)


def test_what_a_pool_lacks_is_told_to_those_who_ask(lab):
    text = site()

    with Lab("process") as fresh:  # in which it has not been mentioned
        loaded = fresh.load(text)
        assert repr(loaded).endswith("no warnings. It lacks 1 thing; `lab.warnings` says what.")
        assert [note.rule for note in loaded.warnings] == ["pool-without-failover"]
        assert "1 warning.\n! " in repr(fresh.warnings)
        assert "[pool-without-failover]" in repr(fresh.warnings)
        assert repr(fresh.load(text)) == repr(loaded)  # a cell that is run again says the same
        assert repr(fresh.load(f"{text}\n# another")).endswith("no warnings.")
    assert rules(lab, text) == ["pool-without-failover"]
