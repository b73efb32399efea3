"""A backend's settings, from its environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """One backend's settings; `control_port` is None without a control channel."""

    backend_id: str
    control_host: str
    control_port: int | None
    control_secret: str
    control_instance: str = ""

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> Settings:
        """Read and check the variables.

        Raises:
            ValueError: one of them is invalid, or only half of the control pair is set.
        """
        secret = environment.get("CONTROL_SECRET", "")
        port = environment.get("CONTROL_PORT", "")
        if bool(secret) != bool(port):
            here, missing = (
                ("CONTROL_SECRET", "CONTROL_PORT") if secret else ("CONTROL_PORT", "CONTROL_SECRET")
            )
            raise ValueError(
                f"{here} is set but {missing} is not: "
                "set both for a control channel, or neither for none"
            )
        return cls(
            backend_id=_backend_id(environment.get("BACKEND_ID") or "Unknown"),
            control_host=environment.get("CONTROL_HOST") or "127.0.0.1",
            control_port=_port(port) if port else None,
            control_secret=secret,
            control_instance=environment.get("CONTROL_INSTANCE", ""),
        )


def _backend_id(text: str) -> str:
    # It ends up in a header's value and in sentences.
    if not re.fullmatch(r"[A-Za-z0-9._-]{1,32}", text):
        raise ValueError(
            f"BACKEND_ID is {text!r}: use 1 to 32 letters, digits, dots, dashes or underscores"
        )
    return text


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise ValueError(f"CONTROL_PORT is {text!r}: use a number from 1 to 65535")
    return int(text)
