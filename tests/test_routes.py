"""Where the JSON lets a request end: what is told for sure is so."""

from __future__ import annotations

import pytest

from caddylab import Answerer

PROXY = "reverse_proxy backend1:8080"


def site(*lines: str, address: str = ":80") -> str:
    return "\n".join([f"{address} {{", *lines, "}", ""])


TOLD = {
    "only the root": (site("reverse_proxy / backend1:8080"), "`/` is only `/` itself"),
    "another path": (site("handle /api/* {", PROXY, "}"), "only `/api/*` leads to a backend"),
    "two other paths": (
        site("handle /api/* {", PROXY, "}", "handle_path /v2/* {", PROXY, "}"),
        "only `/api/*`, `/v2/*` leads",
    ),
    "another method": (site("@m method POST", "reverse_proxy @m backend1:8080"), "no proxy on its"),
    "not this path": (site("@m not path /test*", "reverse_proxy @m backend1:8080"), "no proxy on"),
    "a page before it": (site("respond hi", PROXY), "Caddy itself answers `/test-api`"),
    "one name": (site(PROXY, address="http://shop.test"), "`fire` asks for `shop.test`, the only"),
    "two names": (
        site(PROXY, address="http://a.test, http://b.test"),
        "`fire` asks for `a.test`, one of the 2 names",
    ),
    "a site of its own beside it": (
        site(PROXY, address="http://a.test") + site("respond b", address="http://b.test:8081"),
        "`fire` asks for `a.test`, one of the 2 names that the sites answer for",
    ),
    "any name below": (site(PROXY, address="http://*.shop.test"), "asks for `www.shop.test`"),
}


@pytest.mark.parametrize(("text", "says"), TOLD.values(), ids=TOLD)
def test_loading_says_who_takes_what_fire_asks_for(lab, text, says):
    remarks = [str(warning) for warning in lab.load(text).warnings]

    assert [remark for remark in remarks if says in remark and "`fire`" in remark]
    named = "asks for `" in says
    told = Answerer.CADDY if "Caddy itself" in says else Answerer.NOBODY
    run = lab.fire(2)
    assert {request.answerer for request in run.requests} == {Answerer.BACKEND if named else told}


SILENT = {
    "all paths": site(PROXY),
    "a regular expression": site("@m path_regexp ^/te", "reverse_proxy @m backend1:8080"),
    "a rewritten path": site("rewrite * /api{uri}", "reverse_proxy /api/* backend1:8080"),
    "an expression": site("@m expression true", "reverse_proxy @m backend1:8080"),
    "a group": site("handle /test-api {", PROXY, "}", "handle {", "respond no", "}"),
    "capitals": site("handle /TEST-* {", PROXY, "}"),
    "a star in the middle": site("handle /t*api {", PROXY, "}"),
    "localhost": site(PROXY, address="http://localhost, :80"),
    "no proxy at all": site("respond hi"),
}


@pytest.mark.parametrize("text", SILENT.values(), ids=SILENT)
def test_nothing_is_said_that_is_not_so(lab, text):
    assert not [w for w in lab.load(text).warnings if "`fire`" in str(w)]
    answerers = {request.answerer for request in lab.fire(2).requests}
    assert answerers == {Answerer.BACKEND if "reverse_proxy" in text else Answerer.CADDY}


def test_a_host_of_ones_own_is_asked_for(lab):
    lab.load(
        site("respond a", address="http://a.test") + site("respond b", address="http://b.test")
    )

    assert lab.fire(1).requests[0].body == "a"
    assert lab.fire(1, host="b.test").requests[0].body == "b"
    assert lab.get().text == "a"
    assert lab.get(headers={"Host": "b.test"}).text == "b"
