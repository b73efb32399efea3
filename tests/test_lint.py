"""What the real Caddy accepts in silence, and what we say about it."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
from admin_caddy import AdminCaddy, admin_caddy, site

from caddylab._caddy.advice.lint import Note, lint
from caddylab._caddy.advice.placeholders import SHORT

CADDYFILES = (Path(__file__).parents[1] / "containers" / "caddyfiles").iterdir()
COURSE = sorted(path for path in CADDYFILES if "{$" not in path.read_text("utf-8"))
PROXY = "reverse_proxy backend1:8080"
ONCE = ("lb_retries 1", "fail_duration 10s")


@pytest.fixture(scope="session")
def caddy():
    with admin_caddy() as caddy:
        yield caddy


def lines(*lines: str) -> str:
    return "\n".join([*lines, ""])


def notes(caddy: AdminCaddy, text: str) -> list[Note]:
    return lint(text, caddy.adapt(text))


WRONG = {
    # --- addresses -----------------------------------------------------------------------
    "80 without a colon": (lines("80 {", PROXY, "}"), [(1, "serves by HTTPS on :443")]),
    "8080 without a colon, no braces": (lines("8080", PROXY), [(1, "the name of a host")]),
    "one of two addresses without a colon": (
        lines("{", "debug", "}", ":81, 80 {", PROXY, "}"),
        [(4, "`80` is taken for the name of a host")],
    ),
    "the last } missing": (
        lines("", ":80 {", f"{PROXY} {{", "lb_try_duration 5s", "}"),
        [(2, "is never closed")],
    ),
    # --- upstreams -----------------------------------------------------------------------
    "a port alone": (
        lines(":80 {", "reverse_proxy 12001", "}"),
        [(2, "`12001` is taken for the name of a host")],
    ),
    "no port": (
        site(*ONCE, upstreams="backend1:8080 backend2"),
        [(2, "`backend2` has no port")],
    ),
    "the port of a backend of the lab": (
        lines(":80 {", "reverse_proxy backend2", "}"),
        [(2, "`backend2` has no port")],
    ),
    "no port after `to`": (
        lines(":80 {", "reverse_proxy {", "to backend1:8080", "to backend2", *ONCE, "}", "}"),
        [(4, "`backend2` has no port")],
    ),
    "no upstream": (lines(":80 {", "reverse_proxy", "}"), [(2, "no upstream")]),
    "only a path": (lines(":80 {", "reverse_proxy /api/*", "}"), [(2, "no upstream")]),
    "a comma without a space": (
        site(upstreams="backend1:8080,backend2:8080"),
        [(2, "The comma is taken")],
    ),
    "a comma without ports": (
        site(upstreams="backend1, backend2:8080"),
        [(2, "Caddy dials `backend1,:80`")],
    ),
    "a path behind the upstream": (
        lines(":80 {", "reverse_proxy backend1:8080/api", "}"),
        [(2, "Caddy dials `backend1:8080/api:80`")],
    ),
    "the path to match behind the upstream": (
        lines(":80 {", "reverse_proxy backend1:8080 /api*", "}"),
        [(2, "The path is taken")],
    ),
    "the same upstream twice": (
        site(*ONCE, upstreams="backend1:8080 backend2:8080 backend1:8080"),
        [(2, "`backend1:8080` is named 2 times")],
    ),
    "the same upstream twice, on two lines": (
        lines(":80 {", f"{PROXY} {{", "to http://backend1:8080", "}", "}"),
        [(3, "`backend1:8080` is named 2 times")],
    ),
    "two proxies for every request": (
        lines(":80 {", PROXY, "reverse_proxy backend2:8080", "}"),
        [(3, "never reached")],
    ),
    # --- policies ------------------------------------------------------------------------
    "one weight": (
        site("lb_policy weighted_round_robin 3"),
        [(3, "everything to the first upstream")],
    ),
    "fewer weights than upstreams": (
        site(*ONCE, "lb_policy weighted_round_robin 3 1", upstreams="a:80 b:80 c:80"),
        [(5, "2 weight(s) for 3 upstream(s)")],
    ),
    "more weights than upstreams": (
        site("lb_policy weighted_round_robin 3 1 2", *ONCE),
        [(3, "distort the shares")],
    ),
    "header that falls back on a cookie": (
        site("lb_policy header X-User {", "fallback cookie lb", "}", *ONCE),
        [(4, "`header` cannot fall back on `cookie`")],
    ),
    "query that falls back on a cookie": (
        site("lb_policy query user {", "fallback cookie lb", "}", *ONCE),
        [(4, "`query` cannot fall back on `cookie`")],
    ),
    # --- failures and retries ------------------------------------------------------------
    "max_fails without fail_duration": (
        site("max_fails 3"),
        [(3, "counts no failures: `max_fails` has no effect")],
    ),
    "unhealthy_status without fail_duration": (
        site("unhealthy_status 5xx", "unhealthy_latency 2s"),
        [(3, "`unhealthy_status`")],
    ),
    "a negative fail_duration": (
        site("fail_duration -10s", "max_fails 3"),
        [(4, "counts no failures")],
    ),
    "lb_retries without fail_duration": (
        site("lb_policy first", "lb_retries 1"),
        [(4, "may pick the dead one again")],
    ),
    "lb_try_duration without fail_duration": (
        site("lb_try_duration 5s"),
        [(3, "may pick the dead one again")],
    ),
    "retries with active checks but without fail_duration": (
        site("lb_retries 1", "health_uri /"),
        [(3, "may pick the dead one again")],
    ),
    "lb_retry_match without retries": (
        site("lb_retry_match method GET"),
        [(3, "`lb_retry_match` has no effect")],
    ),
    "lb_try_interval without retries": (
        site("lb_try_interval 1s", "fail_duration 10s"),
        [(3, "`lb_try_interval` has no effect")],
    ),
    "a POST to be retried without its body": (
        site(*ONCE, "lb_retry_match {", "method GET POST", "}"),
        [(5, "A POST cannot be sent twice")],
    ),
    "lb_retries -1": (site("lb_retries -1"), [(3, "has no end")]),
    "max_fails -1": (site("max_fails -1"), [(3, "always 503")]),
    "lb_try_duration as long as a first attempt": (
        site(
            "lb_try_duration 1s",
            "fail_duration 10s",
            "transport http {",
            "response_header_timeout 1s",
            "}",
        ),
        [(3, "`response_header_timeout` (1s): 504")],
    ),
    "lb_try_duration shorter than the default dial": (
        site("fail_duration 10s", "lb_try_duration 2s"),
        [(4, "`dial_timeout` (3s by default): 502")],
    ),
    "lb_try_duration shorter than the dial": (
        site(
            "fail_duration 10s",
            "lb_try_duration 500ms",
            "transport http {",
            "dial_timeout 1s",
            "}",
        ),
        [(4, "`lb_try_duration 500ms` is used up")],
    ),
    # --- active checks -------------------------------------------------------------------
    "health options without health_uri": (
        site("fail_duration 10s", "health_interval 2s", "health_status 200"),
        [(4, "`health_interval`, `health_status` has no effect")],
    ),
    "health_upstream alone": (site("health_upstream backend1:8080"), [(3, "nothing is checked")]),
    "health_interval 0s": (
        site(*ONCE, "health_uri /", "health_interval 0s"),
        [(6, "means the default, 30 s")],
    ),
    "a negative health_interval": (
        site("health_uri /", "health_interval -1s"),
        [(4, "switches the checks off")],
    ),
    # --- placeholders --------------------------------------------------------------------
    "a placeholder misspelt": (
        site("header_up X-Host {hostpart}", upstreams="backend1:8080"),
        [(3, "Caddy knows no `{hostpart}`")],
    ),
    "a reverse_proxy placeholder that is none": (
        lines(":80 {", PROXY, "log_append upstream {rp.upstream.hostprt}", "}"),
        [(3, "Caddy knows no `{rp.upstream.hostprt}`")],
    ),
    "an error placeholder that is none": (
        lines(":80 {", PROXY, "handle_errors {", 'respond "{err.code} sorry"', "}", "}"),
        [(4, "Caddy knows no `{err.code}`")],
    ),
    # --- several at once -----------------------------------------------------------------
    "three mistakes in the order of their lines": (
        lines("80 {", "reverse_proxy backend1:8080 backend2 {", "lb_retries 1", "}", "}"),
        [(1, "the name of a host"), (2, "has no port"), (3, "may pick the dead one")],
    ),
}


@pytest.mark.parametrize(("text", "expected"), WRONG.values(), ids=WRONG)
def test_a_silent_mistake_is_told(caddy: AdminCaddy, text, expected):
    found = notes(caddy, text)

    assert [note.line for note in found] == [line for line, _ in expected]
    for note, (_, words) in zip(found, expected, strict=True):
        assert words in note.message
        assert note.help


GOOD = {
    "plain": lines(":80 {", PROXY, "}"),
    "no braces": lines(":80", PROXY),
    "a { on the next line": lines(":80", "{", PROXY, "}"),
    "an https upstream without a port": lines(":80 {", "reverse_proxy https://backend1", "}"),
    "a unix socket": lines(":80 {", "reverse_proxy unix//run/app.sock", "}"),
    "a range of ports": site(*ONCE, upstreams="backend1:8080-8082"),
    "an upstream by placeholder": lines(":80 {", "reverse_proxy {vars.where}", "}"),
    "dynamic upstreams": lines(":80 {", "reverse_proxy {", "dynamic a backend 8080", "}", "}"),
    "active checks and a memory": site(
        "health_uri /", "health_interval 2s", "health_timeout 1s", "fail_duration 10s"
    ),
    "active checks of one upstream": site("health_uri /", upstreams="backend1:8080"),
    "active checks on a port of their own": site(
        "health_port 8081", "health_interval 2s", "fail_duration 10s"
    ),
    "fail_duration only": site("fail_duration 10s"),
    "passive checks": site(
        "fail_duration 10s", "max_fails 3", "unhealthy_status 5xx", "lb_retries 1"
    ),
    "a limit of requests needs no fail_duration": site(
        "unhealthy_request_count 10", upstreams="backend1:8080"
    ),
    "first with a spare": site("lb_policy first", *ONCE),
    "weighted": site("lb_policy weighted_round_robin 3 1", *ONCE),
    "a drained upstream": site("lb_policy weighted_round_robin 1 0"),
    "cookie": site("lb_policy cookie lb", *ONCE),
    "cookie that falls back on a header": site(
        "lb_policy cookie lb {", "fallback header X", "}", *ONCE
    ),
    "header that falls back on turns": site(
        "lb_policy header X {", "fallback round_robin", "}", *ONCE
    ),
    "random_choose": site("lb_policy random_choose 2", *ONCE),
    "ip_hash without retries": site("lb_policy ip_hash", "fail_duration 10s"),
    "one upstream, waited for": site("lb_try_duration 10s", upstreams="backend1:8080"),
    "slow, mended": site(
        *ONCE,
        "max_fails 2",
        "lb_policy round_robin",
        "transport http {",
        "response_header_timeout 1s",
        "}",
    ),
    "slow, mended by time": site(
        "fail_duration 10s",
        "max_fails 4",
        "lb_try_duration 4s",
        "lb_try_interval 100ms",
        "transport http {",
        "response_header_timeout 1s",
        "}",
    ),
    "a POST retried with its body": site(
        *ONCE, "request_buffers 1MiB", "lb_retry_match {", "method GET POST", "}"
    ),
    "a retry of 500s": site(
        *ONCE, "lb_retry_match {", "method GET", "expression `{rp.status_code} >= 500`", "}"
    ),
    "two paths": lines(":80 {", "reverse_proxy /api/* a:80", "reverse_proxy b:80", "}"),
    "handles": lines(
        ":80 {", "handle /api/* {", PROXY, "}", "handle {", "reverse_proxy b:81", "}", "}"
    ),
    "two sites": lines(":80 {", PROXY, "}", ":81 {", PROXY, "}"),
    "a spare for errors": lines(
        ":80 {", PROXY, "handle_errors 502 503 {", "reverse_proxy b:80", "}", "}"
    ),
    "forward_auth before the proxy": lines(
        ":80 {", "forward_auth auth:9091 {", "uri /verify", "}", PROXY, "}"
    ),
    "a host of digits and letters": lines("http://80s.example {", PROXY, "}"),
    "braces in comments and quotes": lines(
        ":80 { # {", "# }", 'respond /a "{" 200', "respond /b `}`", PROXY, "}"
    ),
    "every placeholder that we know": lines(
        ":80 {",
        "log_append upstream {rp.upstream.hostport}",
        "log_append retries {http.reverse_proxy.retries}",
        f"{PROXY} {{",
        "header_up X-A {http.request.uuid}",
        "header_up X-B {header.Host}",
        "header_up X-C {env.HOME}",
        "header_up X-D {$HOME}",
        "header_down X-E {rp.header.Server}",
        "header_down X-F {client_ip}",
        "}",
        "handle_errors {",
        'respond "{err.status_code} {err.message}"',
        "}",
        "}",
    ),
    "a map's own placeholder": lines(":80 {", "map {host} {hosts} {", "default x", "}", PROXY, "}"),
}


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_nothing_is_said_about_a_right_caddyfile(caddy: AdminCaddy, text):
    assert notes(caddy, text) == []


TOO_SHORT = "`lb_try_duration 2s` is used up"
DESERVED = {
    "slow-as-printed": ["`80` is taken for the name of a host", TOO_SHORT],
    "slow-as-meant": [TOO_SHORT],
    "slow-fixed": ["One GET of a page that is too slow"],
}


@pytest.mark.parametrize("path", COURSE, ids=lambda path: path.stem)
def test_the_courses_caddyfiles_get_the_warnings_that_they_deserve(caddy: AdminCaddy, path):
    found = notes(caddy, path.read_text())

    expected = DESERVED.get(path.stem, [])
    assert len(found) == len(expected)
    assert all(words in note.message for note, words in zip(found, expected, strict=True))


# --- which line -------------------------------------------------------------------------------


def test_the_line_of_an_option_in_a_snippet(caddy: AdminCaddy):
    text = lines("(lb) {", "lb_retries 1", "}", ":80 {", f"{PROXY} b:80 {{", "import lb", "}", "}")

    assert [note.line for note in notes(caddy, text)] == [2]


def test_the_right_one_of_several_proxies(caddy: AdminCaddy):
    text = lines(
        ":80 {",
        "reverse_proxy /b/* backend1:8080 backend2:8080 {",
        "fail_duration 10s",
        "lb_retries 1",
        "max_fails 3",
        "}",
        "reverse_proxy /longer/* backend1:8080 backend2:8080 {",
        "max_fails 3",
        "}",
        "}",
    )

    assert [note.line for note in notes(caddy, text)] == [8]


def test_the_right_one_of_several_sites(caddy: AdminCaddy):
    text = site("fail_duration 10s") + site("max_fails 2").replace(":80 ", ":81 ")

    assert [note.line for note in notes(caddy, text)] == [8]


def test_the_same_mistake_on_two_sites_is_told_twice(caddy: AdminCaddy):
    text = site("max_fails 3") + site("max_fails 3").replace(":80 ", ":81 ")

    assert [note.line for note in notes(caddy, text)] == [3, 8]


def test_comments_quotes_and_long_lines_do_not_move_the_line(caddy: AdminCaddy):
    text = lines(
        ":80 { # the site {",
        'respond /a "two',
        'lines }"',
        "respond /b <<END",
        "}",
        "END",
        "reverse_proxy backend1:8080 \\",
        "backend2:8080 {",
        "max_fails 3",
        "}",
        "}",
    )

    assert [note.line for note in notes(caddy, text)] == [9]


def test_windows_line_ends_make_no_difference(caddy: AdminCaddy):
    text = site("lb_policy first", "max_fails 3").replace("\n", "\r\n")

    assert [note.line for note in notes(caddy, text)] == [4]


# --- how it is told ---------------------------------------------------------------------------


def test_a_note_reads_as_one_line(caddy: AdminCaddy):
    [note] = notes(caddy, site("lb_retries -1"))

    assert str(note) == (
        "line 3: A negative `lb_retries` has no end: with all upstreams down Caddy never stops."
        " → Write 0 or more, such as `lb_retries 1`. [negative-retries]"
    )
    assert str(Note(None, "It is so.", "Do that.")) == "It is so. → Do that."


def test_without_caddys_json_only_the_text_is_judged():
    text = lines(":80 {", f"{PROXY} {{", "header_up X {rp.foo}", "max_fails 3", "}")

    assert [note.line for note in lint(text)] == [1, 3]


def test_caddys_json_is_left_as_it_is(caddy: AdminCaddy):
    text = site("lb_policy header X {", "fallback cookie lb", "}", "max_fails -1")
    config = caddy.adapt(text)
    before = copy.deepcopy(config)

    lint(text, config)

    assert config == before


def test_caddy_knows_every_short_placeholder_that_we_know(caddy: AdminCaddy):
    config = caddy.adapt(lines(":80 {", *(f"respond {{{name}}}" for name in SHORT), "}"))

    assert [name for name in SHORT if f"'{{{name}}}'" in str(config)] == []
