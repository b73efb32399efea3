"""Every packet in this network namespace: a lab's containers are on a bridge in it."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
from collections.abc import Callable, Iterator

ALL = 0x0003
ROOM = 8 << 20
"""Bytes of buffer for packets that wait to be read, so that none is dropped."""

NEAR = ("127.0.0.0/8", "10.0.0.0/8", "224.0.0.0/4", "255.255.255.255/32", "0.0.0.0/32")
"""This machine, the networks of containers, and multicast and broadcast on these."""


@contextlib.contextmanager
def each_packet(note: Callable[[bytes], object]) -> Iterator[None]:
    """Call `note` with each packet during the block."""
    ended = threading.Event()
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ALL)) as all_packets:
        all_packets.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, ROOM)
        all_packets.settimeout(0.1)

        def listen() -> None:
            """Read until no packet is left: a busy machine reads them late."""
            while True:
                try:
                    note(all_packets.recv(1 << 16))
                except TimeoutError:
                    if ended.is_set():
                        return

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


@contextlib.contextmanager
def strangers() -> Iterator[set[str]]:
    """The addresses outside this machine to which IPv4 packets are sent during the block."""
    near = [ipaddress.ip_network(each) for each in NEAR]
    seen: set[str] = set()

    def note(packet: bytes) -> None:
        if packet[:1] and packet[0] >> 4 == 4:
            to = ipaddress.ip_address(packet[16:20])
            if not any(to in network for network in near):
                seen.add(str(to))

    with each_packet(note):
        yield seen
