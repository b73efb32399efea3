"""The name server that containers ask: it loses no question, and passes on none but containers'."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from dnslib import QTYPE, RCODE, RR, A, DNSRecord

CONTAINERS = Path(__file__).parent.parent / "containers"


class Lossy(asyncio.DatagramProtocol):
    """In Podman's place: knows `backend1`, answers every third time only."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        question = DNSRecord.parse(data)
        name = str(question.q.qname)
        self.asked[name] += 1
        if self.asked[name] % 3:
            return
        reply = question.reply()
        if name == "backend1.dns.podman.":
            reply.add_answer(RR(name, QTYPE.A, rdata=A("10.89.0.7")))
        else:
            reply.header.rcode = RCODE.NXDOMAIN
        self.transport.sendto(reply.pack(), addr)


def asked(monkeypatch, *questions):
    """What the front answers, and what it has asked itself."""
    monkeypatch.syspath_prepend(str(CONTAINERS))
    from app.front import stand_before  # type: ignore[import-not-found]

    async def ask():
        loop = asyncio.get_running_loop()
        transport, lossy = await loop.create_datagram_endpoint(Lossy, local_addr=("127.0.0.1", 0))
        podman = "{}:{}".format(*transport.get_extra_info("sockname"))
        front, behind = await stand_before(podman, "127.0.0.1:0")
        with socket.socket(type=socket.SOCK_DGRAM) as client:
            client.setblocking(False)
            client.connect(front.get_extra_info("sockname"))
            answers = []
            for name, kind in questions:
                await loop.sock_sendall(client, DNSRecord.question(name, kind).pack())
                data = await asyncio.wait_for(loop.sock_recv(client, 4096), 10)
                answers.append(DNSRecord.parse(data))
        for each in (front, behind, transport):
            each.close()
        return answers, lossy.asked

    with ThreadPoolExecutor(1) as pool:  # in this thread a browser's loop may run
        return pool.submit(asyncio.run, ask()).result()


@pytest.mark.parametrize("name", ["backend1", "Backend1.dns.podman", "backend1.dns.podman."])
def test_a_container_is_found_even_when_podman_does_not_answer_at_once(monkeypatch, name):
    [answer, six], _ = asked(monkeypatch, (name, "A"), (name, "AAAA"))
    assert [str(record.rdata) for record in answer.rr] == ["10.89.0.7"]
    assert str(answer.rr[0].rname).rstrip(".") == name.rstrip(".")
    assert (six.header.rcode, six.rr) == (RCODE.NOERROR, [])


def test_other_names_are_asked_of_nobody(monkeypatch):
    others = ["example.org", "backend1.example.org", "4.3.2.1.in-addr.arpa", "a.dns.podman.lan"]
    answers, passed_on = asked(monkeypatch, *[(name, "A") for name in [*others, "backend9"]])
    assert {answer.header.rcode for answer in answers} == {RCODE.NXDOMAIN}
    assert set(passed_on) == {"backend9.dns.podman."}
