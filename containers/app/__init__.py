"""The course's backend, and the lab's name server, as one program.

Importing the package reads nothing from the environment and imports nothing slow: a name server
needs no FastAPI. One process can import `backend` once and fork many backends.
"""

from __future__ import annotations

import os
import socket

from .binding import bind

__all__ = ["bind", "run"]


def run(bound: socket.socket) -> None:
    """Run a backend on an already bound socket until SIGTERM.

    With `NAMES_ADDRESS` in the environment, run the lab's name server instead.
    """
    if os.environ.get("NAMES_ADDRESS"):
        from . import names as role
    else:
        from . import backend as role
    role.run(bound)
