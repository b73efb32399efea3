"""What a lab does in its own way with somebody's own file is listed, down to the global options."""

from __future__ import annotations

from pathlib import Path

import pytest

from caddylab import Lab, Outcome, TrafficError

GLOBAL = """{
	http_port 8080
	https_port 8443
	email me@example.com
	acme_ca https://acme.example/dir
	acme_eab {
		key_id a
		mac_key b
	}
	cert_lifetime 30d
	ocsp_interval 1h
	preferred_chains smallest
}
a.test {
	tls {
		issuer acme {
			dir https://acme.example/x
			profile short
		}
	}
	reverse_proxy app:1 app:2 {
		header_up X-To {upstream_hostport}
	}
}
b.test {
	tls {
		issuer internal {
			ca local
		}
	}
	log {
		output discard
	}
	reverse_proxy {$OTHER:b:1} {
		header_up Host {upstream_hostport}
	}
}
"""


@pytest.fixture(scope="module")
def told():
    with Lab.of(GLOBAL, "process") as lab:
        assert lab.fire(2).good == 2
        yield {(each.line, each.stood): each for each in lab.substitutions}


@pytest.mark.parametrize(
    "place",
    [
        (2, "http_port 8080"), (3, "https_port 8443"), (4, "email me@example.com"),
        (5, "acme_ca https://acme.example/dir"), (6, "acme_eab"), (10, "cert_lifetime 30d"),
        (11, "ocsp_interval 1h"), (12, "preferred_chains smallest"),
        (17, "dir https://acme.example/x"), (18, "profile short"), (22, "{upstream_hostport}"),
    ],
)  # fmt: skip
def test_options_for_all_sites_and_for_their_certificates_are_listed(told, place):
    assert told[place].means


def test_what_the_lab_does_as_it_is_said_is_not(told):
    assert not [each for line, each in told if each == "ca local" or line == 35]


@pytest.mark.parametrize(
    ("option", "listed"), [("", True), ("{\n\tskip_install_trust\n}\n", False)]
)
def test_that_nothing_is_installed_is_listed_where_caddy_would(option, listed):
    with Lab.of(
        f"{option}a.test {{\n\ttls internal\n\treverse_proxy app:1\n}}\n", "process"
    ) as lab:
        assert any("root certificate" in each.stood for each in lab.substitutions) is listed


def test_requests_that_a_file_does_not_log_stay_out_of_its_own_log(tmp_path):
    """Those of the site without `log`: the lab's own log has them, the file's has not."""
    log = "\tlog {\n\t\toutput file kept.log\n\t}\n"
    quiet = "http://a.test {\n\treverse_proxy app:1\n}\n"
    (tmp_path / "Caddyfile").write_text(f"http:// {{\n{log}\treverse_proxy app:2\n}}\n{quiet}")
    with Lab.of(tmp_path / "Caddyfile", "process") as lab:
        [kept] = [each.runs for each in lab.substitutions if "kept.log" in each.stood]
        assert lab.fire(2, host="a.test").good == lab.fire(2, host="b.test").good == 2
        lab.wait_until(lambda: Path(kept).read_text().count('"host":"b.test"') == 2, 10)
        assert '"host":"a.test"' not in Path(kept).read_text()


UNREADABLE = """:80 {
	@ok expression `"{$NOT_SET}" == "" || {http.request.header.Key} == "{$NOT_SET}"`
	handle @ok {
		reverse_proxy app:3000 {
			header_up X-Token {file./run/secrets/of-nobody}
		}
	}
	respond 401
}
"""


def test_a_secret_that_may_not_be_read_is_invented_and_a_condition_is_as_without_its_variable():
    with Lab.of(UNREADABLE, "process") as lab:
        token, secret = lab.substitutions[0], lab.substitutions[-1]
        assert (token.line, "--envfile" in token.means) == (2, True)
        assert (secret.line, secret.runs) == (5, "`invented`")
        assert lab.fire(2).good == 2


SOCKETS = """:80 {{
	@ws {{
		{}
	}}
	reverse_proxy @ws mosquitto:9001
	{}
}}
"""


@pytest.mark.parametrize(
    "matched",
    ["header Connection *Upgrade*\n\t\theader Upgrade websocket", "header Connection *Upgrade*"],
)
def test_what_only_websockets_reach_is_no_route_for_requests(matched):
    with Lab.of(SOCKETS.format(matched, ""), "process") as lab:
        assert "(WebSockets)" in str(lab.routes[0])
        with pytest.raises(TrafficError, match=r"Only WebSockets reach mosquitto:9001.*lab\.webso"):
            lab.fire(2)
        held = lab.websockets(2, path="/mqtt")
        lab.wait_until(lambda: held.frames > 2)
        assert held.open_now == 2


def test_requests_go_where_something_else_is_reached():
    text = SOCKETS.format("header Upgrade websocket", "reverse_proxy app:3000")
    with Lab.of(text, "process") as lab:
        assert {request.outcome for request in lab.fire(4).requests} == {Outcome.OK}
        assert lab.fire(2).backends == [lab.backend("app:3000").number] * 2
        with pytest.raises(TrafficError, match="Only WebSockets"):
            lab.fire(2, route=lab.routes[0])
