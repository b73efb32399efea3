"""Where a backend listens, and which protocol it speaks there."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from .binding import Address


class Listener(BaseModel):
    """What the lab wants a backend to listen to.

    Attributes:
        protocol: "https" is HTTP/1.1 over TLS, "h2" that and HTTP/2; "h2c" is HTTP/2 without TLS,
            and accepts HTTP/1.1, too.
        unix: a Unix socket instead of the backend's port.
        also: further addresses.
        certificate: PEM, the key first; needed for "https" and "h2".
        names: the hosts served over TLS; none = all.
        unready: whether it starts unready: it answers 503 until told otherwise.
        answers: the canned answers that it starts with, as JSON.
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
        """Only what can change while the backend runs, without what applies just to its start."""
        return self.model_copy(update={"unready": False, "answers": ""})


PLAIN = Listener()


def written(path: str) -> Listener:
    """The listener that a file describes; plain HTTP if there is no such file."""
    with contextlib.suppress(FileNotFoundError):
        return Listener.model_validate_json(Path(path).read_bytes())
    return PLAIN
