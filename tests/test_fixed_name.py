"""A name that stands in the Caddyfile itself: what Caddy makes of it (chapter 11).

A lab leaves no such name to look up, so this Caddy is one of the test's own, which asks the lab's
name server.
"""

from __future__ import annotations

import httpx
import pytest
from static_caddy import static_caddy

from caddylab import Lab
from caddylab._caddy.adapted.tree import find

DYNAMIC = ":80 {\n\treverse_proxy {\n\t\tdynamic a app 8080\n\t}\n}"
SITE = """reverse_proxy {name}:{port} {{
	lb_policy round_robin
	transport http {{
		resolvers {resolver}
		dial_timeout 500ms
	}}
}}"""


@pytest.fixture
def named():
    """A lab whose name server knows its backends; only these two are asked for."""
    with Lab("process") as lab:
        lab.load(DYNAMIC)
        yield lab


@pytest.fixture
def fixed(named):
    """A Caddy with the backends' one name as its only upstream, and somebody who asks it."""
    [asked] = find(named.config(), "dynamic_upstreams")
    runtime = named.stack.runtime
    port, resolver = runtime.place(1)[1], runtime.names().resolver
    with static_caddy(SITE.format(name=asked["name"], port=port, resolver=resolver)) as caddy:
        host, its_port = caddy.address
        with httpx.Client(base_url=f"http://{host}:{its_port}", timeout=5) as client:
            yield client


def who(client, times=10) -> set[str]:
    answers = [client.get("/echo") for _ in range(times)]
    return {answer.json()["backend"] if answer.is_success else "" for answer in answers}


def test_it_is_one_upstream_whatever_it_stands_for(named, fixed):
    assert [len(found) for found in named.names.records.values()] == [2]
    assert len(who(fixed)) == 1


def test_another_address_of_the_name_is_tried_when_the_first_refuses(named, fixed):
    (first,) = who(fixed)
    with named.backend(int(first)).killed():
        assert who(fixed) == {{"1": "2", "2": "1"}[first]}


def test_a_move_is_noticed_as_soon_as_a_connection_is_opened(named, fixed):
    with named.names.unlisted(2):
        assert who(fixed) == {"1"}
        with named.names.moved(1):
            assert who(fixed) == {"1"}


def test_a_silent_name_server_stops_new_connections_only(named, fixed):
    (before,) = who(fixed)
    with named.names.silent():
        assert who(fixed) == {before}
        named.backend(int(before)).restart(0)
        assert fixed.get("/echo").status_code == 502  # when dial_timeout is over
