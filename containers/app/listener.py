"""Where a backend listens, and what it speaks there."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from .binding import Address


class Listener(BaseModel):
    """What the lab wants a backend to listen to.

    Attributes:
        protocol: "https" is HTTP/1.1 over TLS, "h2" both that and HTTP/2; "h2c" is HTTP/2 without
            TLS, and takes HTTP/1.1, too.
        unix: a unix socket in place of the backend's port.
        also: further addresses.
        certificate: PEM, the key first; needed for "https" and "h2".
        names: the hosts that it serves over TLS; none = all.
        unready: whether it is born so: it answers 503 until it is told otherwise.
        answers: what it answers from its birth on, as JSON.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    protocol: Literal["http", "https", "h2", "h2c", "fastcgi"] = "http"
    unix: str = ""
    also: tuple[Address, ...] = ()
    certificate: str = ""
    names: tuple[str, ...] = ()
    unready: bool = False
    answers: str = ""

    def present(self) -> Listener:
        """What there is to listen to, without what the app is told at its birth alone."""
        return self.model_copy(update={"unready": False, "answers": ""})


PLAIN = Listener()


def written(path: str) -> Listener:
    """The listener that stands in a file; plain HTTP where there is no such file."""
    with contextlib.suppress(FileNotFoundError):
        return Listener.model_validate_json(Path(path).read_bytes())
    return PLAIN
