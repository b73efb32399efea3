"""The course's backend, and the lab's name server, as one program.

Importing the package reads nothing from its surroundings and imports nothing that takes long:
a name server needs no FastAPI. One process can import `backend` once and fork many backends.
"""

from __future__ import annotations

import os
import socket

from .binding import bind

__all__ = ["bind", "run"]


def run(bound: socket.socket) -> None:
    """Be a backend until SIGTERM, at a socket that is bound to its address.

    With `NAMES_ADDRESS` in the environment, be the lab's name server.
    """
    if os.environ.get("NAMES_ADDRESS"):
        from . import names as role
    else:
        from . import backend as role
    role.run(bound)
