"""Many cheap upstreams in one process: `python -m benchmarks._fleet COUNT` prints their ports."""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Smallest(asyncio.Protocol):
    """Answers whatever comes, at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where to answer."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """A request; they are small, and come one at a time."""
        self.transport.write(ANSWER)  # type: ignore[attr-defined]


@contextmanager
def fleet(count: int) -> Iterator[list[str]]:
    """So many upstreams that answer at once; yields their addresses."""
    command = [sys.executable, "-m", "benchmarks._fleet", str(count)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout
    try:
        yield [f"127.0.0.1:{port}" for port in json.loads(process.stdout.readline())]
    finally:
        process.kill()
        process.wait()


async def serve(count: int) -> None:
    """Listen at so many ports until the standard input ends."""
    loop = asyncio.get_running_loop()
    servers = [await loop.create_server(Smallest, "127.0.0.1", 0) for _ in range(count)]
    print(json.dumps([server.sockets[0].getsockname()[1] for server in servers]), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(serve(int(sys.argv[1])))
