"""Which line a warning is about, where Caddy has sorted what the Caddyfile says."""

from __future__ import annotations

import pytest
from admin_caddy import admin_caddy

from caddylab._caddy.advice.lint import Note, lint
from caddylab._caddy.text.tokens import parse
from caddylab._caddy.text.variables import filled

ONCE = ("lb_retries 1", "fail_duration 10s")


@pytest.fixture(scope="module")
def caddy():
    with admin_caddy() as caddy:
        yield caddy


@pytest.fixture
def said(caddy):
    """What the lint says of one rule's subject in the text of a site, line by line."""

    def said(rule: str, *directives: str) -> dict[int | None, Note]:
        text = "\n".join([":80 {", *directives, "}", ""])
        return {note.line: note for note in lint(text, caddy.adapt(text)) if note.rule == rule}

    return said


# --- which `reverse_proxy` is meant -----------------------------------------------------------


def test_of_two_proxies_each_has_its_own_upstream(said):
    found = said("path-in-upstream", "reverse_proxy /a/* one:80/x", "reverse_proxy /b/c/* two/y")
    assert "`one:80/x:80`" in found[2].message
    assert "`two/y:80`" in found[3].message


def test_of_two_proxies_with_commas_each_has_its_own(said):
    found = said("comma-in-upstream", "reverse_proxy /a one,1:80", "reverse_proxy /longer two,2:80")
    assert "`one,1:80`" in found[2].message
    assert "`two,2:80`" in found[3].message


@pytest.mark.parametrize(
    "directives",
    [
        ("reverse_proxy /a/* a:1 b:2 {", "header_up X-A b", "}",
         "reverse_proxy /longer/* a:1 b:2 {", *ONCE, "}"),
        ("handle /a/* {", "reverse_proxy a:1 b:2", "}",
         "handle /longer/* {", "reverse_proxy a:1 b:2 {", *ONCE, "}", "}"),
        ("@orders expression {method} != \"GET\"", "reverse_proxy @orders a:1 b:2 {",
         "transport http {", "read_timeout 1s", "}", "}",
         "reverse_proxy a:1 b:2 {", *ONCE, "}"),
        ("@orders `{method} != 'GET'`", "reverse_proxy @orders a:1 b:2 {", "header_up X-A b", "}",
         "reverse_proxy a:1 b:2 {", *ONCE, "}"),
        ("@post method POST", "reverse_proxy @post a:1 b:2 {", "header_up X-A b", "}",
         "reverse_proxy /longer/* a:1 b:2 {", *ONCE, "}"),
    ],
)  # fmt: skip
def test_proxies_with_the_same_upstreams_are_told_apart(said, directives):
    assert list(said("pool-without-failover", *directives)) == [
        next(n for n, line in enumerate(directives, 2) if line.startswith("reverse_proxy"))
    ]


def test_the_proxy_of_the_site_that_is_meant(caddy):
    text = (
        "http://a.test {\n\treverse_proxy a:1 b:2 {\n\t\theader_up X-A b\n\t}\n}\n"
        "http://b.longer.test {\n\treverse_proxy a:1 b:2 {\n\t\tlb_retries 1\n"
        "\t\tfail_duration 9s\n\t}\n}\n"
    )
    assert [(n.rule, n.line) for n in lint(text, caddy.adapt(text))] == [
        ("pool-without-failover", 2)
    ]


def test_the_trusted_proxies_of_the_proxy_that_is_meant(said):
    found = said(
        "every-proxy-trusted",
        "reverse_proxy /a a:1 {", "trusted_proxies private_ranges", "}",
        "reverse_proxy /longer b:1 {", "trusted_proxies 0.0.0.0/0", "}",
    )  # fmt: skip
    assert list(found) == [6]


# --- variables --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("to {$A:a:1 b:2} c:3", ["to", "a:1", "b:2", "c:3"]),
        ("to {$SET}", ["to", "x", "y"]),
        ("to {$SET:z}{$A:1}", ["to", "x", "y1"]),
        ("to {$UNSET}", ["to", "{$UNSET}"]),
        ("to {$A:} b", ["to", "b"]),
        ('to "{$SET} z"', ["to", "x y z"]),
        ("to {path} {$A:{path}}", ["to", "{path}", "{path}"]),
        ("to {$A:b c", ["to", "{$A:b", "c"]),
    ],
)
def test_a_line_is_read_with_what_its_variables_stand_for(written, read):
    [statement] = filled(parse(written), {"SET": "x y"}).statements
    assert statement.words == read


@pytest.mark.parametrize(
    ("rule", "directive"),
    [
        ("path-in-upstream", "reverse_proxy {$CADDYLAB_NOBODY_SETS:app:80/x}"),
        ("port-as-upstream", "reverse_proxy {$CADDYLAB_NOBODY_SETS:8080}"),
        ("pool-without-failover", "reverse_proxy {$CADDYLAB_NOBODY_SETS:a:1 b:2}"),
        ("only-the-root", "reverse_proxy {$CADDYLAB_NOBODY_SETS:/} a:1"),
        ("nginx-variable", "header X-A {$CADDYLAB_NOBODY_SETS:$host}"),
        ("redirect-to-a-status", "redir {$CADDYLAB_NOBODY_SETS:/app/ 301}"),
        ("rewrite-to-another-host", "rewrite * {$CADDYLAB_NOBODY_SETS:https://a.test}{uri}"),
        ("log-name-like-a-file", "log {$CADDYLAB_NOBODY_SETS:/var/log/a.log}"),
    ],
)
def test_a_default_is_on_the_line_that_is_meant(said, rule, directive):
    assert list(said(rule, "header X-Other one", directive)) == [3]
