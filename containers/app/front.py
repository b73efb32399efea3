"""The name server that a lab's containers ask, in front of Podman's.

Podman's own forwards every name that it does not know to the machine's, and it can lose queries
while containers come and go: then whoever asked waits for seconds, and so does anybody who asks for
the same name meanwhile. The one in front passes on only the names of containers, again until
answered; for any other name it says at once that there is none. So no query leaves the lab.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from dnslib import QTYPE, RCODE, RR, A, DNSError, DNSRecord

from .questions import Answering

DOMAIN = "dns.podman"
PATIENCE = 0.1
"""Seconds within which Podman's name server answers, if it answers at all."""
TRIES = 25


class Front(Answering):
    """Answers for the containers of a lab.

    Args:
        podman: Podman's name server.
    """

    def __init__(self, podman: Podman) -> None:
        super().__init__()
        self._podman = podman

    async def reply(self, question: DNSRecord) -> DNSRecord:
        """The address of a container; for any other name, that there is none."""
        reply = question.reply()
        name = str(question.q.qname).rstrip(".").lower().removesuffix(f".{DOMAIN}")
        if not name or "." in name:
            reply.header.rcode = RCODE.NXDOMAIN
            return reply
        # With its domain, since Podman's never forwards such a name to another name server.
        found = await self._podman.ask(f"{name}.{DOMAIN}")
        reply.header.rcode = found.header.rcode if found else RCODE.SERVFAIL
        if found and QTYPE.get(question.q.qtype) == "A":
            for address in (r.rdata for r in found.rr if r.rtype == QTYPE.A):
                reply.add_answer(RR(question.q.qname, QTYPE.A, rdata=A(str(address))))
        return reply


class Podman(asyncio.DatagramProtocol):
    """Asks Podman's name server."""

    def __init__(self) -> None:
        self._transport: Any = None
        self._waiting: dict[int, asyncio.Future[DNSRecord]] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport to ask through."""
        self._transport = transport

    async def ask(self, name: str) -> DNSRecord | None:
        """Its answer; None if it gives none, however often it is asked."""
        for _ in range(TRIES):
            with contextlib.suppress(TimeoutError):
                return await asyncio.wait_for(self._once(DNSRecord.question(name)), PATIENCE)
        return None

    async def _once(self, question: DNSRecord) -> DNSRecord:
        number = question.header.id
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            self._transport.sendto(question.pack())
            return await answer
        finally:
            self._waiting.pop(number, None)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """Hand an answer to whoever waits for it."""
        with contextlib.suppress(DNSError):
            record = DNSRecord.parse(data)
            answer = self._waiting.get(record.header.id)
            if answer and not answer.done():
                answer.set_result(record)

    def error_received(self, exc: Exception) -> None:
        """Ignore it: Podman's does not listen while it reloads its names; `ask` tries again."""


async def stand_before(podman: str, here: str) -> list[asyncio.BaseTransport]:
    """Answer at `here` in front of the name server `podman`, both such as "10.89.0.1:53"."""
    loop = asyncio.get_running_loop()
    behind, asking = await loop.create_datagram_endpoint(Podman, remote_addr=address(podman))
    front, _ = await loop.create_datagram_endpoint(lambda: Front(asking), local_addr=address(here))
    return [front, behind]


def address(text: str) -> tuple[str, int]:
    """The host and the port."""
    host, _, port = text.rpartition(":")
    return host, int(port)
