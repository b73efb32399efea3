"""The lab's own name server: it knows the lab's backends, and asks nobody.

It answers over UDP from its zone, which is set over HTTP with the lab's secret. Where the lab runs
in containers, these also ask it for each other's names (`front`).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator

import uvicorn
from dnslib import QTYPE, RCODE, RR, SRV, A, DNSRecord
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from .front import address, stand_before
from .graceful import Graceful
from .guard import Guard
from .params import explained
from .questions import Answering
from .settings import Settings

ADDRESS = "NAMES_ADDRESS"
"""Environment variable: the address that it answers at, such as "0.0.0.0:5353"."""
FRONT, PODMAN = "NAMES_FRONT", "NAMES_PODMAN"
"""Environment variables: where containers ask it, and where Podman's own is; both or neither."""
LIFE = 1
"""Seconds for which an answer may be cached."""


class Zone(BaseModel):
    """What it knows; names are in lower case and without the last dot.

    Attributes:
        addresses: the addresses of each name.
        services: the targets of each service, with their ports.
        seconds: how long each answer takes.
        silent: whether it gives no answers at all.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    addresses: dict[str, list[str]] = {}
    services: dict[str, list[tuple[str, int]]] = {}
    seconds: float = Field(default=0, ge=0, le=600)
    silent: bool = False

    def answer(self, question: DNSRecord) -> DNSRecord:
        """The answer to a question; for an unknown name, that there is none."""
        reply = question.reply()
        asked, kind = question.q.qname, QTYPE.get(question.q.qtype)
        name = str(asked).rstrip(".").lower()
        if not (self.addresses.get(name) or self.services.get(name)):
            reply.header.rcode = RCODE.NXDOMAIN
        if kind == "A":
            for address in self.addresses.get(name, ()):
                reply.add_answer(RR(asked, QTYPE.A, rdata=A(address), ttl=LIFE))
        if kind == "SRV":
            for target, port in self.services.get(name, ()):
                record = SRV(priority=1, weight=1, port=port, target=target)
                reply.add_answer(RR(asked, QTYPE.SRV, rdata=record, ttl=LIFE))
        return reply


class NameServer(Answering):
    """Answers from its zone."""

    def __init__(self) -> None:
        super().__init__()
        self.zone = Zone()

    async def reply(self, question: DNSRecord) -> DNSRecord | None:
        """The zone's answer, after the time that it takes."""
        zone = self.zone
        if zone.silent:
            return None
        await asyncio.sleep(zone.seconds)
        return zone.answer(question)


def run(bound: socket.socket) -> None:
    """Run a name server until SIGTERM; its zone is set through the socket `bound`."""
    settings = Settings.from_environment(os.environ)
    app = _control(NameServer())
    guard = Guard(app, settings.control_secret, settings.control_instance)

    async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
        await (guard if scope["type"] == "http" else app)(scope, receive, send)

    config = uvicorn.Config(guarded, log_level="warning", proxy_headers=False, ws="none")
    Graceful(config).run(sockets=[bound])


def _control(server: NameServer) -> Starlette:
    @contextlib.asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: server, local_addr=address(os.environ[ADDRESS])
        )
        front, podman = os.environ.get(FRONT), os.environ.get(PODMAN)
        open_ones = [transport, *(await stand_before(podman, front) if podman and front else [])]
        app.state.port = transport.get_extra_info("sockname")[1]
        yield
        for each in open_ones:
            each.close()

    async def ready(request: Request) -> Response:
        return JSONResponse({"port": request.app.state.port})

    async def put_zone(request: Request) -> Response:
        try:
            server.zone = Zone.model_validate_json(await request.body())
        except ValidationError as error:
            return JSONResponse({"detail": explained(error).detail}, 422)
        return JSONResponse(server.zone.model_dump())

    routes = [Route("/ready", ready), Route("/zone", put_zone, methods=["PUT"])]
    return Starlette(routes=routes, lifespan=life)
