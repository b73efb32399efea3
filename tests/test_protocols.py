"""What the proxy dials, the backends speak, and all faults stay true."""

from __future__ import annotations

import contextlib
import socket
import struct

import pytest

from caddylab import CaddyfileError, Lab, Outcome
from caddylab._machine.certificates import Signer

SITE = ":80 {{\n\treverse_proxy {} {{\n{}\n\t}}\n}}\n"
TLS = "transport http {{\n{}\n}}"
TWO = "lb_policy round_robin\nlb_retries 1\nfail_duration 1s"


@pytest.fixture(autouse=True)
def well(request):
    yield
    if "lab" in request.fixturenames:
        request.getfixturevalue("lab").restore()


def site(upstreams: str, *options: str) -> str:
    return SITE.format(upstreams, "\n".join(options))


def tls(*options: str) -> str:
    return TLS.format("\n".join(options))


def stood(loaded, words: str):
    """The one substitution for these words of the Caddyfile."""
    [found] = [each for each in loaded.substitutions if words in each.stood]
    return found


def one(lab: Lab, **options):
    [request] = lab.fire(1, **options).requests
    return request


def both_answer(lab: Lab) -> bool:
    return {request.claimed for request in lab.fire(4).requests} == {1, 2}


BEGIN, PARAMS, STDIN = 1, 4, 5
END = b"\1\3\0\1"
"""How FastCGI's last record of a request begins: version, kind, and the request's number."""


def record(kind: int, content: bytes) -> bytes:
    """A record of FastCGI, about request 1."""
    content = content.ljust(8 if kind == BEGIN else 0, b"\0")
    return struct.pack(">BBHHBx", 1, kind, 1, len(content), 0) + content


SOON = "dial_timeout 300ms"
DIALLED = {
    "https": site("https://app:8443 https://app2:8443", TWO, tls(SOON)),
    "h2": site("https://app:8443 https://app2:8443", TWO, tls(SOON, "versions 2")),
    "h2c": site("h2c://app:9000 h2c://app2:9000", TWO, tls(SOON)),
    "unix": site("unix//run/app.sock unix//run/app2.sock", TWO, tls(SOON)),
    "fastcgi": f":80 {{\n\trewrite * /index.php\n\tphp_fastcgi app:9000 app2:9000 {{\n{TWO}\n{SOON}"
    "\n\t}\n}\n",
}


@pytest.mark.parametrize("protocol", DIALLED)
def test_backends_speak_what_is_dialled_and_every_fault_stays_true(lab, protocol):
    lab.load(DIALLED[protocol])
    answered = [request.claimed for request in lab.fire(8).requests]
    assert sorted(answered) == [1] * 4 + [2] * 4
    backend = lab.backend(1)
    with backend.failing(status=503):
        assert {r.status for r in lab.fire(4).requests} == {200, 503}
    with backend.slow(0.6):
        assert max(r.latency for r in lab.fire(2).requests) >= 0.6
    with backend.killed():
        run = lab.fire(4)
        assert [r.claimed for r in run.requests] == [2] * 4
        [refused] = [a for r in run.requests for a in r.attempts if a.error]
        assert refused.backend == 1
    lab.wait_until(lambda: both_answer(lab))
    with backend.hung():
        assert Outcome.TIMEOUT in {r.outcome for r in lab.fire(2, timeout=0.7).requests}
    with backend.partitioned():
        assert {r.claimed for r in lab.fire(2, timeout=10).requests} <= {2, None}
    lab.wait_until(lambda: both_answer(lab))
    assert [e["status"] for e in backend.requests()][-1] == 200


def test_caddy_says_why_it_does_not_trust_an_upstream(lab):
    wrong = "tls: failed to verify certificate: x509: "
    loaded = lab.load(site("https://app:8443"))
    assert one(lab).status == 200
    assert "is not tried" in stood(loaded, "authorities that the machine trusts").means

    loaded = lab.load(site("https://app:8443", tls("tls_server_name other.example")))
    said = stood(loaded, "the certificate of app:8443")
    assert (said.line, said.runs) == (4, "one for `app`, its name")
    request = one(lab)
    assert request.status == 502
    assert request.attempts[0].error == f"{wrong}certificate is valid for app, not other.example"

    stranger = f"tls_trust_pool inline {{\ntrust_der {Signer().root()}\n}}"
    lab.load(site("https://app:8443", tls(stranger)))
    request = one(lab)
    assert request.status == 502
    assert request.attempts[0].error.startswith(f"{wrong}certificate signed by unknown authority")

    lab.load(site("https://app:8443", tls("tls_server_name other.example",
                                          "tls_insecure_skip_verify")))  # fmt: skip
    assert one(lab).status == 200


def test_a_file_that_is_not_there_stands_for_the_labs_own_authority(lab):
    options = tls("tls_trust_pool file /etc/no/ca.pem", "tls_client_auth /no/c.pem /no/k.pem")
    loaded = lab.load(site("https://app:8443", options))
    assert one(lab).status == 200
    assert "the lab's own authority" in stood(loaded, "tls_trust_pool file /etc/no/ca.pem").runs
    assert stood(loaded, "tls_client_auth /no/c.pem /no/k.pem").runs == ""


def test_a_file_that_is_there_is_believed(lab, tmp_path):
    import base64
    import ssl

    pem = ssl.DER_cert_to_PEM_cert(base64.b64decode(Signer().root()))
    (tmp_path / "ca.pem").write_text(pem)
    (tmp_path / "Caddyfile").write_text(site("https://app:8443", tls("tls_trust_pool file ca.pem")))
    lab.load(tmp_path / "Caddyfile")
    assert "unknown authority" in one(lab).attempts[0].error


def test_an_upstream_that_has_no_name_has_a_certificate_for_the_one_that_is_asked_for(lab):
    lab.load(site("https://10.0.0.5:8443", tls("tls_server_name app.internal")))
    assert one(lab).status == 200


@pytest.mark.parametrize("name", ["my_app", "2001:db8::5", "api.example.com"])
def test_a_certificate_is_for_whatever_name_an_upstream_has(lab, name):
    lab.load(site(f"https://{f'[{name}]' if ':' in name else name}:8443"))
    assert one(lab).status == 200


def test_a_host_that_an_upstream_does_not_serve_is_turned_away(lab):
    lab.load(site("https://app:8443"))
    assert lab.get("/echo").json()["headers"]["host"] == "app:8443"
    lab.load(site("https://app:8443", "header_up Host {host}"))
    assert lab.get("/echo").json()["headers"]["host"] == "localhost"
    lab.load(site("https://app:8443", "header_up Host wrong.example"))
    request = one(lab)
    assert (request.status, request.claimed) == (421, 1)
    assert "wrong.example is not served here, but app" in request.body


def test_a_unix_socket_is_real_or_said_to_be_none(lab):
    loaded = lab.load(site("unix//run/app.sock"))
    request = one(lab)
    replaced = stood(loaded, "unix//run/app.sock")
    if lab.stack.runtime.name == "process":
        assert request.attempts[0].upstream.startswith("unix//")
        assert replaced.runs == "backend 1 at a unix socket in the lab's folder"
    else:
        assert replaced.runs == "backend 1 at a TCP port"
    assert request.attempts[0].backend == request.claimed == 1


def test_plain_and_h2c_go_together_and_tls_does_not(lab):
    both = ":80 {\n\treverse_proxy /a app:9000\n\treverse_proxy /b h2c://app:9000\n}\n"
    lab.load(both)
    assert [one(lab, path=path).claimed for path in ("/a", "/b")] == [1, 1]
    with pytest.raises(CaddyfileError, match=r"dialled with HTTPS .* with plain HTTP"):
        lab.load(both.replace("h2c", "https"))
    assert one(lab, path="/b").status == 200  # what was in force still is


def test_a_backend_that_is_down_or_hung_when_a_caddyfile_comes_speaks_it_afterwards(lab):
    lab.load(site("backend1:8080 backend2:8080"))
    lab.backend(1).killed()
    lab.backend(2).hung()
    lab.load(site("https://backend1:8443 https://backend2:8443", "lb_policy round_robin"))
    lab.restore()
    assert {r.claimed for r in lab.fire(4).requests} == {1, 2}
    lab.load(site("backend1:8080 backend2:8080", "lb_policy round_robin"))
    assert {r.claimed for r in lab.fire(4).requests} == {1, 2}


def test_a_caddyfile_that_caddy_refuses_leaves_the_backends_as_they_were(lab):
    lab.load(site("https://app:8443"))
    with pytest.raises(CaddyfileError):
        lab.load(site("h2c://app:8443", "health_uri /\nhealth_body ["))
    assert one(lab).status == 200


def test_checks_go_the_same_way_as_requests(lab):
    lab.load(site("https://app:8443 https://app2:8443", "health_uri /\nhealth_interval 200ms",
                  "lb_policy round_robin"))  # fmt: skip
    with lab.backend(1).failing():
        lab.wait_until(lambda: not lab.backend(1).healthy)
        assert {r.claimed for r in lab.fire(4).requests} == {2}
    lab.wait_until(lambda: lab.backend(1).healthy)


def test_http_3_the_proxy_protocol_and_name_servers_are_left_out_and_said(lab):
    loaded = lab.load(site("https://app:8443", tls("versions 2 3", "resolvers 192.0.2.1",
                                                   "proxy_protocol v2")))  # fmt: skip
    assert one(lab).status == 200
    assert stood(loaded, "versions 2 3").runs == "versions 2"
    assert stood(loaded, "resolvers 192.0.2.1").runs == ""
    assert stood(loaded, "proxy_protocol v2").runs == ""


def test_a_backend_of_http_2_answers_on_one_connection_for_ever(lab):
    lab.load(site("h2c://app:9000"))
    assert lab.fire(1500, concurrency=16).good == 1500


def test_a_site_of_php_reaches_its_backend(lab, tmp_path):
    caddyfile = tmp_path / "Caddyfile"
    caddyfile.write_text(
        ":80 {\n\troot * /var/www/html\n\tphp_fastcgi app:9000\n\tfile_server\n}\n"
    )
    lab.load(caddyfile)
    assert one(lab, path="/any/page").claimed == 1


def test_a_backend_of_php_hears_a_request_to_its_end(lab):
    """Who hangs up before, has Caddy fail while it writes."""
    lab.load(DIALLED["fastcgi"])
    with socket.create_connection(lab.stack.runtime.units[0].address, timeout=30) as sock:
        method = b"\x0e\x03REQUEST_METHODGET"
        sock.sendall(record(BEGIN, b"\0\1") + record(PARAMS, method) + record(PARAMS, b""))
        heard = b""
        while END not in heard:
            heard += sock.recv(1000)
        sock.settimeout(0.2)
        with pytest.raises(TimeoutError):
            sock.recv(100)
        sock.settimeout(30)
        sock.sendall(record(STDIN, b""))
        assert sock.recv(100) == b""


def test_who_speaks_http_to_a_backend_of_php_does_not_wait_for_ever(lab):
    """Caddy's old configuration does so, while a new one is about to be loaded."""
    lab.load(DIALLED["fastcgi"])
    for number in (1, 2):
        address = lab.stack.runtime.units[number - 1].address
        with socket.create_connection(address, timeout=30) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: app\r\n\r\n")
            with contextlib.suppress(ConnectionResetError):
                assert sock.recv(100) == b""
    assert lab.fire(4).good == 4
