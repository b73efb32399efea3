"""What a backend listens to: asked for by a Caddyfile, written down by its runtime."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass

from caddylab._machine.ports import Address


@dataclass(frozen=True)
class Listener:
    """One backend's listener.

    Attributes:
        protocol: "http"; "https", which is HTTP/1.1 over TLS; "h2", which is HTTP/2 as well;
            "h2c", which is HTTP/2 without TLS; or "fastcgi".
        unix: a unix socket in place of a port, where there are such.
        certificate: PEM, the key first; for "https" and "h2".
        names: the hosts that it serves over TLS; none = all.
        also: further addresses, besides its own.
        unready: whether it is born so: it answers 503 until it is told otherwise.
        answers: what it answers from its birth on, as JSON; none = as the app does by itself.
    """

    protocol: str = "http"
    unix: bool = False
    certificate: str = ""
    names: tuple[str, ...] = ()
    also: tuple[Address, ...] = ()
    unready: bool = False
    answers: str = ""

    def at(self, address: Address) -> Listener:
        """The same at this further address, and no other one."""
        return dataclasses.replace(self, also=(address,))

    def written(self, socket: str = "") -> bytes:
        """As the backend reads it (`containers/app/listener.py`); `socket` is its unix socket."""
        fields = dataclasses.asdict(self) | {"unix": socket if self.unix else ""}
        return json.dumps(fields).encode()


PLAIN = Listener()
FILE = "LISTENER_FILE"
"""Environment variable that tells a backend where its listener is written."""
