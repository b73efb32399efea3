"""A socket at an address that the lab chose."""

from __future__ import annotations

import os
import socket

Address = tuple[str, int]


def bind(address: Address) -> socket.socket:
    """A socket that is bound to an address.

    Raises:
        OSError: somebody else has it.
    """
    # With the protocol named, asyncio sends small answers at once (TCP_NODELAY); without it
    # each pays a delayed acknowledgement, 40 ms.
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
