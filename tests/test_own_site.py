"""Somebody's own Caddyfile in a lab: each upstream a backend, and all that is replaced is said."""

from __future__ import annotations

import base64
import os
import re
import ssl

import pytest

from caddylab import Answerer, CaddyfileError, Clients, Lab, LabError, Traffic
from caddylab._caddy.adapted.sites import routes
from caddylab._caddy.running.adapter import adapt
from caddylab._caddy.running.program import executable
from caddylab._caddy.safety.rootless import rootless
from caddylab._machine.certificates import Signer

SHOP = """{
	email {$MAIL}
	order rate_limit before basic_auth
}
http://shop.test {
	basic_auth {
		bob $2a$04$GECDc8hXgSToeRrr5ZQs3essYJ9myloMr1deIPco2c8.pSAD6CZPm
	}
	rate_limit {
		zone x
	}
	import nope.conf
	log {
		output file /var/log/caddy/shop.log
	}
	handle_path /api/* {
		reverse_proxy {$API}:{$PORT} api2:9000 {
			health_uri /healthz
			health_status 2xx
			health_body "all (is|are) well"
			health_port 9100
			health_interval 200ms
		}
	}
	handle /ws {
		reverse_proxy 10.0.0.5:81
	}
	handle {
		root * /srv/no-such-shop
		file_server
	}
}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    (folder / "Caddyfile").write_text(SHOP)
    (folder / ".env").write_text("# of the shop\nexport API=api\nPORT='3000'\n")
    return folder


@pytest.fixture(
    scope="module", params=["process", pytest.param("podman", marks=pytest.mark.podman)]
)
def own(request, folder):
    with Lab.of(folder / "Caddyfile", request.param, envfile=folder / ".env") as lab:
        yield lab


def test_there_is_a_backend_for_each_upstream_by_its_name(own):
    assert len(own.backends) == 3
    assert own.backend("api:3000").number == 1
    assert own.backend("api2").number == 2
    assert own.backend("10.0.0.5:81") is own.backend(3)
    with pytest.raises(LabError, match=r"'api9': it has api:3000, api2:9000, 10\.0\.0\.5:81"):
        own.backend("api9")


def test_requests_go_where_the_first_route_leads_unless_told_otherwise(own):
    assert [str(route) for route in own.routes] == [
        "GET http://shop.test/api/* → api:3000, api2:9000",
        "GET http://shop.test/ws → 10.0.0.5:81",
    ]
    traffic = own.fire(8)
    assert traffic.good == 8
    assert set(traffic.shares) == {1, 2}
    assert own.fire(2, path=own.routes[1].path).shares == {3: 2}


def test_what_is_told_and_drawn_has_the_names_of_the_file(own):
    with own.backend("api2").slow(0.01) as fault:
        traffic = own.fire(40, concurrency=4)
    assert re.search(r"^api:3000: \d+  api2:9000: \d+$", str(traffic), re.M)
    assert repr(own.backend(3)).startswith("<10.0.0.5:81: up;")
    assert repr(fault).startswith("<api2:9000 was")
    drawn = str(traffic.chart().to_dict())
    assert "'api2:9000'" in drawn
    assert "api2:9000 was slow" in drawn
    assert "backend 2" not in drawn
    assert "api2:9000" in traffic.replay().html()


def test_a_saved_run_keeps_the_names(own, tmp_path):
    own.fire(2).save(tmp_path / "run.json")
    kept = Traffic.load(tmp_path / "run.json")
    assert kept.names == {1: "api:3000", 2: "api2:9000", 3: "10.0.0.5:81"}


def test_backends_answer_any_path_and_method_and_what_the_checks_expect(own):
    assert own.fire(6, path="/api/users/7", method="DELETE").good == 6
    began = len(own.backend(1).requests())
    own.wait_until(lambda: len(own.backend(1).requests()) > began + 2, 10)
    assert {e["status"] for e in own.backend(1).requests() if e["path"] == "/healthz"} == {200}
    assert [backend.opinion for backend in own.backends] == ["healthy"] * 3


def test_they_answer_what_they_are_told_also_after_a_restart(own):
    own.backend("10.0.0.5:81").answers("/ws", status=307, headers={"Location": "/elsewhere"})
    assert {r.status for r in own.fire(2, path="/ws").requests} == {307}
    with own.backend(3).killed():
        assert own.fire(1, path="/ws").good == 0
    meanwhile = own.fire(rate=300, duration=60, path="/ws", background=True)
    for _ in range(3):
        own.backend(3).kill()
        own.backend(3).start()
    # From its first moment on, and not only when it has been told
    assert {r.status for r in meanwhile.stop().requests if r.answered_by} == {307}


def test_everything_that_was_replaced_is_said_with_its_line(own):
    said = {(each.line, each.stood.partition(" ")[0]): each for each in own.substitutions}
    for place in (
        (2, "{$MAIL}"), (3, "order"), (6, "basic_auth"), (9, "rate_limit"), (12, "import"),
        (17, "api2:9000"), (26, "10.0.0.5:81"), (29, "root"), (14, "output"),
    ):  # fmt: skip
        assert place in said, place
    assert "admin@site.example" in said[2, "{$MAIL}"].runs
    assert "mholt/caddy-ratelimit" in said[9, "rate_limit"].means
    assert all(each.means for each in own.substitutions)
    lines = [each.line for each in own.substitutions]
    assert lines == sorted(filter(None, lines)) + [None] * lines.count(None)


def test_an_upstream_that_a_variable_has_by_default_has_a_line(tmp_path):
    text = "http://shop.test {\n\treverse_proxy {$SHOPS:shop1:80 shop2:80}\n}\n"
    with Lab.of(text, "process") as lab:
        assert {(each.line, each.stood) for each in lab.substitutions} == {
            (2, "shop1:80"), (2, "shop2:80"),
        }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (":80 {\n\troot * /srv\n\thandle {\n\t\ttry_files /x\n\t\tfile_server\n\t}\n}", False),
        (":80 {\n\troot /a/* /srv\n\tfile_server\n}", True),
        (":80 {\n\tfile_server {\n\t\troot /srv\n\t}\n}", False),
        (":80 {\n\thandle /a/* {\n\t\troot * /srv\n\t}\n\thandle {\n\t\tfile_server\n\t}\n}", True),
        (":80 {\n\ttemplates\n\treverse_proxy a:1\n}", True),
        (":80 {\n\troot * /srv\n\tphp_fastcgi a:1\n}", False),
    ],
)  # fmt: skip
def test_the_folder_that_caddy_runs_in_is_told_of_where_it_counts(text, told):
    servers = (adapt(executable(), text)[0] or {})["apps"]["http"]["servers"].values()
    assert any(rootless(server["routes"]) for server in servers) is told


def test_a_page_of_its_own_that_is_not_here_has_a_stand_in(own):
    traffic = own.fire(1, path="/")
    assert traffic.answerers == {Answerer.CADDY: 1}
    assert "stands in" in traffic.requests[0].body


@pytest.mark.parametrize(
    ("text", "backends", "upstreams"),
    [
        (":80 {\n\treverse_proxy app:8001-8003\n}", 3, 3),
        (":80 {\n\treverse_proxy localhost:9000 [::1]:3000\n}", 2, 2),
        (":80 {\n\treverse_proxy backend2:9000 {\n\t\thealth_port 9000\n\t}\n}", 2, 1),
        (f":80 {{\n\treverse_proxy {' '.join(f'app{n}:80' for n in range(27))}\n}}", 16, 27),
    ],
)
def test_how_large_a_lab_must_be(text, backends, upstreams):
    with Lab.of(text, "process") as lab:
        assert len(lab.backends) == backends
        assert len(lab.routes[0].upstreams) == upstreams
        assert lab.fire(4).good == 4


def test_two_backends_are_enough_where_that_is_said():
    text = ":80 {\n\treverse_proxy a:1 b:1 c:1 {\n\t\tlb_policy round_robin\n\t}\n}"
    with Lab.of(text, "process", pool=2) as lab:
        assert len(lab.backends) == 2
        assert lab.fire(9).good == 9


@pytest.mark.parametrize("text", ["no\x00thing", "=x", "just words"])
def test_an_envfile_that_is_none(tmp_path, text):
    (tmp_path / "Caddyfile").write_text(":80 {\n\treverse_proxy app:1\n}")
    (tmp_path / ".env").write_text(text)
    with pytest.raises(LabError, match=r"\.env is no file of environment variables: line 1"):
        Lab.of(tmp_path / "Caddyfile", "process", envfile=tmp_path / ".env")


HTTPS = """:80 {
	reverse_proxy https://app:8443 {
		transport http {
			local_address 192.168.0.1
			tls_trust_pool %s
		}
	}
}
"""


@pytest.mark.parametrize("pool", ["inline", "file"])
def test_whom_ones_own_proxy_trusts_has_signed_its_upstreams(tmp_path, pool):
    (tmp_path / "ca.pem").write_text(ssl.DER_cert_to_PEM_cert(base64.b64decode(Signer().root())))
    pools = {"inline": f"inline {{\ntrust_der {Signer().root()}\n}}", "file": "file ca.pem"}
    (tmp_path / "Caddyfile").write_text(HTTPS % pools[pool])
    with Lab.of(tmp_path / "Caddyfile", "process") as lab:
        assert lab.fire(2).good == 2
        said = {s.stood: s for s in lab.substitutions}
    assert said["local_address 192.168.0.1"].runs == ""
    named = {"inline": "tls_trust_pool inline", "file": "tls_trust_pool file ca.pem"}[pool]
    assert "has signed the real upstream's certificate is not tried" in said[named].means


TWO_WAYS = """:80 {
	php_fastcgi app:9000
	reverse_proxy /push/* app:9000
}
"""


def test_an_upstream_that_is_dialled_in_two_ways_speaks_one_of_them():
    with Lab.of(TWO_WAYS, "process") as lab:
        [said] = [one for one in lab.substitutions if one.stood == "app:9000 by FastCGI"]
        assert said.runs == "a server of plain HTTP"
        assert said.means.endswith("so where FastCGI is spoken to it, users see 502.")
        assert lab.fire(2, path="/push/1").good == 2
        assert {one.status for one in lab.fire(2, path="/index.php").requests} == {502}


def test_upstreams_share_a_backend_only_with_such_as_are_spoken_to_alike():
    sites = "".join(f"http://s{n}.test {{\n\treverse_proxy a{n}:80\n}}\n" for n in range(4))
    sites += "http://s4.test {\n\treverse_proxy https://b:8443\n}\n"
    sites += "http://s5.test {\n\treverse_proxy h2c://c:50051\n}\n"
    with Lab.of(sites, "process", pool=4) as lab:
        assert len(lab.backends) == 4
        assert [lab.fire(1, route=route).good for route in lab.routes] == [1] * 6


PARTICULAR = """:443 {
	respond nobody
}
http://*.shop.test:8081 {
	@own {
		remote_ip 10.1.0.0/16
		header X-Team *
		header_regexp Host ^[0-9]{3}\\.
		path_regexp ^/v[0-9]+/orders$
	}
	handle @own {
		reverse_proxy app:3000
	}
	handle {
		respond "only for some" 403
	}
}
"""


def test_the_first_route_is_asked_by_whom_it_lets_in():
    with Lab.of(PARTICULAR, "process") as lab:
        [route] = lab.routes
        assert route.sure
        assert (route.address, route.headers) == ("10.1.0.1", {"x-team": "1"})
        [asked] = lab.fire(1).requests
        assert asked.answerer == Answerer.BACKEND
        assert lab.fire(1, route=route).good == 1
        assert lab.fire(1, route=route, clients=2).good == 1
        [other] = lab.fire(1, path="/v0/orders").requests
        assert (other.answerer, other.status) == (Answerer.CADDY, 403)


ASKED_FIRST = """home.test {
	@denied not client_ip 192.168.0.0/16
	abort @denied
	forward_auth who:9000 {
		uri /verify
	}
	reverse_proxy /out/* who:9000
	reverse_proxy home:3000
}
"""


def test_a_route_is_asked_from_where_its_own_proxy_is_reached():
    """Who only lets in comes first in Caddy's order, and is passed by whoever is turned away."""
    config, _ = adapt(executable(), ASKED_FIRST)
    assert config
    found = {"" if route.asks else route.pattern: route for route in routes(config)}
    assert {route.address for route in found.values()} == {"192.168.0.1"}
    assert set(found) == {"", "/out/*", "*"}
    assert all(route.sure for route in found.values())


def test_a_site_that_has_no_certificate_is_lent_one():
    with Lab.of(
        "{\n\tauto_https off\n}\nshop.test {\n\treverse_proxy app:3000\n}\n", "process"
    ) as lab:
        [lent] = [one for one in lab.substitutions if one.stood == "no certificate at :443"]
        assert "`auto_https` is off: each TLS handshake fails in production" in lent.means
        assert lab.fire(1).good == 1


@pytest.mark.parametrize("runtime", ["process", pytest.param("podman", marks=pytest.mark.podman)])
def test_what_it_imports_is_made_whole_likewise(runtime, tmp_path):
    for folder in ("there", "enabled", "enabled/parts"):
        (tmp_path / folder).mkdir()
    (tmp_path / "there/shop").write_text(
        "http://{$SHOP_NAME} {\n\trate_limit 3\n\timport parts/*\n\treverse_proxy {$SHOP}\n}\n"
    )
    (tmp_path / "enabled/shop").symlink_to(tmp_path / "there/shop")
    (tmp_path / "enabled/parts/head").write_text("header X-Shop {$SHOP_TITLE:mine}\nno_such_word\n")
    (tmp_path / "Caddyfile").write_text("import enabled/shop\n")
    (tmp_path / ".env").write_text("SHOP=app:3000\n")
    with Lab.of(tmp_path / "Caddyfile", runtime, envfile=tmp_path / ".env") as lab:
        said = {(each.file, each.line, each.stood) for each in lab.substitutions}
        assert {
            (os.path.join("enabled", "shop"), 1, "{$SHOP_NAME}"),
            (os.path.join("enabled", "shop"), 2, "rate_limit 3"),
            (os.path.join("enabled", "parts", "head"), 2, "no_such_word"),
        } < said
        assert [str(route) for route in lab.routes] == ["GET http://shop-name.example → app:3000"]
        answer = lab.get("/")
        assert (answer.status_code, answer.headers["X-Shop"]) == (200, "mine")


def test_a_variable_counts_in_what_is_imported_as_in_the_file_itself(lab, tmp_path, monkeypatch):
    monkeypatch.setenv("FIRST_BACKEND", "backend1")
    (tmp_path / "proxy").write_text("reverse_proxy {$FIRST_BACKEND}:8080\n")
    (tmp_path / "Caddyfile").write_text(":80 {\n\timport proxy\n}\n")
    lab.load(tmp_path / "Caddyfile")
    assert lab.fire(2).shares[1] == 2
    (tmp_path / "proxy").write_text("reverse_proxy backend1:8080 {\n\tlb_polici first\n}\n")
    with pytest.raises(CaddyfileError, match="lb_polici") as caught:
        lab.load(tmp_path / "Caddyfile")
    assert f"{tmp_path}{os.sep}proxy:2" in str(caught.value)


NAMED = """&(api) {
	reverse_proxy node:8000
}
shop.test {
	tls {
		client_auth {
			mode require_and_verify
			trusted_ca_cert_file none.crt
		}
	}
	forward_auth who:9091 {
		uri /verify
	}
	handle /api/* {
		invoke api
	}
	reverse_proxy shop1:80 shop2:80 {
		lb_policy cookie
	}
}
"""


@pytest.fixture(scope="module")
def named(tmp_path_factory):
    file = tmp_path_factory.mktemp("named") / "Caddyfile"
    file.write_text(NAMED)
    with Lab.of(file, "process") as lab:
        yield lab


def test_a_named_route_is_told_where_it_is_invoked(named):
    told = [str(route) for route in named.routes]
    assert "GET https://shop.test/api/* → node:8000" in told
    assert named.fire(2, path="/api/x").backends == [named.backend("node:8000").number] * 2


def test_who_only_lets_in_does_not_answer_in_the_place_of_the_site(named):
    """A session of the shop is none of the gatekeeper's, who is asked first each time."""
    [shop] = [route for route in named.routes if "shop1:80" in str(route)]
    people = Clients(2)
    ask = {"host": "shop.test", "path": "/", "clients": people, "concurrency": 1}
    named.fire(2, method="POST", body=b"", headers={"X-Caddylab-Ask": "/login?user=ann"}, **ask)
    inside = named.fire(2, headers={"X-Caddylab-Ask": "/me"}, **ask)
    assert [request.status for request in inside.requests] == [200, 200]
    assert shop.sure


def test_a_certificate_that_is_read_at_once_and_is_missing_is_left_out(named):
    assert [each.line for each in named.substitutions if "none.crt" in each.stood] == [8]


def test_what_a_lab_does_in_its_own_way_is_said_with_its_line(lab):
    lab.load(
        "{\n\tadmin 0.0.0.0:2019\n\tstorage file_system /var/lib/caddy\n}\n"
        ":80 {\n\tbind 10.0.0.1\n\tlog_skip /quiet\n\treverse_proxy backend1:8080\n}\n"
    )
    said = {(each.line, each.stood) for each in lab.substitutions}
    assert said == {
        (2, "admin 0.0.0.0:2019"),
        (3, "storage file_system /var/lib/caddy"),
        (6, "bind 10.0.0.1"),
        (7, "log_skip"),
    }
    assert lab.fire(2).errors == 0


def test_no_line_is_told_of_what_may_stand_in_another_file(tmp_path):
    (tmp_path / "logs").write_text("log {\n\toutput net 10.1.2.3:9000\n}\n")
    (tmp_path / "Caddyfile").write_text(
        "{\n\tlog {\n\t\toutput stderr\n\t}\n}\n:80 {\n\timport logs\n\treverse_proxy app:1\n}\n"
    )
    with Lab.of(tmp_path / "Caddyfile", runtime="process") as own:
        [said] = [one for one in own.substitutions if one.stood.startswith("output net")]
        assert said.line is None
