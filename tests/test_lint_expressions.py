"""What we make of an expression about retries, and what the real Caddy makes of it."""

from __future__ import annotations

import pytest
from admin_caddy import site

from caddylab import Lab
from caddylab._caddy.advice.rules.expressions import Truth, outcomes

ERROR, NO, YES = {Truth.ERROR}, {Truth.NO}, {Truth.YES}
AFTER_AN_ERROR = {
    "{rp.status_code} >= 500": ERROR,
    "{rp.status_code} == 503": NO,
    "{rp.status_code} in [500, 503]": NO,
    "{rp.status_code} != 200": YES,
    "{rp.header.X-Again} == '1'": NO,
    "{rp.header.X-Again}.startsWith('a')": ERROR,
    "int({rp.status_code}) >= 500": ERROR,
    "!({rp.status_code} < 500)": ERROR,
    "{rp.status_code} == 503 || {rp.status_code} >= 504": ERROR,
    "{rp.status_code} >= 500 || {method} == 'GET'": YES,
    "{method} == 'GET' && {rp.status_code} >= 500": ERROR,
    "{method} == 'POST' && {rp.status_code} >= 500": NO,
    "method('GET') || {rp.status_code} >= 500": YES,
    "{rp.is_transport_error} || {rp.status_code} >= 500": YES,
    "{rp.status_code} >= 500 && {rp.is_transport_error} == false": NO,
    "path('/test-api')": {Truth.YES, Truth.NO},
}


@pytest.mark.parametrize(("text", "expected"), AFTER_AN_ERROR.items())
def test_what_an_expression_says_of_a_get_without_an_answer(text, expected):
    assert outcomes(text, "GET", answered=False) == expected


@pytest.mark.parametrize("text", ["", "(", ")", "a ? b : c", "'||'", "!", "{", "[1 || 2", "&& ||"])
def test_no_expression_is_too_odd(text):
    assert outcomes(text, "GET", answered=False)


@pytest.fixture(scope="module")
def lab():
    with Lab(runtime="process") as lab:
        yield lab


@pytest.mark.parametrize(("text", "expected"), AFTER_AN_ERROR.items())
def test_caddy_agrees(lab, text, expected):
    """A block that says no leaves it to the one behind it; one that breaks does not."""
    alone = ("lb_retry_match {", f"expression `{text}`", "}")
    gets = ("lb_retry_match {", "method GET", "}")
    limit = ("transport http {", "response_header_timeout 200ms", "}")
    rest = ("lb_policy first", "lb_retries 1", "fail_duration 10s", *limit)
    with lab.backend(1).slow(1):
        lab.load(site(*alone, *rest))
        retried = lab.get().status_code == 200
        lab.load(site(*alone, *gets, *rest))
        left = lab.get().status_code == 200
    assert retried == (Truth.YES in expected)
    assert left == (expected != ERROR)
