"""Words of other programs, and of Caddy 1: their meaning comes before their spelling."""

from __future__ import annotations

import pytest
from admin_caddy import AdminCaddy, admin_caddy, site

from caddylab._caddy.advice import foreign
from caddylab._caddy.advice.explain import refuse


@pytest.fixture(scope="module")
def caddy():
    with admin_caddy() as caddy:
        yield caddy


def in_site(*lines: str) -> str:
    return "\n".join([":80 {", *lines, "}", ""])


@pytest.mark.parametrize(
    ("line", "write"),
    {
        "fail_timeout 10s": "fail_duration 10s",
        "health_check /": "health_uri /",
        "header_upstream Host {host}": "header_up",
        "timeout 5s": "response_header_timeout 5s",
        "proxy_connect_timeout 2s": "dial_timeout 1s",
        "proxy_next_upstream error timeout": "lb_retries 1",
        "policy least_conn": "lb_policy",
        "balance roundrobin": "lb_policy round_robin",
        "retries 3": "lb_retries 1",
        "backup": "lb_policy first",
        "lb_policy source": "lb_policy client_ip_hash",
        "lb_policy leastconn": "lb_policy least_conn",
        "lb_policy failover": "lb_policy first",
    }.items(),
)
def test_a_foreign_word_in_a_proxy_gets_the_line_to_write(caddy: AdminCaddy, line, write):
    error = refuse(caddy.refusal(site(line)), site(line))

    assert error.line == 3
    assert write in error.help


@pytest.mark.parametrize("word", ["transparent", "websocket", "slow_start 30s"])
def test_a_word_that_needs_nothing_is_to_be_taken_away(caddy: AdminCaddy, word):
    error = refuse(caddy.refusal(site(word)), site(word))

    assert "take it away" in error.help


@pytest.mark.parametrize(
    ("line", "write"),
    {
        "proxy / backend1:8080": "reverse_proxy backend1:8080",
        "proxy_pass http://backend1:8080": "reverse_proxy backend1:8080",
        "gzip on": "encode zstd gzip",
        "return 404": "respond 404",
        "proxy_read_timeout 5s": "response_header_timeout 5s",
        "default_backend web": "reverse_proxy",
        "location /api/ {\n}": "handle /api/*",
    }.items(),
)
def test_a_foreign_word_in_a_site_gets_the_line_to_write(caddy: AdminCaddy, line, write):
    text = in_site(line)

    error = refuse(caddy.refusal(text), text)

    assert error.line == 2
    assert write in error.help


def test_what_is_right_by_its_spelling_is_still_guessed(caddy: AdminCaddy):
    for text, near in ((site("lb_retrys 1"), "lb_retries"), (site("health_url /"), "health_uri")):
        assert f"Did you mean `{near}`?" in refuse(caddy.refusal(text), text).help


# --- what we recommend is right ------------------------------------------------------------


@pytest.mark.parametrize(
    "entry",
    [
        entry
        for entry in (*foreign.PROXY, *foreign.POLICIES, *foreign.PARAMETERS)
        if entry.write and entry not in foreign.SITE
    ],
)
def test_caddy_takes_what_is_to_be_written_in_a_proxy(caddy: AdminCaddy, entry):
    caddy.adapt(site(*entry.lines()))


@pytest.mark.parametrize("entry", [e for e in foreign.SITE if e.write])
def test_caddy_takes_what_is_to_be_written_for_a_site(caddy: AdminCaddy, entry):
    whole_site = entry.lines()[0].startswith((":", "http"))
    caddy.adapt("\n".join([*entry.lines(), ""]) if whole_site else in_site(*entry.lines()))


def test_caddy_knows_none_of_the_foreign_words(caddy: AdminCaddy):
    for table, place, refused in (
        (foreign.PROXY, site, "unrecognized subdirective"),
        (foreign.SITE, in_site, "unrecognized directive"),
        (foreign.POLICIES, lambda word: site(f"lb_policy {word}"), "module not registered"),
    ):
        words = [w for entry in table for of_one in entry.words.values() for w in of_one.split()]
        accepted = [word for word in words if refused not in caddy.opinion(place(f"{word} x"))]
        assert accepted == []


@pytest.mark.parametrize("table", [foreign.PROXY, foreign.SITE, foreign.POLICIES])
def test_no_word_has_two_meanings(table):
    words = [w for entry in table for w in {w for x in entry.words.values() for w in x.split()}]

    assert sorted(words) == sorted(set(words))
