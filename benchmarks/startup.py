"""How long a lab takes to be ready, against a single backend; and to be as good as new again."""

from __future__ import annotations

import contextlib
import io
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import httpx

from benchmarks._row import Row, tried
from caddylab import Lab
from caddylab._machine import shipped
from caddylab._machine.ports import LOOPBACK, Port
from caddylab._machine.waiting import poll

ROUNDS = 7


def run() -> list[Row]:
    """In pairs, one of ours and one of the other, seven times; medians."""
    process = "one uvicorn of the app, to its first 200", uvicorn_alone, 1.3
    podman = "one `podman run` of the backend, ditto", podman_run, 1.5
    return [
        *tried("a start with processes", lambda: [_row("process", *process)]),
        *tried("a reset with processes", lambda: [_reset("process")]),
        *tried("a start in containers", lambda: [_row("podman", *podman)]),
        *tried("a reset in containers", lambda: [_reset("podman")]),
    ]


def _row(runtime: str, other: str, alone: Callable[[], float], bar: float) -> Row:
    lab_ready(runtime)  # once uncounted, for caches and images
    pairs = [(lab_ready(runtime), alone()) for _ in range(ROUNDS)]
    ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    return Row(
        f"Lab(runtime={runtime!r}) to ready / {other}",
        f"{ours * 1000:.0f} ms", f"{theirs * 1000:.0f} ms", ratio, f"≤ {bar}", ratio <= bar,
    )  # fmt: skip


def _reset(runtime: str) -> Row:
    """A reset at its worst, with one backend hung and the other jammed, against two seconds."""
    with contextlib.redirect_stdout(io.StringIO()), Lab(runtime=runtime) as lab:
        ours = statistics.median(_reset_once(lab) for _ in range(ROUNDS))
    what = f"`lab.reset()` of {runtime}, a backend hung, the other jammed / what was promised"
    return Row(what, f"{ours * 1000:.0f} ms", "2000 ms", ours / 2, "≤ 1", ours <= 2)


def _reset_once(lab: Lab) -> float:
    lab.backend(1).hung()
    lab.fire(8, concurrency=8, path="/slow-block", background=True)
    if not poll(lambda: lab.backend(2).in_flight > 0, 5):
        raise RuntimeError("No request came to backend 2 within 5 s.")
    began = time.perf_counter()
    lab.reset()
    return time.perf_counter() - began


def lab_ready(runtime: str) -> float:
    """Seconds from `Lab()` to ready; closing it does not count."""
    with contextlib.redirect_stdout(io.StringIO()):
        began = time.perf_counter()
        with Lab(runtime=runtime):
            return time.perf_counter() - began


def uvicorn_alone() -> float:
    """Seconds from the start of a plain uvicorn to its first 200."""
    port = unused_port()
    app = ["--factory", "app.backend:create_app"]
    command = [sys.executable, "-m", "uvicorn", *app, "--port", str(port)]
    with _running([*command, "--log-level", "warning"], cwd=str(shipped.containers())) as began:
        return _first_answer(port, began)


def podman_run() -> float:
    """Seconds from `podman run` of one backend to its first 200."""
    from caddylab._runtimes.podman import images

    port = unused_port()
    command = ["podman", *_remote(), "run", "--rm", "--publish", f"{LOOPBACK}:{port}:8080"]
    with _running([*command, "--env", "BACKEND_ID=1", images.backend()]) as began:
        return _first_answer(port, began)


def unused_port() -> int:
    """A port that is free right now; what is measured is started on it at once."""
    port = Port()
    port.close()
    return port.number


def _remote() -> list[str]:
    """The options with which the command line uses the lab's service."""
    return ["--remote"] if os.environ.get("CONTAINER_HOST") else []


@contextlib.contextmanager
def _running(command: list[str], cwd: str | None = None) -> Iterator[float]:
    began = time.perf_counter()
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.DEVNULL)
    try:
        yield began
    finally:
        process.terminate()
        process.wait()


def _first_answer(port: int, began: float) -> float:
    def answers() -> bool:
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"http://{LOOPBACK}:{port}/test-api").status_code == 200
        return False

    if not poll(answers, 30):
        raise RuntimeError("The backend by itself did not answer within 30 s.")
    return time.perf_counter() - began
