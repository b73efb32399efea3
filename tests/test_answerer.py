"""Who answered: told by Caddy's log, whatever the Caddyfile does to headers and answers."""

from __future__ import annotations

import threading

import httpx
import pytest

from caddylab import Answerer, Outcome

PAIR = "backend1:8080 backend2:8080"


def site(*lines: str) -> str:
    return "\n".join([":80 {", *lines, "}", ""])


BACKEND, CADDY = Answerer.BACKEND, Answerer.CADDY
NO_BACKEND, NOBODY = Answerer.NO_BACKEND, Answerer.NOBODY

ANSWERS = {
    "a backend": (site("reverse_proxy backend1:8080"), BACKEND, 1),
    "a backend, compressed": (site("encode gzip", "reverse_proxy backend1:8080"), BACKEND, 1),
    "a backend without its header": (
        site("reverse_proxy backend1:8080 {", "header_down -X-Backend", "}"),
        BACKEND,
        1,
    ),
    "a backend with the other one's header": (
        site("reverse_proxy backend1:8080 {", "header_down X-Backend 2", "}"),
        BACKEND,
        1,
    ),
    "a backend with a header out of this world": (
        site("reverse_proxy backend1:8080 {", "header_down X-Backend 99999999999999999999", "}"),
        BACKEND,
        1,
    ),
    "a backend that looks like Caddy": (
        site("header -Via", "header Server Caddy", "reverse_proxy backend1:8080"),
        BACKEND,
        1,
    ),
    "another site": (
        site("reverse_proxy localhost:81") + ":81 {\nreverse_proxy backend2:8080\n}\n",
        BACKEND,
        2,
    ),
    "another site's page": (
        site("reverse_proxy localhost:81") + ":81 {\nrespond hi\n}\n",
        CADDY,
        None,
    ),
    "a page": (site("respond hi"), CADDY, None),
    "a page with a backend's header": (
        site("header X-Backend 1", "header Via x", "respond hi"),
        CADDY,
        None,
    ),
    "a redirect": (site("redir https://shop.test/"), CADDY, None),
    "a 503 on purpose": (site("respond 503"), CADDY, None),
    "an error on purpose": (site("error 503"), CADDY, None),
    "an error page": (
        site("reverse_proxy backend1:80", "handle_errors {", "respond sorry 502", "}"),
        CADDY,
        None,
    ),
    "a faked answer": (
        site("reverse_proxy backend1:80", "handle_errors {", "respond fine 200", "}"),
        CADDY,
        None,
    ),
    "an error page that fails as well": (
        site("reverse_proxy backend1:80", "handle_errors {", "reverse_proxy backend2:80", "}"),
        NO_BACKEND,
        None,
    ),
    "an error page that ends in another error": (
        site("reverse_proxy backend1:80", "handle_errors {", "error 500", "}"),
        NO_BACKEND,
        None,
    ),
    "an error on purpose, and no backend for its page": (
        site("error 404", "handle_errors {", "reverse_proxy backend2:80", "}"),
        CADDY,
        None,
    ),
    "no backend that could be reached": (site("reverse_proxy backend1:80"), NO_BACKEND, None),
    "no backend at all": (
        site(f"reverse_proxy {PAIR} {{", "health_uri /", "health_port 9000", "}"),
        NO_BACKEND,
        None,
    ),
    "nobody": (site(f"reverse_proxy / {PAIR}"), NOBODY, None),
    "nobody in a handle": (site("handle /api/* {", f"reverse_proxy {PAIR}", "}"), NOBODY, None),
    "nobody of that name": ("http://shop.test {\nreverse_proxy backend1:8080\n}\n", NOBODY, None),
}


@pytest.mark.parametrize(("text", "answerer", "backend"), ANSWERS.values(), ids=ANSWERS)
def test_who_answered(lab, text, answerer, backend):
    lab.load(text)
    if "health_port" in text:
        lab.wait_until(lambda: lab.get().status_code == 503, 10)

    run = lab.fire(3, host="localhost")

    assert [request.answerer for request in run.requests] == [answerer] * 3
    assert run.backends == [backend] * 3
    assert all(request.complete for request in run.requests)
    assert run.good == (3 if answerer is BACKEND else 0)
    assert set(run.table()["answerer"]) == {answerer.value}


FAKED = {
    "another body": ("handle_response @bad {", "respond ok 200", "}"),
    "another status": ("replace_status @bad 200",),
    "the same status, another body": ("handle_response @bad {", "respond ok 500", "}"),
}


@pytest.mark.parametrize("options", FAKED.values(), ids=FAKED)
def test_what_caddy_changed_is_no_answer_of_the_backend(lab, options):
    lab.load(site("reverse_proxy backend1:8080 {", "@bad status 5xx", *options, "}"))

    with lab.backend(1).failing(1):
        run = lab.fire(3)

    assert {request.answerer for request in run.requests} == {CADDY}
    assert run.good == 0


FAILS = '{"detail":"BACKEND_1 fails on purpose"}'
"""What backend 1 answers then, with a 500."""
LIKE_IT = f"respond `{FAILS}` 500"
TO_ITSELF = "reverse_proxy localhost:81"
ALIKE = {
    "a page of the same length": (
        [("reverse_proxy backend1:8080 {", "handle_response {", LIKE_IT, "}", "}")],
        CADDY,
        None,
    ),
    "a file's answer of its own, past a copy that is for others": (
        [("reverse_proxy backend1:8080 {", "@other status 404", "handle_response @other {",
          "copy_response", "}", "@bad status 500", "handle_response @bad {", LIKE_IT, "}", "}")],
        CADDY,
        None,
    ),
    "a page of the same length in an intercept": (
        [("intercept {", "@bad status 500", "handle_response @bad {", LIKE_IT, "}", "}",
          "reverse_proxy backend1:8080")],
        CADDY,
        None,
    ),
    "one in another site": (
        [(TO_ITSELF,), ("reverse_proxy backend1:8080 {", "handle_response {", LIKE_IT, "}", "}")],
        Answerer.UNKNOWN,
        None,
    ),
    "what came from another site, replaced": (
        [("reverse_proxy localhost:81 {", "handle_response {", LIKE_IT, "}", "}"),
         ("reverse_proxy backend1:8080",)],
        CADDY,
        None,
    ),
    "an error page of the same length after a retry": (
        [("reverse_proxy backend1:8080 {", "lb_retries 1", "handle_response {", "error 500", "}",
          "}", "handle_errors {", LIKE_IT, "}")],
        CADDY,
        None,
    ),
    "an error page of the same length after retries on the status": (
        [("reverse_proxy backend1:8080 {", "lb_retries 1", "lb_retry_match {",
          "expression `{rp.status_code} >= 500`", "}", "}", "handle_errors {", LIKE_IT, "}")],
        CADDY,
        None,
    ),
    "a copy": (
        [("reverse_proxy backend1:8080 {", "handle_response {", "header X-Seen yes",
          "copy_response", "}", "}")],
        BACKEND,
        1,
    ),
    "a copy with another status": (
        [("reverse_proxy backend1:8080 {", "handle_response {", "copy_response 418", "}", "}")],
        CADDY,
        None,
    ),
    "an intercept that only adds a header": (
        [("intercept {", "@bad status 500", "handle_response @bad {", "header X-Seen yes", "}",
          "}", "reverse_proxy backend1:8080")],
        BACKEND,
        1,
    ),
    "another backend in its place": (
        [("reverse_proxy backend1:8080 {", "@bad status 500", "handle_response @bad {",
          "reverse_proxy backend2:8080", "}", "}")],
        BACKEND,
        2,
    ),
    "asked first, by forward_auth": (
        [("forward_auth backend2:8080 {", "uri /", "}", "reverse_proxy backend1:8080")],
        BACKEND,
        1,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("sites", "answerer", "backend"), ALIKE.values(), ids=ALIKE)
def test_who_answered_where_a_page_looks_like_the_answer(lab, sites, answerer, backend):
    lab.load("".join(f":{80 + n} {{\n" + "\n".join(x) + "\n}\n" for n, x in enumerate(sites)))

    with lab.backend(1).failing(1):
        run = lab.fire(3)

    assert [request.answerer for request in run.requests] == [answerer] * 3
    if answerer is not Answerer.UNKNOWN:
        assert run.backends == [backend] * 3
    if answerer is not BACKEND or backend == 1:
        assert run.good == 0
    assert all(request.complete for request in run.requests)


def test_an_answer_of_nobody_is_never_well(lab):
    lab.load(site(f"reverse_proxy / {PAIR}"))

    run = lab.fire(4)

    assert run.outcomes == {Outcome.NOBODY: 4}
    assert run.errors == 4
    assert "all taken by nobody" in str(run)
    assert "has not closed" not in str(run)


def test_whoever_is_sent_on_was_not_answered(lab):
    lab.load(site("redir https://shop.test/"))
    assert "4 requests to /test-api: all redirected (302)" in str(lab.fire(4))


def test_a_client_without_an_answer_has_no_answerer(lab):
    lab.load(site("reverse_proxy backend1:8080"))

    with lab.backend(1).hung():
        run = lab.fire(2, concurrency=2, timeout=0.3)

    assert {request.answerer for request in run.requests} == {Answerer.NONE}
    assert run.backends == [None, None]


# --- ids that somebody changes --------------------------------------------------------------

CHANGED = {
    "another id": "header_up X-Request-Id {http.request.uuid}",
    "an id of letters": "header_up X-Request-Id none-of-yours",
    "letters appended": "header_up X-Request-Id {header.X-Request-Id}-and-more",
    "no id": "header_up -X-Request-Id",
    "an empty id": 'header_up X-Request-Id ""',
    "a number too large": "header_up X-Request-Id {header.X-Request-Id}999999",
    "a digit of another script": "header_up X-Request-Id {header.X-Request-Id}²",
}


@pytest.mark.parametrize("option", CHANGED.values(), ids=CHANGED)
def test_a_caddyfile_that_changes_the_id_hides_nothing(lab, option):
    lab.load(site(f"reverse_proxy {PAIR} {{", "lb_policy round_robin", option, "}"))

    run = lab.fire(40, concurrency=4, clients=3)

    assert run.shares == {1: 20, 2: 20}
    assert [len(request.attempts) for request in run.requests] == [1] * 40
    assert run.good == 40


@pytest.mark.parametrize("keepalive", [True, False])
def test_a_site_wide_change_of_the_id_hides_nothing(lab, keepalive):
    lab.load(site("request_header X-Request-Id fixed-1", f"reverse_proxy {PAIR}"))

    run = lab.fire(40, concurrency=4, clients=3, keepalive=keepalive)

    assert run.good == 40
    for request in run.requests:
        assert [attempt.backend for attempt in request.attempts] == [request.answered_by]


FORGED = [
    "{run}-1",
    "{run}-0",
    "{run}--1",
    "{run}-999999",
    "{run}-x",
    "{run}-",
    "-1",
    "²-³",
    "{run}-1²",
]


def test_a_stranger_with_a_forged_id_is_not_counted_and_ends_nothing(lab):
    lab.load(site(f"reverse_proxy {PAIR}"))
    run = lab.fire(rate=20, duration=1.5, background=True, path="/delay/50")
    for forged in FORGED:
        id = forged.format(run=run.run.id).encode()
        httpx.get(lab.url, headers={b"X-Request-Id": id}, trust_env=False)
    run.wait()

    assert run.good == len(run) == 30
    assert [len(request.attempts) for request in run.requests] == [1] * 30
    threads = {thread.name for thread in threading.enumerate()}
    assert "caddylab-journal" in threads


def test_requests_that_caddyfile_and_client_leave_out_of_the_log_are_there_all_the_same(lab):
    lab.load(site("log_skip", f"reverse_proxy {PAIR}"))

    run = lab.fire(6)

    assert run.good == 6
    assert all(request.complete for request in run.requests)


@pytest.mark.parametrize("size", [1_100_000, 5_000_000])
def test_headers_that_are_too_large_are_recorded_with_caddys_own_status(lab, size):
    lab.load(site(f"reverse_proxy {PAIR}"))

    run = lab.fire(3, headers={"X-Large": "a" * size})

    assert [request.status for request in run.requests] == [431] * 3
    assert run.outcomes == {Outcome.CLIENT_ERROR: 3}
    assert run.answerers == {CADDY: 3}
    assert "has not closed" not in str(run)
