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
        unix: whether to use a unix socket in place of a port, where those exist.
        certificate: PEM, the key first; for "https" and "h2".
        names: the hosts that it serves over TLS; none = all.
        also: further addresses, besides its own.
        unready: whether it starts unready: it answers 503 until it is told otherwise.
        answers: what it answers from its start on, as JSON; none = the app's own answers.
    """

    protocol: str = "http"
    unix: bool = False
    certificate: str = ""
    names: tuple[str, ...] = ()
    also: tuple[Address, ...] = ()
    unready: bool = False
    answers: str = ""

    def at(self, address: Address) -> Listener:
        """The same listener with this one further address."""
        return dataclasses.replace(self, also=(address,))

    def written(self, socket: str = "") -> bytes:
        """What the backend reads (`containers/app/listener.py`); `socket` is its unix socket."""
        fields = dataclasses.asdict(self) | {"unix": socket if self.unix else ""}
        return json.dumps(fields).encode()


PLAIN = Listener()
FILE = "LISTENER_FILE"
"""Environment variable that tells a backend where its listener is written."""
