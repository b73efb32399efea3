"""How a lab talks to its name server."""

from __future__ import annotations

import contextlib
from typing import Any

import httpx

from caddylab._errors import FaultError
from caddylab._machine import loopback
from caddylab._machine.waiting import poll
from caddylab._runtimes.base import Address

PATIENCE = 5.0


def names_port(control: Address, secret: str, patience: float) -> int | None:
    """The port at which it answers queries, once it is ready; None if it is not ready in time."""
    found: list[int] = []

    def ready() -> bool:
        with contextlib.suppress(httpx.TransportError, ValueError, LookupError):
            found.append(int(_ask(control, secret, "GET", "/ready").json()["port"]))
        return bool(found)

    return found[0] if poll(ready, patience, interval=0.02) else None


def tell(control: Address, secret: str, zone: dict[str, Any]) -> None:
    """Have the name server answer this from now on.

    Raises:
        FaultError: it does not confirm this.
    """
    try:
        answer = _ask(control, secret, "PUT", "/zone", json=zone)
    except httpx.TransportError as error:
        raise FaultError(
            f"The lab's name server does not answer ({error}). Load the Caddyfile again: that "
            "starts it again."
        ) from error
    if answer.is_error:
        raise FaultError(f"The lab's name server refuses: {answer.text}")


def _ask(control: Address, secret: str, method: str, path: str, **more: Any) -> httpx.Response:
    url = f"http://{control[0]}:{control[1]}"
    headers = {"Authorization": f"Bearer {secret}"}
    with loopback.client(url, headers=headers, timeout=PATIENCE) as client:
        return client.request(method, path, **more)
