"""A pitfall of older Podman networks, and the way around it.

A bridge takes the lowest hardware address of its ports unless it was given one, and netavark
before 1.9 gives it none. So the address can change whenever a backend starts or ends, and then
what other containers send to it, name queries above all, is lost for many seconds.

Run as a program (`podman_network.py BRIDGE`) it holds one address.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import struct
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from caddylab._runtimes.podman.service import Service

GET_ADDRESS, SET_ADDRESS = 0x8927, 0x8924  # SIOCGIFHWADDR, SIOCSIFHWADDR
REQUEST = "16s24s"
CURED = (5,)
"""Podman that comes with a netavark of 1.9 or newer."""


def hold_address(bridge: str) -> None:
    """Pin a bridge's present hardware address, if this process is allowed to."""
    if not sys.platform.startswith("linux"):
        return
    from fcntl import ioctl

    with contextlib.suppress(OSError), socket.socket(type=socket.SOCK_DGRAM) as any_socket:
        question = struct.pack(REQUEST, bridge.encode(), b"")
        ioctl(any_socket, SET_ADDRESS, ioctl(any_socket, GET_ADDRESS, question))


def hold_rootless_address(service: Service, bridge: str) -> None:
    """The same for rootless Podman, whose bridges are in a namespace of their own.

    Containers talk to such a bridge for name queries alone, so this may happen when several
    are up. It takes a few tenths of a second, so it is only done where it is needed.
    """
    from caddylab._machine.environ import (
        inherited,
    )  # imported here: the command below runs this file on its own

    podman = shutil.which("podman")
    if not sys.platform.startswith("linux") or os.geteuid() == 0 or podman is None:
        return
    if service.version < CURED:
        command = [podman, "unshare", "--rootless-netns", sys.executable, __file__, bridge]
        local = inherited()
        local.pop("CONTAINER_HOST", None)
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            subprocess.run(command, env=local, timeout=10, capture_output=True, check=False)


if __name__ == "__main__":
    hold_address(sys.argv[1])
