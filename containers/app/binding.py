"""Binding a socket to an address that the lab chose."""

from __future__ import annotations

import os
import socket

Address = tuple[str, int]


def bind(address: Address) -> socket.socket:
    """Return a socket that is bound to the address.

    Raises:
        OSError: the address is in use.
    """
    # If the protocol is named, asyncio sets TCP_NODELAY and small answers go out at once; if not,
    # each waits 40 ms for a delayed acknowledgement.
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":  # on Windows it would let two programs share the port
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "SO_REUSEPORT"):  # the lab may have reserved the port
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        bound.bind(address)
    except OSError:
        bound.close()
        raise
    return bound
