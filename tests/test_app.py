"""The backend, as it runs in a container: the very command of the Containerfile."""

from __future__ import annotations

import json
import re
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest
from loopback_ports import free_ports

CONTAINERS = Path(__file__).parent.parent / "containers"
SECRET = "a secret of this test"
PROXY_ASKS = b"GET / HTTP/1.1\r\nHost: backend\r\n\r\n"
SLOW = 1.0  # seconds of /slow-api in these tests; the course takes 5

# The image's command, with the slow routes made faster.
PROGRAM = """
import sys, app.__main__, app.routes
app.routes.SLOW_SECONDS = float(sys.argv.pop(1))
app.__main__.main()
"""


class Backend:
    """A running backend; `control` is a client of its control channel."""

    def __init__(self, number: str, controlled: bool = True) -> None:
        self.number = number
        self.port, self.control_port = free_ports(2)
        self.url = f"http://127.0.0.1:{self.port}"
        self.client = httpx.Client(base_url=self.url, timeout=10)
        self.control = httpx.Client(
            base_url=f"http://127.0.0.1:{self.control_port}",
            headers={"Authorization": f"Bearer {SECRET}"},
            timeout=10,
        )
        settings = {"CONTROL_PORT": str(self.control_port), "CONTROL_SECRET": SECRET}
        self.process = spawn(self.port, BACKEND_ID=number, **(settings if controlled else {}))

    def get(self, path: str, **options: object) -> httpx.Response:
        return self.client.get(path, **options)  # type: ignore[arg-type]

    def answers(self) -> bool:
        assert self.process.poll() is None, "the backend ended instead of starting"
        try:
            return self.get("/").status_code == 200
        except httpx.TransportError:
            return False

    def running(self) -> int:
        return int(self.control.get("/requests").json()["running"])

    def requests(self, since: int = 0) -> list[dict[str, object]]:
        return list(self.control.get("/requests", params={"since": since}).json()["requests"])

    def close(self) -> None:
        self.client.close()
        self.control.close()
        self.process.kill()
        self.process.wait()


def spawn(port: int, **environment: str) -> subprocess.Popen[bytes]:
    text = (CONTAINERS / "Containerfile").read_text().replace("\\\n", "")
    program, *arguments = json.loads(re.findall(r"^CMD (\[.*\])$", text, re.MULTILINE)[-1])
    assert (program, *arguments[:2]) == ("python", "-m", "app")
    arguments[arguments.index("--port") + 1] = str(port)
    arguments[arguments.index("--host") + 1] = "127.0.0.1"
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(SLOW), *arguments[2:]],
        cwd=CONTAINERS, env=environment, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def wait_until(condition: Callable[[], object], timeout: float = 30) -> None:
    end = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < end, f"not so after {timeout} s"
        time.sleep(0.005)


def asked_from(source: int, port: int) -> bytes:
    """The first bytes of an answer to a connection from one port, which is then free at once."""
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.bind(("127.0.0.1", source))
        client.connect(("127.0.0.1", port))
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = client.recv(64)
        time.sleep(0.02)  # it is idle, or the next one might come sooner than idle is
        return answer


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def asks_until_it_is_closed(connection: socket.socket) -> None:
    """Ask on and on through one connection, as a busy proxy does."""
    with connection, suppress(ConnectionError):
        while connection.recv(65536):
            connection.sendall(PROXY_ASKS)


@contextmanager
def started(*backends: Backend) -> Iterator[tuple[Backend, ...]]:
    try:
        wait_until(lambda: all(backend.answers() for backend in backends))
        yield backends
    finally:
        for backend in backends:
            backend.close()


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[Backend, ...]]:
    with started(Backend("1"), Backend("2")) as backends:
        yield backends


@pytest.fixture
def one(pair: tuple[Backend, ...]) -> Iterator[Backend]:
    yield pair[0]
    pair[0].control.put("/faults", json={})


@pytest.fixture
def two(pair: tuple[Backend, ...]) -> Backend:
    return pair[1]


class TestAnswers:
    def test_each_backend_says_who_it_is(self, one: Backend, two: Backend) -> None:
        assert one.get("/").json() == {"status": "ok", "backend": "1"}
        assert one.get("/test-api").json() == {"message": "Hello, I'm BACKEND_1"}
        assert two.get("/test-api").json() == {"message": "Hello, I'm BACKEND_2"}

    @pytest.mark.parametrize("path", ["/test-api", "/slow-api", "/slow-block", "/delay/1", "/echo"])
    def test_load_tests_may_post(self, one: Backend, path: str) -> None:
        assert one.client.post(path, content=b"anything").status_code == 200

    @pytest.mark.parametrize("path", ["/", "/status/204", "/no-such-page", "/me", "/delay/x"])
    def test_every_answer_is_signed(self, two: Backend, path: str) -> None:
        assert two.get(path).headers.get_list("X-Backend") == ["2"]

    def test_only_the_second_backend_is_slow(self, one: Backend) -> None:
        answer = one.get("/slow-api")
        assert answer.json() == {"message": "Normal response from BACKEND_1"}
        assert answer.elapsed.total_seconds() < SLOW / 2

    @pytest.mark.parametrize("path", ["/slow-api", "/slow-block"])
    def test_the_slow_routes_take_as_long_as_they_are_asked_to(
        self, one: Backend, two: Backend, path: str
    ) -> None:
        answer = two.get(f"{path}?ms=150")
        assert answer.json() == {"message": "Slow response from BACKEND_2"}
        assert 0.15 <= answer.elapsed.total_seconds() < SLOW
        assert one.get(f"{path}?ms=5000").elapsed.total_seconds() < SLOW

    def test_a_slow_thread_keeps_nobody_else_waiting(self, two: Backend) -> None:
        with ThreadPoolExecutor() as pool:
            slow = pool.submit(httpx.get, f"{two.url}/slow-api", timeout=10)
            wait_until(lambda: two.running() == 1)
            assert two.get("/test-api").elapsed.total_seconds() < SLOW / 2
            assert two.running() == 1
            assert slow.result().json() == {"message": "Slow response from BACKEND_2"}
            assert slow.result().elapsed.total_seconds() >= SLOW

    def test_a_blocked_event_loop_keeps_everybody_waiting(self, two: Backend) -> None:
        with ThreadPoolExecutor() as pool:
            slow = pool.submit(httpx.get, f"{two.url}/slow-block", timeout=10)
            wait_until(lambda: two.get("/test-api").elapsed.total_seconds() > SLOW / 2, SLOW)
            assert slow.result().json() == {"message": "Slow response from BACKEND_2"}

    def test_a_delay_is_as_long_as_asked(self, one: Backend) -> None:
        assert 0.15 <= one.get("/delay/150").elapsed.total_seconds() < 1

    @pytest.mark.parametrize("code", [200, 204, 304, 404, 500, 503, 599])
    def test_any_final_status_can_be_had(self, one: Backend, code: int) -> None:
        assert one.get(f"/status/{code}").status_code == code

    @pytest.mark.parametrize(
        ("path", "sentence"),
        [
            ("/status/199", "code is '199': use a whole number from 200 to 599"),
            ("/status/ok", "code is 'ok': use a whole number from 200 to 599"),
            ("/delay/-1", "ms is '-1': use a whole number from 0 to 60000"),
            ("/delay/60001", "ms is '60001': use a whole number from 0 to 60000"),
            ("/slow-api?ms=soon", "ms is 'soon': use a whole number from 0 to 60000"),
            ("/slow-block?ms=-1", "ms is '-1': use a whole number from 0 to 60000"),
            ("/stream/0", "chunks is '0': use a whole number from 1 to 600"),
        ],
    )
    def test_an_impossible_wish_gets_a_sentence(
        self, one: Backend, path: str, sentence: str
    ) -> None:
        answer = one.get(path)
        assert (answer.status_code, answer.json()) == (422, {"detail": sentence})

    def test_a_stream_comes_bit_by_bit(self, one: Backend) -> None:
        with one.client.stream("GET", "/stream/3") as answer:
            came = [(time.monotonic(), line) for line in answer.iter_lines()]
        assert [line for _, line in came] == [f"BACKEND_1: line {n} of 3" for n in (1, 2, 3)]
        assert came[2][0] - came[0][0] >= 0.15

    def test_echo_tells_the_peer_from_whom_it_speaks_for(self, one: Backend) -> None:
        seen = one.get("/echo?a=1", headers={"X-Forwarded-For": "203.0.113.7"}).json()
        assert seen["client"] == "127.0.0.1"
        assert seen["x_forwarded_for"] == seen["headers"]["x-forwarded-for"] == "203.0.113.7"
        assert seen["url"] == f"{one.url}/echo?a=1"


class TestSessions:
    @pytest.mark.parametrize("wish", [{"json": {"user": "ann"}}, {"params": {"user": "ann"}}])
    def test_views_are_counted_where_ann_logged_in(
        self, one: Backend, wish: dict[str, dict[str, str]]
    ) -> None:
        with httpx.Client(base_url=one.url) as ann:
            cookie = ann.post("/login", **wish).headers["set-cookie"]  # type: ignore[arg-type]
            assert re.fullmatch(r"session=[\w-]{20,}; HttpOnly; Path=/; SameSite=lax", cookie)
            assert [ann.get("/me").json()["views"] for _ in range(3)] == [1, 2, 3]
            assert ann.get("/me").json() == {"user": "ann", "views": 4, "backend": "1"}

    def test_another_backend_does_not_know_her(self, one: Backend, two: Backend) -> None:
        token = one.client.post("/login", params={"user": "ann"}).cookies["session"]
        one.client.cookies.clear()
        answer = two.get("/me", headers={"Cookie": f"session={token}"})
        assert answer.status_code == 401
        assert answer.json()["detail"].startswith("BACKEND_2 does not know this session")

    def test_every_login_is_a_session_of_its_own(self, one: Backend) -> None:
        with httpx.Client(base_url=one.url) as ann, httpx.Client(base_url=one.url) as bob:
            ann.post("/login", params={"user": "ann"})
            bob.post("/login", params={"user": "bob"})
            ann.get("/me")
            assert bob.get("/me").json() == {"user": "bob", "views": 1, "backend": "1"}

    @pytest.mark.parametrize(
        "wish",
        [{}, {"params": {"user": ""}}, {"content": b"{"}, {"json": ["ann"]}, {"json": {"user": 1}}],
    )
    def test_nobody_cannot_log_in(self, one: Backend, wish: dict[str, object]) -> None:
        answer = one.client.post("/login", **wish)  # type: ignore[arg-type]
        assert answer.status_code == 422
        assert "say who you are" in answer.json()["detail"]


class TestControl:
    @pytest.mark.parametrize("path", ["/ready", "/faults", "/requests", "/no-such-page"])
    @pytest.mark.parametrize("authorization", [None, "Bearer wrong", f"Basic {SECRET}", SECRET])
    def test_answers_nobody_without_the_secret(
        self, one: Backend, path: str, authorization: str | None
    ) -> None:
        headers = {"Authorization": authorization} if authorization else {}
        url = f"http://127.0.0.1:{one.control_port}{path}"
        answer = one.get(url, headers=headers)
        assert answer.status_code == 401
        assert "backend" not in answer.text

    def test_no_fault_is_made_without_the_secret(self, one: Backend) -> None:
        url = f"http://127.0.0.1:{one.control_port}/faults"
        assert one.client.put(url, json={"failing": {"share": 1}}).status_code == 401
        assert one.get("/").status_code == 200

    @pytest.mark.parametrize("path", ["/faults", "/requests", "/answers", "/control/ready"])
    def test_is_not_on_the_main_port_even_with_the_secret(self, one: Backend, path: str) -> None:
        assert one.control.get(f"{one.url}{path}").status_code == 404
        assert one.control.put(f"{one.url}{path}", json={}).status_code == 404

    def test_says_that_the_backend_is_up(self, two: Backend) -> None:
        assert two.control.get("/ready").json() == {"backend": "2"}


class TestFaults:
    def test_slow_makes_every_route_wait(self, one: Backend) -> None:
        one.control.put("/faults", json={"slow": {"seconds": 0.5}})
        for path in ("/", "/test-api", "/no-such-page"):
            assert 0.5 <= one.get(path).elapsed.total_seconds() < 2
        assert one.control.get("/ready").elapsed.total_seconds() < 0.5

    def test_slow_can_be_about_some_paths_only(self, one: Backend) -> None:
        one.control.put("/faults", json={"slow": {"seconds": 0.5, "path": "/test"}})
        assert one.get("/test-api").elapsed.total_seconds() >= 0.5
        assert one.get("/").elapsed.total_seconds() < 0.5

    def test_failing_answers_in_the_routes_place(self, one: Backend) -> None:
        one.control.put("/faults", json={"failing": {"share": 1, "status": 503, "path": "/t"}})
        answer = one.get("/test-api")
        assert (answer.status_code, answer.headers["X-Backend"]) == (503, "1")
        assert one.get("/").status_code == 200

    def test_failing_takes_its_share(self, one: Backend) -> None:
        one.control.put("/faults", json={"failing": {"share": 0.3}})
        statuses = [one.get("/").status_code for _ in range(300)]
        # 90 expected; a fair coin stays within these limits 99.99 % of the time.
        assert 59 <= statuses.count(500) <= 123
        assert statuses.count(500) + statuses.count(200) == 300

    def test_new_faults_replace_all_old_ones(self, one: Backend) -> None:
        one.control.put("/faults", json={"failing": {"share": 1}})
        answer = one.control.put("/faults", json={"slow": {"seconds": 0.5}})
        none = dict.fromkeys(("failing", "truncated", "closing", "limited", "unready"))
        expected = none | {"slow": {"seconds": 0.5, "path": None}}
        assert answer.json() == one.control.get("/faults").json() == expected
        assert one.get("/").status_code == 200
        one.control.put("/faults", json={"slow": None, "failing": None})
        assert one.get("/").elapsed.total_seconds() < 0.5

    def test_a_new_connection_from_a_port_of_before_was_never_idle(self, one: Backend) -> None:
        one.control.put("/faults", json={"closing": {"seconds": 0.01}})
        [port] = free_ports(1)
        assert b" 200 OK" in asked_from(port, one.port)
        assert b" 200 OK" in asked_from(port, one.port)

    @pytest.mark.parametrize(
        ("body", "sentence"),
        [
            ('{"slow": {"seconds": -1}}', "slow.seconds: Input should be greater than"),
            ('{"slow": {"seconds": NaN}}', "slow.seconds: Input should be a finite number"),
            ('{"failing": {"share": 30}}', "failing.share: Input should be less than"),
            ('{"failing": {"share": 1, "status": 199}}', "failing.status: Input should be greater"),
            ('{"slow": {"seconds": 1, "path": "test"}}', "slow.path: String should match"),
            ('{"hung": true}', "hung: Extra inputs are not permitted"),
            ("{", "body: Invalid JSON"),
        ],
    )
    def test_an_impossible_fault_changes_nothing(
        self, one: Backend, body: str, sentence: str
    ) -> None:
        one.control.put("/faults", json={"slow": {"seconds": 0.01}})
        answer = one.control.put("/faults", content=body)
        assert answer.status_code == 422
        assert answer.json()["detail"].startswith(sentence)
        assert one.control.get("/faults").json()["slow"]["seconds"] == 0.01


class TestJournal:
    def test_proves_that_a_request_was_executed(self, one: Backend) -> None:
        since = one.control.get("/requests").json()["next"]
        before = time.time()
        one.client.post("/delay/50", headers={"X-Request-Id": "0badcafe-7"})
        one.get("/no-such-page")
        first, second = one.requests(since)
        assert first["id"] == "0badcafe-7"
        assert (first["method"], first["path"], first["status"]) == ("POST", "/delay/50", 200)
        assert before <= float(str(first["start"])) <= time.time()
        assert 0.05 <= float(str(first["duration"])) < 1
        assert (second["id"], second["status"]) == (None, 404)

    def test_is_read_on_from_where_one_stopped(self, one: Backend) -> None:
        start = one.control.get("/requests").json()["next"]
        one.get("/test-api")
        page = one.control.get("/requests", params={"since": start}).json()
        assert (page["next"], page["running"], len(page["requests"])) == (start + 1, 0, 1)
        assert one.requests(page["next"]) == []
        assert one.requests(page["next"] + 10) == []

    def test_has_a_request_that_its_client_gave_up(self, one: Backend) -> None:
        since = one.control.get("/requests").json()["next"]
        with pytest.raises(httpx.ReadTimeout):
            one.get("/delay/300", timeout=0.05)
        wait_until(lambda: one.requests(since))
        assert one.requests(since)[0]["path"] == "/delay/300"

    def test_refuses_a_senseless_index(self, one: Backend) -> None:
        answer = one.control.get("/requests?since=x")
        assert answer.status_code == 422
        assert "whole number" in answer.json()["detail"]

    def test_forgets_the_oldest_first(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.syspath_prepend(str(CONTAINERS))
        from app.journal import Entry, Journal  # type: ignore[import-not-found]

        journal = Journal(kept=3)
        for n in range(5):
            journal.add(Entry(str(n), "GET", "/", 0.0, 0.0, 200))
        assert [entry.id for entry in journal.since(0)] == ["2", "3", "4"]
        assert [entry.id for entry in journal.since(4)] == ["4"]
        assert journal.next == 5


class TestBodies:
    """Nobody is answered, and nothing is done, before the whole body is there."""

    HEAD = b"POST /test-api HTTP/1.1\r\nHost: a\r\nX-Request-Id: %b\r\nContent-Length: 9\r\n\r\n"

    def test_the_answer_waits_for_the_body(self, one: Backend) -> None:
        for fault in ({}, {"failing": {"share": 1}}):
            one.control.put("/faults", json=fault)
            with socket.create_connection(("127.0.0.1", one.port)) as client:
                client.sendall(self.HEAD % b"waits" + b"one ")
                wait_until(lambda: one.running() == 1)
                client.settimeout(0.3)
                with pytest.raises(TimeoutError):
                    client.recv(1)
                client.sendall(b"pizza")
                client.settimeout(10)
                assert client.recv(12) == (b"HTTP/1.1 500" if fault else b"HTTP/1.1 200")
        one.control.put("/faults", json={})

    def test_the_app_gets_the_whole_of_it(self, one: Backend) -> None:
        user = "a" * 64
        content = b'{"user": "%b"}' % user.encode() + b" " * 200_000
        assert one.client.post("/login", content=content).json()["user"] == user

    def test_an_order_that_is_cut_off_is_not_carried_out(self, one: Backend) -> None:
        with socket.create_connection(("127.0.0.1", one.port)) as client:
            client.sendall(self.HEAD % b"cut" + b"one ")
            wait_until(lambda: one.running() == 1)
        wait_until(lambda: one.running() == 0)
        (entry,) = (entry for entry in one.requests() if entry["id"] == "cut")
        assert entry["status"] is None


class TestLife:
    def test_sigterm_lets_a_request_finish(self) -> None:
        with started(Backend("2")) as (backend,), ThreadPoolExecutor() as pool:
            slow = pool.submit(httpx.get, f"{backend.url}/slow-api", timeout=10)
            wait_until(lambda: backend.running() == 1)
            backend.process.terminate()
            wait_until(lambda: not accepts(backend.port))
            assert backend.running() == 1, "the control channel is there until the end"
            assert slow.result().status_code == 200
            # uvicorn hands the signal on when it is done; as process 1 that makes an exit 0.
            assert backend.process.wait(timeout=5) in (0, -signal.SIGTERM)

    def test_sigterm_ends_it_though_a_proxy_has_just_connected_and_asks_on_and_on(self) -> None:
        """While its event loop is blocked, both happen; then they are seen in one turn."""
        with started(Backend("2")) as (backend,), ThreadPoolExecutor() as pool:
            pool.submit(httpx.get, f"{backend.url}/slow-block", timeout=20)
            time.sleep(SLOW / 3)  # it is blocked by now: nothing can be asked
            late = socket.create_connection(("127.0.0.1", backend.port), timeout=20)
            late.sendall(PROXY_ASKS)
            backend.process.terminate()
            pool.submit(asks_until_it_is_closed, late)
            try:
                assert backend.process.wait(timeout=15) in (0, -signal.SIGTERM)
            finally:
                backend.process.kill()

    def test_without_control_variables_there_is_no_control_channel(self) -> None:
        with started(Backend("1", controlled=False)) as (backend,):
            assert backend.get("/test-api").status_code == 200
            with pytest.raises(httpx.ConnectError):
                backend.control.get("/ready")

    def test_a_kill_cuts_a_stream_in_its_middle(self) -> None:
        with started(Backend("2")) as (backend,), backend.client.stream("GET", "/stream/50") as cut:
            lines = cut.iter_lines()
            assert next(lines) == "BACKEND_2: line 1 of 50"
            backend.process.kill()
            with pytest.raises(httpx.TransportError):
                list(lines)

    def test_a_taken_control_port_stops_the_start(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            [port] = free_ports(1)
            process = spawn(port, CONTROL_PORT=str(taken.getsockname()[1]), CONTROL_SECRET=SECRET)
            assert process.wait(timeout=30) not in (0, None)


class TestSettings:
    def test_the_environment_counts_at_the_call_not_at_the_import(self) -> None:
        code = (
            "import app.backend, os, sys; os.environ['CONTROL_PORT'] = '0';"
            "print('pydantic.v1' in sys.modules); app.backend.create_app()"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=CONTAINERS, capture_output=True, text=True,
            env={"CONTROL_PORT": "nonsense", "CONTROL_SECRET": SECRET}, check=False,
        )  # fmt: skip
        assert done.stdout == "False\n", "what takes long to import must stay out"
        problem = done.stderr.splitlines()[-1]
        assert problem == "ValueError: CONTROL_PORT is '0': use a number from 1 to 65535"

    @pytest.mark.parametrize(
        ("environment", "words"),
        [
            ({"CONTROL_PORT": "8081"}, "CONTROL_PORT is set but CONTROL_SECRET is not"),
            ({"CONTROL_SECRET": "x"}, "CONTROL_SECRET is set but CONTROL_PORT is not"),
            ({"CONTROL_PORT": "80 81", "CONTROL_SECRET": "x"}, "CONTROL_PORT is '80 81'"),
            ({"BACKEND_ID": "1\r\nX-Evil: 1"}, "BACKEND_ID is"),
        ],
    )
    def test_an_unusable_variable_is_named(
        self, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], words: str
    ) -> None:
        monkeypatch.syspath_prepend(str(CONTAINERS))
        from app.settings import Settings  # type: ignore[import-not-found]

        with pytest.raises(ValueError, match=words):
            Settings.from_environment(environment)

    def test_the_slow_routes_take_as_long_as_the_articles(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.syspath_prepend(str(CONTAINERS))
        from app.routes import SLOW_SECONDS  # type: ignore[import-not-found]

        assert SLOW_SECONDS == 5
