"""The control channel of a backend: a second listener of the app that only the lab can use."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx

from caddylab._errors import FaultError
from caddylab._machine import loopback
from caddylab._machine.undisturbed import undisturbed
from caddylab._runtimes.base import INSTANCE_HEADER, Unit


class Control:
    """Asks one backend's app, and makes sure that it is the one that answers.

    Args:
        unit: the backend's process.
        secret: the secret that the app asks for.
        state: returns the backend's state in words.

    Attributes:
        number: the backend's.
    """

    def __init__(self, unit: Unit, secret: str, state: Callable[[], str]) -> None:
        self.number = unit.number
        self._unit, self._state = unit, state
        self._headers = {"Authorization": f"Bearer {secret}"}

    def ask(self, method: str, path: str, *, timeout: float = 5, **options: Any) -> httpx.Response:
        """Send one request.

        Args:
            method: of HTTP.
            path: "/faults", "/answers", "/listener" or "/requests".
            timeout: seconds to wait for each part of the answer.
            options: as for `httpx.Client.request`.

        Raises:
            FaultError: the app refuses, nobody answers, or somebody else does.
        """
        host, port = self._unit.control
        url = f"http://{host}:{port}"
        try:
            answer = undisturbed(lambda: self._asked(url, timeout, method, path, options))
        except httpx.HTTPError as error:
            raise FaultError(
                f"Backend {self.number} ({self._state()}) does not listen to its control "
                f"channel: {error}. Restore it first: lab.backend({self.number}).restore()"
            ) from error
        return self._checked(answer)

    def _asked(
        self, url: str, timeout: float, method: str, path: str, options: dict[str, Any]
    ) -> httpx.Response:
        with loopback.client(url, headers=self._headers, timeout=timeout) as client:
            return client.request(method, path, **options)

    def _checked(self, answer: httpx.Response) -> httpx.Response:
        if answer.headers.get(INSTANCE_HEADER, "") != self._unit.instance:
            raise FaultError(
                f"Another process than backend {self.number} answers at its address, "
                f"{answer.url.netloc.decode()}. End it, or close this lab and make a new one."
            )
        if answer.is_error:
            raise FaultError(f"Backend {self.number} refuses: {answer.text}")
        return answer
