"""Many cheap upstreams, a Caddy before them and their clients, in a process of their own.

`python -m caddylab._survey.fleet_main` reads what is wanted as a line of JSON, measures, and writes
a line for each figure. It ends, and Caddy with it, when its standard input does: so nothing is left
of a kernel that was killed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil

from caddylab._machine.environ import inherited
from caddylab._machine.ports import LOOPBACK, Port
from caddylab._machine.steady import in_thread

REQUEST = b"GET / HTTP/1.1\r\nHost: fleet\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
CLIENTS = 8
PATIENCE = 20.0
WARM = 3
"""How many requests for each upstream come first, so that connections exist."""
NANO = 1e-9


class CheapUpstream(asyncio.Protocol):
    """Answers every request at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where to answer."""
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        """Answer a request; requests are small and come one at a time."""
        self._transport.write(ANSWER)


async def listen(count: int) -> list[str]:
    """Start that many upstreams, each at a port of its own; returns their addresses."""
    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(CheapUpstream, LOOPBACK, 0) for _ in range(count)]
    return [f"{LOOPBACK}:{server.sockets[0].getsockname()[1]}" for server in servers]


def configuration(sites: Sequence[tuple[int, str, Sequence[str]]]) -> dict[str, Any]:
    """Caddy's JSON: a site for each port, with a policy and its upstreams; without a log."""
    return {
        "admin": {"disabled": True, "config": {"persist": False}},
        "logging": {"logs": {"default": {"level": "PANIC"}}},
        "apps": {"http": {"servers": {
            f"s{port}": {
                "listen": [f"{LOOPBACK}:{port}"], "automatic_https": {"disable": True},
                "protocols": ["h1"],
                "routes": [{"handle": [{
                    "handler": "reverse_proxy", "upstreams": [{"dial": dial} for dial in dials],
                    "load_balancing": {"selection_policy": {"policy": policy}},
                }]}],
            }
            for port, policy, dials in sites
        }}},
    }  # fmt: skip


@contextlib.contextmanager
def caddy(wanted: dict[str, Any], config: dict[str, Any]) -> Iterator[psutil.Process]:
    """A Caddy with this configuration, until the block ends, or our standard input."""
    with tempfile.TemporaryDirectory(prefix="caddylab-fleet-", dir=wanted["folder"]) as folder:
        file = Path(folder) / "fleet.json"
        file.write_text(json.dumps(config), "utf-8")
        home = dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"), folder)
        with subprocess.Popen(
            [wanted["caddy"], "run", "--config", str(file)], env=inherited() | home,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ) as process:  # fmt: skip
            in_thread("caddylab-fleet", _end_with_input, process, folder)
            try:
                yield psutil.Process(process.pid)
            finally:
                process.kill()


def _end_with_input(process: subprocess.Popen[bytes], folder: str) -> None:
    sys.stdin.read()
    process.kill()
    process.wait()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


async def ask(port: int, count: int) -> None:
    """Send that many requests, by clients that keep their connections and take turns."""
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(_client(port, count // CLIENTS + 1) for _ in range(CLIENTS)))


async def _client(port: int, count: int) -> None:
    reader, writer = await asyncio.open_connection(LOOPBACK, port)
    for _ in range(count):
        writer.write(REQUEST)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise OSError(head.splitlines()[0].decode())
        await reader.readexactly(2)
    writer.close()


async def until_it_answers(process: psutil.Process, port: int) -> None:
    """Return when Caddy listens.

    Raises:
        OSError: it has ended.
    """
    while True:
        with contextlib.suppress(ConnectionRefusedError):
            _, writer = await asyncio.open_connection(LOOPBACK, port)
            writer.close()
            return
        if process.status() == psutil.STATUS_ZOMBIE:
            raise OSError("Caddy ended before it answered.")
        await asyncio.sleep(0.02)


def used(process: psutil.Process) -> float:
    """Seconds of processor time that a process has used; in microseconds where the system tells."""
    with contextlib.suppress(OSError, ValueError):
        files = Path(f"/proc/{process.pid}/task").glob("*/schedstat")
        return sum(int(file.read_text().split()[0]) for file in files) * NANO or _coarse(process)
    return _coarse(process)


def _coarse(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


async def measure(wanted: dict[str, Any]) -> None:
    """Write a line for each figure: policy, upstreams, microseconds a request."""
    dials = await listen(max(wanted["upstreams"]))
    cells = [(p, size) for size in wanted["upstreams"] for p in wanted["policies"]]
    ports = [Port() for _ in cells]
    sites = [(port.number, p, dials[:n]) for port, (p, n) in zip(ports, cells, strict=True)]
    requests = wanted["requests"]
    with caddy(wanted, configuration(sites)) as process:
        for port in ports:
            await until_it_answers(process, port.number)
        for (_, size), port in zip(cells, ports, strict=True):
            await ask(port.number, WARM * size)
        for _ in range(wanted["rounds"]):
            for (policy, size), port in zip(cells, ports, strict=True):
                before = used(process)
                await ask(port.number, requests)
                spent = (used(process) - before) / (requests // CLIENTS + 1) / CLIENTS
                print(json.dumps([policy, size, spent * 1e6]), flush=True)


def main() -> None:
    """Measure what the first line asks for."""
    wanted = json.loads(sys.stdin.readline())
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(measure(wanted))


if __name__ == "__main__":
    main()
