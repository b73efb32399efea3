"""What can be fired, what cannot and why; who fires it."""

import ipaddress

import pytest

from caddylab._engine.clients import MOST_CLIENTS, Client, Clients, address_of
from caddylab._engine.plan import Plan
from caddylab._errors import TrafficError

DOCUMENTATION = [
    ipaddress.ip_network(net)
    for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15")
]


def test_a_closed_loop_sends_its_count():
    plan = Plan(count=16, concurrency=4)
    assert (plan.open, plan.total) == (False, 16)


@pytest.mark.parametrize(
    ("rate", "duration", "total"),
    [(500, 10, 5000), (50, 0.1, 5), (0.1, 30, 3), (3, 1.1, 4), (0.1, 1, 1), (1000 / 3, 3, 1000)],
)
def test_an_open_loop_sends_at_i_over_rate_while_its_duration_lasts(rate, duration, total):
    plan = Plan(rate=rate, duration=duration)
    assert (plan.open, plan.total) == (True, total)
    assert plan.planned(1) == 0
    assert plan.planned(total) == pytest.approx((total - 1) / rate)
    assert plan.planned(total) < duration


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "does not say how much"),
        ({"rate": 50}, "rate and a duration"),
        ({"duration": 10}, "rate and a duration"),
        ({"count": 16, "rate": 50}, "both a count and a rate"),
        ({"count": 16, "duration": 2}, "both a count and a rate"),
        ({"count": 0}, "count is 0"),
        ({"count": 1.5}, "count is 1.5"),
        ({"count": True}, "count is True"),
        ({"count": 16, "concurrency": 0}, "concurrency is 0"),
        ({"rate": 50, "duration": 1, "concurrency": 4}, "open loop has no concurrency"),
        ({"rate": 0, "duration": 1}, "rate is 0"),
        ({"rate": float("inf"), "duration": 1}, "rate is inf"),
        ({"rate": 1e30, "duration": 1}, "rate is 1e.30, but must be .* at most"),
        ({"rate": 50, "duration": 10**30}, "duration is 10*, but must be .* at most"),
        ({"rate": 50, "duration": 10**400}, "duration is 10*, but must be .* at most"),
        ({"rate": 1000, "duration": 20_000}, "more than 10,000,000 requests"),
        ({"count": 10**400}, "more than 10,000,000 requests"),
        ({"count": 1, "timeout": 1e308}, "timeout is 1e.308"),
        ({"rate": "50", "duration": 1}, "rate is '50'"),
        ({"rate": 50, "duration": -1}, "duration is -1"),
        ({"count": 1, "timeout": 0}, "timeout is 0"),
        ({"count": 1, "timeout": None}, "timeout is None"),
        ({"count": 1, "clients": 0}, "clients is 0"),
        ({"count": 1, "path": "test-api"}, "begin with '/'"),
        ({"count": 1, "path": "/a b"}, "%20"),
        ({"count": 1, "path": "/größe"}, "accents"),
        ({"count": 1, "path": "/\r\nX: 1"}, "request line"),
        ({"count": 1, "method": "GE T"}, "method"),
        ({"count": 1, "method": "connect"}, "tunnel"),
        ({"count": 1, "body": "text"}, "encode"),
        ({"count": 1, "headers": {"X Y": "1"}}, "name of a header"),
        ({"count": 1, "headers": {"X": "1\r\nY: 2"}}, "cannot have the value"),
        ({"count": 1, "headers": {"X": 1}}, "cannot have the value"),
        ({"count": 1, "headers": {"x-request-id": "1"}}, "not yours to set"),
        ({"count": 1, "headers": {"Host": "x"}}, "host="),
        ({"count": 1, "host": "a\nb"}, "host"),
    ],
)
def test_a_plan_that_cannot_be_fired_says_why(arguments, message):
    with pytest.raises(TrafficError, match=message):
        Plan(**arguments)


def test_a_request_has_as_few_headers_as_possible():
    assert Plan(count=1).head("0a1b2c3d") == (
        b"GET /test-api HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: 0a1b2c3d-"
    )


def test_a_body_goes_with_its_length_and_a_post_without_one_says_so():
    assert b"\r\nContent-Length: 2\r\n" in Plan(count=1, body=b"hi").head("0")
    assert b"\r\nContent-Length: 0\r\n" in Plan(count=1, method="post").head("0")
    assert b"Content-Length" not in Plan(count=1, method="DELETE").head("0")


def test_clients_have_addresses_of_their_own_and_nobody_elses():
    addresses = [address_of(k) for k in range(MOST_CLIENTS)]
    assert len(set(addresses)) == MOST_CLIENTS > 100_000
    assert addresses[:2] == ["203.0.113.1", "203.0.113.2"]
    for address in (*addresses[::97], addresses[761], addresses[762], addresses[-1]):
        assert any(ipaddress.ip_address(address) in net for net in DOCUMENTATION), address


def test_there_are_only_so_many_addresses():
    with pytest.raises(TrafficError, match="one address"):
        address_of(MOST_CLIENTS)


def test_an_office_shares_one_address():
    office = Clients(200, address="203.0.113.7")
    assert len(office) == 200
    assert {office[k].address for k in range(200)} == {"203.0.113.7"}


@pytest.mark.parametrize("address", ["203.0.113", "backend1", "2001:db8::1"])
def test_an_address_must_be_one(address):
    with pytest.raises(TrafficError, match="no IPv4 address"):
        Clients(address=address)


@pytest.fixture
def client():
    return Client("203.0.113.1", proxy=True)


def test_the_last_cookie_of_a_name_wins(client):
    client.take("lb=one; Path=/; HttpOnly")
    client.take("theme=dark")
    client.take("lb=two; Max-Age=60; SameSite=None")
    assert client.cookies == {"lb": "two", "theme": "dark"}
    assert client.cookie_line() == b"\r\nCookie: lb=two; theme=dark"


@pytest.mark.parametrize(
    "attribute",
    [
        "Max-Age=0",
        "max-age=-1",
        "Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        "Max-Age=0; Expires=Fri, 01 Jan 2100 00:00:00 GMT",
    ],
)
def test_an_expired_cookie_is_gone(client, attribute):
    client.take("lb=one")
    client.take(f"lb=; {attribute}")
    assert client.cookies == {}
    assert client.cookie_line() == b""


@pytest.mark.parametrize(
    "attribute", ["Max-Age=60", "Max-Age=soon", "Expires=Fri, 01 Jan 2100 00:00:00 GMT", "Expires="]
)
def test_a_cookie_that_has_not_expired_stays(client, attribute):
    client.take(f"lb=one; {attribute}")
    assert client.cookies == {"lb": "one"}


@pytest.mark.parametrize("line", ["", "nonsense", "=value", ";"])
def test_what_is_no_cookie_is_left_out(client, line):
    client.take(line)
    assert client.cookies == {}


def test_forgetting_makes_new_visitors():
    clients = Clients(2)
    clients[1].take("lb=one")
    clients.forget()
    assert clients[1].cookies == {}
