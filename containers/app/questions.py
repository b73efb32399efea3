"""A name server's side of UDP."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from dnslib import DNSError, DNSRecord


class Answering(asyncio.DatagramProtocol):
    """Answers each question independently; what is not a question gets no answer."""

    def __init__(self) -> None:
        self._transport: Any = None
        self._answering: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport to answer through."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        """Answer a question."""
        task = asyncio.create_task(self._answer(data, addr))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)

    async def _answer(self, data: bytes, addr: Any) -> None:
        with contextlib.suppress(DNSError):
            if reply := await self.reply(DNSRecord.parse(data)):
                self._transport.sendto(reply.pack(), addr)

    async def reply(self, question: DNSRecord) -> DNSRecord | None:
        """The answer to a question; None to give none."""
        raise NotImplementedError
