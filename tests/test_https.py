"""Sites that speak HTTPS: real certificates of the lab's own authority, real handshakes."""

from __future__ import annotations

import re
import shlex
import ssl
import subprocess
from pathlib import Path

import pytest

from caddylab import Clients, Lab, LabError, TrafficError
from caddylab._records import Answerer, Outcome

PROXY = "\treverse_proxy backend1:8080 backend2:8080\n"
SHOP = f"shop.example.com {{\n{PROXY}}}\n"


def curl(command: str, *more: str) -> str:
    done = subprocess.run(
        [*shlex.split(command), "-sS", "-m", "10", *more], capture_output=True, text=True
    )
    return done.stdout + done.stderr


@pytest.fixture
def shop(lab):
    lab.load(SHOP)
    return lab


def test_a_host_name_is_served_by_https(shop):
    answer = shop.get("/test-api")
    assert (answer.status_code, str(answer.url)) == (200, "https://shop.example.com/test-api")
    run = shop.fire(20, concurrency=4, clients=3)
    assert {request.outcome for request in run.requests} == {Outcome.OK}
    assert all(request.complete and request.attempts for request in run.requests)
    assert sum(run.shares.values()) == 20
    assert {request.answerer for request in run.requests} == {Answerer.BACKEND}


def test_the_certificate_is_of_the_labs_own_authority_and_in_no_trust_store(shop):
    assert curl(shop.curl, "-i").startswith("HTTP/2 200")
    trusting, file = re.search(r"--cacert (\S+)", shop.curl).group(0, 1)
    assert "certificate" in curl(shop.curl.replace(trusting, ""))
    assert Path(file).is_relative_to(shop.stack.runtime.here)


def test_plain_http_is_sent_to_https(shop):
    run = shop.fire(3, scheme="http")
    assert [request.status for request in run.requests] == [308] * 3
    assert {request.answerer for request in run.requests} == {Answerer.CADDY}
    answer = shop.get("/a?b=c", scheme="http")
    assert answer.headers["Location"] == "https://shop.example.com/a?b=c"


def test_a_redirect_is_followed_within_the_lab(shop):
    answer = shop.get("/test-api", scheme="http", follow_redirects=True)
    assert answer.status_code == 200
    assert answer.url.startswith("https://")


def test_a_redirect_to_elsewhere_stays_in_the_lab(lab):
    lab.load("http://shop.example.com {\n\tredir https://example.org{uri}\n}\n")
    with pytest.raises(TrafficError, match="no site for https"):
        lab.get("/", follow_redirects=True)


def test_each_connection_has_its_handshake_and_browsers_resume_their_sessions(shop, monkeypatch):
    from caddylab._engine.connection import Connection

    resumed, made = [], Connection.connection_made

    def note(self, transport):
        resumed.append(transport.get_extra_info("ssl_object").session_reused)
        made(self, transport)

    monkeypatch.setattr(Connection, "connection_made", note)
    people = Clients(2)
    shop.fire(10, clients=people, keepalive=False)
    assert resumed == [False, False] + [True] * 8
    resumed.clear()
    people.forget()
    shop.fire(4, clients=people)
    assert resumed == [False, False]


def test_a_session_is_asked_for_once_a_connection(shop, monkeypatch):
    """Each time costs more than a request does."""
    asked, session = [], ssl.SSLObject.session

    def ask(self):
        asked.append(self)
        return session.fget(self)

    monkeypatch.setattr(ssl.SSLObject, "session", property(ask, session.fset))
    shop.fire(10, clients=Clients(2))
    assert len(asked) == 2


def test_a_name_without_a_certificate_fails_in_words(shop):
    run = shop.fire(3, host="other.example.com")
    assert {request.outcome for request in run.requests} == {Outcome.TLS}
    assert run.requests[0].error == "no TLS: Caddy has no certificate for other.example.com"
    assert "3 requests to /test-api: all failed in the TLS handshake\nno TLS: Caddy" in str(run)
    assert "has not closed" not in str(run)
    with pytest.raises(LabError, match="got no answer"):
        shop.get("/", host="other.example.com")


def test_clients_have_their_own_addresses_over_https(lab):
    lab.load("shop.example.com {\n\trespond {remote_host}\n}\n")
    run = lab.fire(4, clients=2)
    assert [r.body for r in run.requests] == ["203.0.113.1", "203.0.113.2"] * 2


SITES = """
shop.example.com, *.shop.example.com {
	respond "shop {host} {scheme}"
}
https://api.example.com:8443 {
	respond "api {hostport}"
}
bare.example.com:8080 {
	respond "bare {hostport} {scheme}"
}
http://plain.example.com {
	respond "plain {scheme}"
}
localhost {
	respond local
}
10.0.0.5 {
	respond address
}
münchen.example.com {
	respond Grüezi
}
"""


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("shop.example.com", "shop shop.example.com https"),
        ("www.shop.example.com", "shop www.shop.example.com https"),
        ("api.example.com", "api api.example.com:8443"),
        ("bare.example.com", "bare bare.example.com:8080 https"),
        ("plain.example.com", "plain http"),
        ("localhost", "local"),
        ("10.0.0.5", "address"),
        ("xn--mnchen-3ya.example.com", "Grüezi"),
    ],
)
def test_each_name_is_asked_where_it_is_served(sites, host, said):
    assert sites.get("/", host=host).text == said
    assert sites.fire(1, host=host).requests[0].body == said


@pytest.fixture(
    scope="module", params=["process", pytest.param("podman", marks=pytest.mark.podman)]
)
def sites(request):
    with Lab(runtime=request.param) as lab:
        lab.load(SITES)
        yield lab


@pytest.mark.parametrize(
    ("host", "to"),
    [
        ("shop.example.com", "https://shop.example.com/x"),
        ("a.shop.example.com", "https://a.shop.example.com/x"),
        ("api.example.com", "https://api.example.com:8443/x"),
        ("bare.example.com", "https://bare.example.com:8080/x"),
        ("10.0.0.5", "https://10.0.0.5/x"),
    ],
)
def test_each_name_is_sent_to_its_own_port(sites, host, to):
    answer = sites.get("/x", scheme="http", host=host)
    assert (answer.status_code, answer.headers["Location"]) == (308, to)


def test_http_3_and_public_authorities_are_listed_as_left_out(lab):
    stood = {d.stood for d in lab.load(SHOP).decisions}
    assert {"HTTP/3", "certificates of Let's Encrypt"} <= stood
    assert "alt-svc" not in lab.get("/").headers


@pytest.mark.parametrize(
    ("options", "https", "http"),
    [
        ("auto_https disable_redirects", 200, None),
        ("auto_https off", None, None),
        ("http_port 8080\n\thttps_port 8443", 200, 308),
        ("auto_https ignore_loaded_certs", 200, 308),
    ],
)
def test_global_options_are_those_of_caddy(lab, options, https, http):
    lab.load(f"{{\n\t{options}\n}}\n{SHOP}")
    [request] = lab.fire(1).requests
    assert request.status == https
    assert https or "no certificate for shop.example.com" in request.error
    if http:
        assert lab.get("/", scheme="http").status_code == http
    else:
        with pytest.raises(TrafficError, match="no site for http"):
            lab.get("/", scheme="http")


def test_a_cookie_of_lb_policy_is_secure_and_goes_by_https_only(lab):
    policy = "\treverse_proxy backend1:8080 backend2:8080 {\n\t\tlb_policy cookie\n\t}\n"
    both = f"shop.example.com {{\n{policy}}}\nhttp://shop.example.com {{\n{policy}}}\n"
    lab.load(f"{{\n\tauto_https disable_redirects\n}}\n{both}")
    people = Clients(1)
    assert len(lab.fire(10, clients=people).shares) == 1
    assert people[0].cookies.keys() == {"lb"}
    assert people[0].cookie_line(secure=True).startswith(b"\r\nCookie: lb=")
    assert people[0].cookie_line() == b""


def brought(folder: Path, name: str) -> Path:
    """A folder with a Caddyfile and a certificate of its own, made by nobody's authority."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-keyout", folder / "key.pem", "-out", folder / "cert.pem", "-days", "2",
         "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}"],
        check=True, capture_output=True,
    )  # fmt: skip
    file = folder / "Caddyfile"
    file.write_text("shop.example.com {\n\ttls cert.pem key.pem\n\trespond mine\n}\n")
    return file


def test_a_certificate_beside_the_caddyfile_is_used(lab, tmp_path):
    loaded = lab.load(brought(tmp_path, "shop.example.com"))
    assert not any("tls cert.pem" in d.stood for d in loaded.decisions)
    assert lab.fire(2).requests[0].body == "mine"
    assert "issuer: CN=shop.example.com" in curl(lab.curl, "-v")


def test_a_certificate_for_another_name_is_found_out(lab, tmp_path):
    lab.load(brought(tmp_path, "other.example.com"))
    [request] = lab.fire(1).requests
    assert request.outcome is Outcome.TLS
    assert request.error.startswith("the certificate is not trusted: Hostname mismatch")


@pytest.mark.parametrize(
    "pair", ["/etc/ssl/certs/shop.pem /etc/ssl/private/shop.key", "no.pem no.key"]
)
@pytest.mark.parametrize("options", ["", "{\n\tauto_https off\n}\n"])
def test_a_certificate_that_is_not_there_is_replaced(lab, tmp_path, pair, options):
    file = tmp_path / "Caddyfile"
    site = f"new-{len(options)}-{len(pair)}.example.com"  # for which it has no certificate yet
    file.write_text(f"{options}{site} {{\n\ttls {pair}\n\trespond ok\n}}\n")
    [decision] = [d for d in lab.load(file).decisions if d.stood == f"tls {pair}"]
    assert "the lab's own" in decision.runs
    assert pair.split()[0] in decision.why
    assert lab.fire(1).requests[0].body == "ok"


def test_a_site_without_a_name_whose_certificate_is_not_there(lab):
    lab.load(":443 {\n\ttls /etc/ssl/shop.pem /etc/ssl/shop.key\n\trespond ok\n}\n")
    assert lab.fire(1).requests[0].body == "ok"
    assert lab.fire(1, host="a.example.com").requests[0].body == "ok"


@pytest.mark.parametrize(
    ("options", "tls", "stood"),
    [
        ("", "internal", None),
        ("", "me@example.com", "acme"),
        ("email me@example.com", "{\n\t\tissuer acme\n\t}", "acme"),
        ("cert_issuer zerossl key", "{\n\t\tprotocols tls1.3\n\t}", "zerossl"),
        ("acme_ca https://ca.example.com/dir", "internal", "acme"),
        ("on_demand_tls {\n\t\task http://localhost:5555/ask\n\t}", "{\n\t\ton_demand\n\t}",
         "ask http://localhost:5555/ask"),
        ("", "{\n\t\tget_certificate http http://localhost:5555/\n\t}", "get_certificate http"),
        ("", "{\n\t\tclient_auth {\n\t\t\tmode require\n\t\t}\n\t}", "client_auth require"),
        ("servers {\n\t\tprotocols h1 h2 h3\n\t}", "internal", "protocols h3"),
        ("servers {\n\t\tprotocols h2\n\t}", "internal", "protocols h2"),
    ],
)  # fmt: skip
def test_whoever_would_be_asked_for_a_certificate_is_not(lab, options, tls, stood):
    loaded = lab.load(f"{{\n\t{options}\n}}\nshop.example.com {{\n\ttls {tls}\n{PROXY}}}\n")
    told = {decision.stood for decision in loaded.decisions if not decision.by_default}
    assert told == ({stood} if stood else set())
    run = lab.fire(2)
    assert not run.errors, run.requests


def test_any_name_gets_a_certificate_on_demand(lab):
    lab.load("https:// {\n\ttls {\n\t\ton_demand\n\t}\n\trespond {host}\n}\n")
    assert lab.fire(1).requests[0].body == "localhost"
    assert lab.fire(1, host="tenant.example.com").requests[0].body == "tenant.example.com"


def test_a_site_without_a_name_has_no_certificate_and_says_so(lab):
    """As in life: Caddy does not know for whom it would be. One that it had, it may still show."""
    with Lab(lab.runtime) as fresh:
        loaded = fresh.load(f":443 {{\n{PROXY}}}\n")
        assert any("no certificate" in str(note) for note in loaded.warnings)
        error = fresh.fire(1).requests[0].error
        assert error == "no TLS: Caddy has no certificate for localhost"


def test_http_2_is_spoken_to_who_asks_for_it_and_only_if_the_site_does(lab):
    lab.load(SHOP)
    assert curl(lab.curl, "-i").startswith("HTTP/2 200")
    lab.load("{\n\tservers {\n\t\tprotocols h1\n\t}\n}\n" + SHOP)
    assert curl(lab.curl, "-i").startswith("HTTP/1.1 200")


def test_a_site_that_answers_nothing_yet_has_its_name_all_the_same(lab):
    lab.load("one.example.com {\n}\ntwo.example.com {\n}\n")
    assert {request.status for request in lab.fire(2).requests} == {200}
    assert lab.url.startswith("https://one.example.com:")


def test_sites_with_one_port_at_several_addresses_are_each_reached(lab):
    bound = "{name} {{\n\tbind {at}\n\trespond {name}\n}}\n"
    sites = {"a.example.com": "192.0.2.1", "b.example.com": "tcp4/192.0.2.2", ":8080": "192.0.2.3"}
    more = {"http://c.example.com:8080": "192.0.2.4"}
    lab.load(
        "".join(bound.format(name=name, at=at) for name, at in [*sites.items(), *more.items()])
    )
    said = [lab.get("/", host=f"{x}.example.com").text for x in "abc"]
    assert said == ["a.example.com", "b.example.com", "http://c.example.com:8080"]
    for host in ("a.example.com", "b.example.com"):
        answer = lab.get("/x", scheme="http", host=host)
        assert answer.headers["Location"] == f"https://{host}/x"


@pytest.mark.parametrize("listen", ["tcp4/0.0.0.0", "tcp6/[::]"])
def test_a_network_before_the_address_is_understood(lab, listen):
    lab.load(f"shop.example.com {{\n\tbind {listen}\n\trespond ok\n}}\n")
    assert lab.fire(1).requests[0].body == "ok"


def test_a_wildcards_certificate_from_elsewhere_serves_the_names_below(lab):
    lab.load("*.test.local {\n\ttls {\n\t\tget_certificate http http://certs:9000/\n\t}\n"
             "\trespond all\n}\none.test.local {\n\trespond one\n}\n")  # fmt: skip
    assert [lab.get("/", host=f"{x}.test.local").text for x in ("one", "two")] == ["one", "all"]


def test_a_route_tells_the_scheme_that_caddy_speaks_there():
    sites = ("a.example:8444", "http://b.example:8081")
    text = "\n".join(f"{site} {{\n\treverse_proxy app:80\n}}\n" for site in sites)
    with Lab.of(text, runtime="process") as lab:
        told = {str(route).split()[1] for route in lab.routes}
        assert told == {"https://a.example:8444", "http://b.example:8081"}
        assert lab.fire(1, host="a.example:8444", scheme="https").good == 1
        assert lab.fire(1, host="b.example:8081", scheme="http").good == 1


@pytest.mark.parametrize(
    "text",
    [
        "shop.test {\n\treverse_proxy backend1:8080\n}",
        "shop.test {\n\ttls me@example.com\n\treverse_proxy backend1:8080\n}",
        "{\n\temail me@example.com\n}\nshop.test {\n\treverse_proxy backend1:8080\n}",
        "a.test {\n\ttls me@example.com\n\treverse_proxy backend1:8080\n}\n"
        "b.test {\n\treverse_proxy backend1:8080\n}",
    ],
)
def test_the_labs_authority_is_named_once(lab, text):
    lab.load(text)
    told = [each for each in lab.substitutions if "own authority" in each.runs]
    assert len(told) == 1
