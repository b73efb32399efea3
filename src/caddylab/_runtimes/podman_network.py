"""A trap of older Podman networks, and the way out of it."""

from __future__ import annotations

import contextlib
import socket
import struct
import sys

GET_ADDRESS, SET_ADDRESS = 0x8927, 0x8924  # SIOCGIFHWADDR, SIOCSIFHWADDR
REQUEST = "16s24s"


def hold_address(bridge: str) -> None:
    """Keep a bridge's hardware address as it is, where this process may do that.

    A bridge takes the lowest address of its ports unless it was given one, and netavark before
    1.9 gives it none. So the address can change whenever a backend starts or dies, and then
    what the others send to this machine, name queries above all, is lost for many seconds.
    """
    if not sys.platform.startswith("linux"):
        return
    from fcntl import ioctl

    with contextlib.suppress(OSError), socket.socket(type=socket.SOCK_DGRAM) as any_socket:
        question = struct.pack(REQUEST, bridge.encode(), b"")
        ioctl(any_socket, SET_ADDRESS, ioctl(any_socket, GET_ADDRESS, question))
