"""The lab in real containers: ready means ready, faults bite, secrets hold."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from podman import PodmanClient
from podman_support import fetch_inside, get, left_of, proxy_to, running

from caddylab._errors import FaultError
from caddylab._machine.ports import OWN
from caddylab._machine.waiting import poll
from caddylab._runtimes.base import MOST_DOORS, ready
from caddylab._runtimes.podman import runtime as podman
from caddylab._runtimes.podman import service as podman_service
from caddylab._runtimes.podman.caddy import ADMIN_PORT, LOG_PORT, SECRET_HEADER

pytestmark = pytest.mark.podman


@pytest.fixture(scope="module")
def client():
    with podman_service.at_hand() as service:
        yield service.client


@pytest.fixture(scope="module")
def shared():
    with running() as runtime:
        yield runtime


@pytest.fixture
def runtime(shared):
    """The module's lab, whole again after each test."""
    yield shared
    for unit in shared.units:
        unit.thaw()
        unit.start()


def inspect(client: PodmanClient, runtime: podman.PodmanRuntime) -> list[dict]:
    names = left_of(client, runtime.lab_id)[:-1]  # all but the network
    return [client.containers.get(name).attrs for name in names]


# --- start ------------------------------------------------------------------------------


def test_when_start_returns_every_part_answers():
    with running() as runtime:
        for unit in runtime.units:
            host, port = unit.address
            answer = httpx.get(f"http://{host}:{port}/", trust_env=False)
            assert answer.headers["X-Backend"] == str(unit.number)
        assert runtime.admin().get("/config/admin").status_code == 200


def test_everything_is_published_on_loopback_only(client, runtime):
    bindings = [
        binding
        for container in inspect(client, runtime)
        for ports in container["HostConfig"]["PortBindings"].values()
        for binding in ports or []
    ]
    of_each_backend, of_caddy = 2, MOST_DOORS + 2  # its doors, the admin endpoint and the log
    of_the_name_server = 1
    assert len(bindings) == 2 * of_each_backend + of_caddy + of_the_name_server
    assert {binding["HostIp"] for binding in bindings} == {"127.0.0.1"}


def test_ports_are_held_until_podman_takes_them(monkeypatch):
    attempts = []

    class Envied(podman.Container):
        """A container whose port somebody else wants just before it starts."""

        def start(self) -> None:
            with pytest.raises(OSError, match="in use"):
                socket.create_server(self.published(self.inner_port))
            attempts.append(self.name)
            super().start()

        @property
        def inner_port(self) -> int:
            return 80 if self.name == "caddy" else 8080

    monkeypatch.setattr(podman, "Container", Envied)
    with running(backends=1):
        assert sorted(attempts) == ["backend1", "caddy", "names"]


def test_two_labs_have_backends_of_their_own(runtime):
    proxy_to(runtime, 1, 2)
    with running(backends=3) as other:
        proxy_to(other, 3)
        runtime.units[0].kill()
        runtime.units[1].kill()
        assert get(other).headers["X-Backend"] == "3"
        assert get(runtime).status_code == 502
    assert not runtime.units[0].running()


# --- faults -----------------------------------------------------------------------------


def test_no_connection_is_given_a_port_that_is_published(runtime):
    """While a container is down nobody holds its port."""
    least = int(OWN.read_text().split()[0])
    assert runtime.site[1] < least
    assert all(unit.address[1] < least for unit in runtime.units)


def test_caddy_reaches_backends_by_name(runtime):
    proxy_to(runtime, 1, 2)
    assert {get(runtime).headers["X-Backend"] for _ in range(4)} == {"1", "2"}


@pytest.mark.parametrize("deed", ["stop", "kill"])
def test_a_backend_that_is_down_fails_at_once_and_comes_back(runtime, deed):
    proxy_to(runtime, 2)
    unit = runtime.units[1]
    address = unit.address
    getattr(unit, deed)()
    assert not unit.running()
    began = time.perf_counter()
    assert get(runtime).status_code == 502
    assert time.perf_counter() - began < 2.5  # a dial to an address that is gone takes 3 s
    unit.start()
    assert unit.address == address
    assert ready(unit, runtime.secret)
    assert get(runtime).status_code == 200


def test_stop_lets_a_request_finish_and_kill_does_not(runtime):
    assert slow_answer_during(runtime, runtime.units[1].stop) == 200
    runtime.units[1].start()
    with pytest.raises(httpx.RemoteProtocolError):
        slow_answer_during(runtime, runtime.units[1].kill)


def slow_answer_during(runtime, deed) -> int:
    unit = runtime.units[1]
    host, port = unit.address
    with ThreadPoolExecutor(1) as pool:
        url = f"http://{host}:{port}/delay/1000"
        answer = pool.submit(httpx.get, url, timeout=10, trust_env=False)
        assert poll(lambda: requests_in(unit, runtime.secret) == 1, 5)
        deed()
        return answer.result().status_code


def requests_in(unit, secret: str) -> int:
    host, port = unit.control
    headers = {"Authorization": f"Bearer {secret}"}
    answer = httpx.get(f"http://{host}:{port}/requests", headers=headers, trust_env=False)
    return answer.json()["running"]


def test_a_frozen_backend_accepts_and_says_nothing_until_it_is_thawed(runtime):
    proxy_to(runtime, 2)
    unit = runtime.units[1]
    assert get(runtime).status_code == 200
    unit.freeze()
    with pytest.raises(httpx.ReadTimeout):
        get(runtime, timeout=0.5)
    assert unit.running()
    unit.thaw()
    assert get(runtime, timeout=2).status_code == 200


@pytest.mark.parametrize("deed", ["stop", "kill"])
def test_a_frozen_backend_can_be_taken_down(runtime, deed):
    unit = runtime.units[1]
    unit.freeze()
    began = time.perf_counter()
    getattr(unit, deed)()
    assert time.perf_counter() - began < 9
    assert not unit.running()
    unit.start()
    assert ready(unit, runtime.secret)


def test_what_is_done_twice_is_done_once(runtime):
    unit = runtime.units[0]
    unit.start()
    unit.thaw()
    unit.kill()
    unit.kill()
    unit.stop()
    assert not unit.running()


def test_a_container_that_somebody_removed_is_missed(client):
    with running(backends=1) as runtime:
        name = next(n for n in left_of(client, runtime.lab_id) if n.endswith("backend1"))
        client.containers.get(name).remove(force=True)
        with pytest.raises(FaultError, match="make a new one"):
            runtime.units[0].start()


# --- secrets ----------------------------------------------------------------------------


def test_the_control_channel_wants_its_secret_from_other_containers(client, runtime):
    caller, url = f"caddylab-{runtime.lab_id}-backend1", "http://backend2:8081/ready"
    assert fetch_inside(client, caller, url) == 401
    assert fetch_inside(client, caller, url, Authorization="Bearer wrong") == 401
    assert fetch_inside(client, caller, url, Authorization=f"Bearer {runtime.secret}") == 200


def test_the_admin_api_and_the_log_want_a_secret_that_backends_do_not_know(client, runtime):
    caller = f"caddylab-{runtime.lab_id}-backend1"
    admin, log = f"http://caddy:{ADMIN_PORT}/config/", f"http://caddy:{LOG_PORT}/"
    for origin in ("http://caddy:2019", "http://localhost", f"http://{runtime.secret}"):
        assert fetch_inside(client, caller, admin, Origin=origin) == 403
    assert fetch_inside(client, caller, admin) == 403
    assert fetch_inside(client, caller, log) == 403
    assert fetch_inside(client, caller, log, **{SECRET_HEADER: runtime.secret}) == 403


def test_programs_on_this_machine_need_the_secrets_too(client, runtime):
    caddy = client.containers.get(f"caddylab-{runtime.lab_id}-caddy")
    published = caddy.attrs["NetworkSettings"]["Ports"]
    for port in (ADMIN_PORT, LOG_PORT):
        url = f"http://127.0.0.1:{published[f'{port}/tcp'][0]['HostPort']}"
        assert httpx.get(url, trust_env=False).status_code == 403
    admin = httpx.Client(base_url=runtime.admin().base_url, trust_env=False)
    with admin:
        assert admin.post("/load", json={}).status_code == 403
        assert admin.delete("/config/", headers={"Origin": "null"}).status_code == 400
    assert runtime.admin().get("/config/apps").json() is not None


def test_every_configuration_keeps_the_admin_api_closed(runtime):
    proxy_to(runtime, 1)
    assert httpx.get(runtime.admin().base_url, trust_env=False).status_code == 403
    assert runtime.admin().get("/config/admin/enforce_origin").json() is True


# --- the log ----------------------------------------------------------------------------


def test_the_log_is_read_piece_by_piece(runtime):
    assert runtime.read_log(10**9) == b""
    proxy_to(runtime, 1)
    seen = len(runtime.read_log(0))
    get(runtime)
    fresh = runtime.read_log(seen)
    assert b'"uri":"/test-api"' in fresh
    assert fresh.endswith(b"}\n")
    assert runtime.read_log(seen + len(fresh)) == b""
    assert runtime.read_log(seen + 5) == fresh[5:]


def test_reading_the_log_leaves_no_trace_in_it(runtime):
    proxy_to(runtime, 1)
    size = len(runtime.read_log(0))
    assert len(runtime.read_log(0)) == size


def test_the_output_of_caddy_is_there_for_error_messages(runtime):
    assert '"level"' in runtime.output(3)
    assert len(runtime.output(3).splitlines()) == 3
