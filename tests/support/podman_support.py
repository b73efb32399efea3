"""What the tests of the Podman runtime share: looking into Podman, and owners to kill."""

from __future__ import annotations

import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from podman import PodmanClient

from caddylab._machine.waiting import poll
from caddylab._runtimes import lab_folder as folder
from caddylab._runtimes.podman import sweep as podman_sweep
from caddylab._runtimes.podman.runtime import PodmanRuntime

WHOLE = 5
"""A lab with two backends in Podman: a network, a name server, Caddy and the backends."""
PATIENCE = 60.0
"""Seconds: a busy machine takes some to remove four containers."""
FETCH = """
import sys, urllib.error, urllib.request
url, *headers = sys.argv[1:]
request = urllib.request.Request(url, headers=dict(h.split("=", 1) for h in headers))
try:
    print(urllib.request.urlopen(request, timeout=5).status)
except urllib.error.HTTPError as error:
    print(error.code)
"""


@contextmanager
def running(backends: int = 2) -> Iterator[PodmanRuntime]:
    runtime = PodmanRuntime(secrets.token_hex(4), backends)
    runtime.start()
    try:
        yield runtime
    finally:
        runtime.close()


def proxy_to(runtime: PodmanRuntime, *numbers: int) -> None:
    """Have Caddy proxy to these backends in turn, and log as a lab does."""
    dial(runtime, *(runtime.dial(f"backend{number}", 8080) for number in numbers))


def dial(runtime: PodmanRuntime, *addresses: str) -> None:
    """Have Caddy dial these addresses in turn."""
    upstreams = [{"dial": address} for address in addresses]
    policy = {"selection_policy": {"policy": "round_robin"}}
    handler = {"handler": "reverse_proxy", "upstreams": upstreams, "load_balancing": policy}
    config = runtime.extra_config()
    config["apps"]["http"]["servers"]["site"] = {
        "listen": [runtime.listen], "automatic_https": {"disable": True}, "logs": {},
        "routes": [{"handle": [handler]}],
    }  # fmt: skip
    config["logging"] = {"logs": {"caddylab": {"writer": runtime.log_writer()}}}
    headers = {"Cache-Control": "must-revalidate"}
    runtime.admin().post("/load", json=config, headers=headers).raise_for_status()


def get(runtime: PodmanRuntime, timeout: float = 10.0) -> httpx.Response:
    host, port = runtime.site
    return httpx.get(f"http://{host}:{port}/test-api", timeout=timeout, trust_env=False)


def fetch_inside(client: PodmanClient, container: str, url: str, **headers: str) -> int:
    """The status that one container gets from `url`."""
    given = [f"{name}={value}" for name, value in headers.items()]
    code, (out, err) = client.containers.get(container).exec_run(
        ["python", "-c", FETCH, url, *given], demux=True
    )
    assert code == 0, err
    return int(out)


def left_of(client: PodmanClient, lab_id: str) -> list[str]:
    """The names of what Podman still has of a lab."""
    label = f"{podman_sweep.LAB}={lab_id}"
    containers = client.containers.list(all=True, filters=[f"label={label}"])
    networks = client.networks.list(filters={"label": label})
    return [thing.name for thing in [*containers, *networks]]


class Owner:
    """Another Python process that starts a lab, to be killed.

    Args:
        code: what it runs, with a `runtime`.
    """

    def __init__(self, code: str = "runtime.start()") -> None:
        self.lab_id = secrets.token_hex(4)
        script = (
            "import sys, time\n"
            "from caddylab._runtimes.podman.runtime import PodmanRuntime\n"
            f"runtime = PodmanRuntime({self.lab_id!r})\n"
            "print('begin', flush=True)\n"
            f"{code}\n"
            "print('ready', flush=True)\n"
            "time.sleep(60)\n"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True
        )

    def await_word(self, word: str) -> None:
        assert self.process.stdout is not None
        assert any(line.strip() == word for line in self.process.stdout), f"never said {word}"

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()

    def has_folder(self) -> bool:
        return (folder.base() / self.lab_id).exists()

    def all_gone(self, client: PodmanClient) -> bool:
        """Whether everything of the lab goes away, and stays away."""
        gone = poll(lambda: not self.has_folder() and not left_of(client, self.lab_id), PATIENCE)
        time.sleep(0.3)  # anything that Podman was still creating would appear now
        if left := left_of(client, self.lab_id) or self.has_folder():
            print("left:", left)
        return gone and not left
