"""A server that ends loses nobody who has just come. All in one event loop: nothing is chance."""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

sys.path.append(str(Path(__file__).parents[1] / "containers"))

from app.door import Door
from app.graceful import Graceful

REQUEST = b"GET / HTTP/1.1\r\nHost: backend\r\n\r\n"
MANY = 30


def run(scene: Callable[[], Coroutine[Any, Any, set[bytes]]]) -> set[bytes]:
    """In a thread of its own: a browser's event loop may run in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(scene())).result()


async def fine(request: object) -> PlainTextResponse:
    return PlainTextResponse("fine")


APP = Starlette(routes=[Route("/", fine)])


def bound() -> socket.socket:
    found = socket.socket()
    found.bind(("127.0.0.1", 0))
    return found


async def begun(listening: socket.socket) -> tuple[Graceful, asyncio.Task[None]]:
    server = Graceful(uvicorn.Config(APP, lifespan="off", log_config=None))
    task = asyncio.create_task(server.serve(sockets=[listening]))
    while not server.started:
        await asyncio.sleep(0.001)
    return server, task


def crowd(address: tuple[str, int]) -> list[socket.socket]:
    """Clients that have sent their requests; nobody has accepted them yet."""
    clients = [socket.create_connection(address) for _ in range(MANY)]
    for client in clients:
        client.sendall(REQUEST)
        client.setblocking(False)
    return clients


async def statuses(clients: list[socket.socket]) -> set[bytes]:
    loop = asyncio.get_running_loop()
    answers = [await asyncio.wait_for(loop.sock_recv(client, 65536), 10) for client in clients]
    for client in clients:
        client.close()
    return {answer[:12] for answer in answers}


def test_who_waits_to_be_accepted_is_answered() -> None:
    async def scene() -> set[bytes]:
        listening = bound()
        server, task = await begun(listening)
        clients = crowd(listening.getsockname())
        server.should_exit = True
        await server.shutdown([listening])
        task.cancel()
        return await statuses(clients)

    assert run(scene) == {b"HTTP/1.1 200"}


def test_who_is_accepted_and_has_not_asked_yet_is_answered() -> None:
    async def scene() -> set[bytes]:
        listening = bound()
        server, task = await begun(listening)
        client = socket.create_connection(listening.getsockname())
        client.setblocking(False)
        while not server.server_state.connections:
            await asyncio.sleep(0)
        ending = asyncio.create_task(server.shutdown([listening]))
        while listening.fileno() != -1:
            await asyncio.sleep(0)
        client.sendall(REQUEST)
        found = await statuses([client])
        await ending
        task.cancel()
        return found

    assert run(scene) == {b"HTTP/1.1 200"}


@pytest.mark.parametrize("protocol", ["http", "h2c"])
def test_whatever_the_second_server_is(protocol: str, tmp_path: Path) -> None:
    """uvicorn, because the backend has a further address, or Hypercorn."""

    async def scene() -> set[bytes]:
        listening, file = bound(), tmp_path / "listener.json"
        address = listening.getsockname()
        with bound() as further:
            also = [further.getsockname()]
        file.write_text(json.dumps({"protocol": protocol, "also": also}))
        door = Door(listening, str(file))
        await door.begin(APP)
        clients = crowd(address)
        await door.close()
        return await statuses(clients)

    assert run(scene) == {b"HTTP/1.1 200"}
