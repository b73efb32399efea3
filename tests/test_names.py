"""Dynamic upstreams: a real name server tells a real Caddy where the backends are, or fails to."""

from __future__ import annotations

import psutil
import pytest

from caddylab import CaddyfileError, FaultError, Lab, LabError, Traffic
from caddylab._runtimes import loopbacks

SITE = """:80 {{
	reverse_proxy {{
		dynamic {source} {{
			refresh 200ms
			resolvers 192.0.2.1
		}}
		lb_policy round_robin
		lb_retries 1
		fail_duration 300ms
		transport http {{
			dial_timeout 300ms
			{transport}
		}}
	}}
}}
"""
SOURCES = {"a": "a app 8080", "srv": "srv _http._tcp.app.example"}


@pytest.fixture(autouse=True)
def well(request):
    yield
    if "lab" in request.fixturenames:
        request.getfixturevalue("lab").restore()


def load(lab: Lab, source: str, transport: str = ""):
    return lab.load(SITE.format(source=SOURCES.get(source, source), transport=transport))


def who(lab: Lab) -> set[int | None]:
    """Whom four requests reach; each attempt was noted as that of the backend which answered."""
    requests = lab.fire(4, timeout=5).requests
    for request in requests:
        if request.claimed:
            assert request.attempts[-1].backend == request.claimed
    return {request.claimed for request in requests}


@pytest.mark.parametrize("source", SOURCES)
def test_names_stand_for_the_backends_and_every_fault_of_them_shows(lab, source):
    load(lab, source)
    assert who(lab) == {1, 2}
    assert [len(found) for found in lab.names.records.values()] == [2]
    before = lab.names.records

    with lab.names.unlisted(lab.backend(1).name) as fault:
        lab.wait_until(lambda: who(lab) == {2})
        assert lab.backend(1).state == "up"
        assert (fault.span.backend, fault.span.kind) == (1, "unlisted")
        assert fault.span in lab.faults
    lab.wait_until(lambda: who(lab) == {1, 2})

    with lab.names.moved(1) as fault:
        lab.wait_until(lambda: who(lab) == {1, 2})
        was, now = fault.span.detail.split(" → ")
        assert was != now
        assert lab.backend(1).name.endswith("#1")
        assert repr(fault) == f"<{lab.backend(1).name} has moved ({was} → {now})>"
    assert not fault.active
    lab.wait_until(lambda: who(lab) == {1, 2})
    if lab.stack.runtime.name == "process":
        assert lab.names.records == before

    with lab.names.slow(0.6) as fault:
        lab.wait_until(lambda: lab.fire(1).requests[0].latency > 0.5)
        assert repr(fault) == "<name server is slow (0.6 s)>"
    with lab.names.silent():
        lab.wait_until(lambda: lab.fire(1, timeout=1).requests[0].status != 200)
    lab.wait_until(lambda: who(lab) == {1, 2})
    assert not lab.names.faults


def test_who_knows_the_old_address_is_refused_there(lab):
    lab.load(SITE.format(source=SOURCES["a"], transport="").replace("refresh 200ms", "refresh 1h"))
    assert who(lab) == {1, 2}
    with lab.names.moved(2):
        requests = lab.fire(4).requests
        assert {request.claimed for request in requests} == {1}
        [failed, *_] = [a for request in requests for a in request.attempts if a.error]
        assert failed.backend == 2
    load(lab, "a")  # Caddy begins afresh, also with what it knows of names
    assert who(lab) == {1, 2}


@pytest.mark.parametrize(
    ("fault", "words"),
    [("killed", "dial tcp"), ("hung", "awaiting response headers"), ("partitioned", "dial tcp")],
)
def test_a_backends_own_faults_show_behind_a_name_as_well(lab, fault, words):
    load(lab, "a", "response_header_timeout 500ms\nkeepalive off")
    assert who(lab) == {1, 2}
    with getattr(lab.backend(1), fault)():
        run = lab.fire(4)
        assert {request.claimed for request in run.requests} == {2}
        failed = [a for r in run.requests for a in r.attempts if a.error]
        assert {attempt.backend for attempt in failed} == {1}
        assert all(words in attempt.error for attempt in failed)
    lab.wait_until(lambda: who(lab) == {1, 2})


def test_a_backend_that_is_started_again_is_found_at_its_new_address(lab):
    load(lab, "a")
    with lab.backend(1).killed():
        lab.wait_until(lambda: who(lab) == {2})
    lab.wait_until(lambda: who(lab) == {1, 2})


@pytest.mark.parametrize("source", SOURCES)
def test_the_picture_shows_them_as_backends_of_this_caddyfile(lab, source):
    load(lab, source)
    assert lab.stack.site.stage.used == (1, 2)
    lab.load("happy-path")
    assert lab.stack.site.stage.used == (1, 2)
    lab.load(":80 {\n\trespond hello\n}", warn=False)
    assert lab.stack.site.stage.used == ()


def test_several_sources_go_together(lab):
    many = "a backend2 8080\nsrv _http._tcp.app.example"
    with pytest.raises(CaddyfileError, match="has 3 upstreams, and this lab has 2 backends"):
        lab.load(f":80 {{\nreverse_proxy {{\ndynamic multi {{\n{many}\n}}\n}}\n}}\n")
    multi = ":80 {\n\treverse_proxy {\n\t\tdynamic multi {\n"
    lab.load(multi + "a backend1 8080\na backend2 80\n\t\t}\n\t\tlb_policy first\n\t}\n}\n")
    assert who(lab) == {1}
    with lab.names.unlisted(1):
        assert lab.names.records["backend1"] == []


def test_tls_behind_a_name_is_asked_for_a_name(lab):
    load(lab, "srv", "tls")
    assert who(lab) == {1, 2}
    load(lab, "a", "tls")
    [request] = lab.fire(1).requests
    assert request.status == 502
    assert "cannot validate certificate for" in request.attempts[0].error
    load(lab, "a", "tls\ntls_server_name app.internal")
    assert who(lab) == {1, 2}


def test_the_route_to_them_is_known(lab):
    load(lab, "a")
    [route] = lab.routes
    assert route.upstreams == ("app:8080 #1", "app:8080 #2")


def test_what_is_asked_in_whose_place_is_said(lab):
    loaded = load(lab, "a")
    [asked] = [each for each in loaded.substitutions if each.stood == "resolvers 192.0.2.1"]
    assert (asked.line, asked.runs) == (5, "the lab's own name server")
    assert any(each.stood == "app:8080 #2" for each in loaded.substitutions)


def test_a_name_server_that_nobody_asks_cannot_fail(lab):
    lab.load(":80 {\n\treverse_proxy backend1:8080\n}\n")
    for fault in (lab.names.silent, lambda: lab.names.slow(1), lambda: lab.names.moved(1)):
        with pytest.raises(FaultError, match="no dynamic upstreams"):
            fault()
    load(lab, "a")
    with pytest.raises(LabError, match="names stand for 1, 2"):
        lab.names.moved(3)
    with pytest.raises(LabError, match="called 'shop': it has app:8080"):
        lab.names.unlisted("shop")
    with pytest.raises(FaultError, match="up to 600 s"):
        lab.names.slow(0)


def test_a_name_that_only_a_request_makes_known_is_refused(lab):
    with pytest.raises(CaddyfileError, match="known only once a request comes"):
        load(lab, "a {http.request.host} 8080")


def test_faults_of_names_stand_in_the_records_and_charts(lab):
    load(lab, "a")
    with lab.names.slow(0.1):
        run = lab.fire(20)
    assert "slow" in set(lab.timeline()["kind"])
    for kind in ("routing", "timeline"):
        run.chart(kind)


def test_a_silent_name_server_is_called_by_its_name_wherever_it_is_told_of(lab, tmp_path):
    load(lab, "a")
    picture, desk = lab.view(), lab.panel()
    desk._view_count = 1  # what a front end says when it shows the panel
    with lab.names.silent(), lab.names.unlisted(1):
        run = lab.fire(3, timeout=0.3)
        lab.wait_until(lambda: ["n", "silent"] in [[e[0], e[-1]] for e in lab.stack.feed.history()])
        lab.wait_until(lambda: "The name server is silent." in desk.backends.names.value)
        assert "Backend 1 has no record." in desk.backends.names.value
        assert not desk.backends.restore.disabled
    lab.wait_until(lambda: ["n", "up"] in [[e[0], e[-1]] for e in lab.stack.feed.history()])
    desk._view_count = 0
    picture.close(), desk.close()
    told = run.chart("routing").to_json() + run.chart("latency").to_json()
    assert "name server silent" in told
    assert "ackend 0" not in told
    kept = Traffic.load(run.save(tmp_path / "run.json.gz"))
    spans = kept.spans().query("source == 'fault'")
    assert [*zip(spans["backend"], spans["kind"], strict=True)] == [(0, "silent"), (1, "unlisted")]
    assert '["n",0.0,"silent"]' in kept.replay().html().replace(" ", "")


def test_a_name_server_that_was_ended_is_started_again_and_ends_with_the_lab():
    with Lab(runtime="process", backends=1) as lab:
        load(lab, "a backend1 8080")
        process = psutil.Process(lab.stack.runtime.keeper.look("names")["pid"])
        process.kill()
        lab.wait_until(lambda: not process.is_running())
        with lab.names.slow(0.01):  # which is told to the new one, where Caddy asks
            pass
        lab.wait_until(lambda: who(lab) == {1})
        process = psutil.Process(lab.stack.runtime.keeper.look("names")["pid"])
    assert not process.is_running()


def test_a_machine_with_one_loopback_address_says_so(monkeypatch):
    monkeypatch.setattr(loopbacks, "host", lambda number: "192.0.2.77")  # nobody has it
    with pytest.raises(CaddyfileError, match=r"no loopback address but 127\.0\.0\.1"):
        loopbacks.Loopbacks().address(1)


@pytest.mark.parametrize("source", SOURCES)
def test_what_caddy_remembers_of_a_backend_with_a_name_is_its_opinion(lab, source):
    """Caddy counts for each address; whoever has moved away is not the one that has failed."""
    load(lab, source)
    lab.load(lab.caddyfile.replace("fail_duration 300ms", "fail_duration 1m"))
    assert who(lab) == {1, 2}
    lab.backend(1).kill()
    assert who(lab) == {2}
    lab.wait_until(lambda: lab.backend(1).opinion == "failed")
    assert lab.backend(2).opinion == "healthy"
    lab.backend(1).restore()
    assert lab.backend(1).opinion == "failed"
    if source == "a" and lab.runtime == "process":  # a container has moved by its restart
        with lab.names.moved(1):
            lab.wait_until(lambda: who(lab) == {1, 2})
            lab.wait_until(lambda: lab.backend(1).opinion == "healthy")


def test_in_a_file_of_ones_own_all_names_that_depend_on_the_request_are_one():
    text = "*.apps.test {\n\treverse_proxy {\n\t\tdynamic a {labels.2} 8080\n\t}\n}\n"
    with Lab.of(text, "process") as lab:
        assert any("same name for every request" in one.runs for one in lab.substitutions)
        runs = [lab.fire(2, host=f"{name}.apps.test") for name in ("one", "other")]
        assert [run.good for run in runs] == [2, 2]
