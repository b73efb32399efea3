"""Talks to the app in a backend without the lab's knowledge."""

from __future__ import annotations

from typing import Any

import httpx

from caddylab import Lab
from caddylab._rig.backends.control import Control


def ask(lab: Lab, number: int, method: str, path: str, **options: Any) -> httpx.Response:
    """One request on the control channel of a backend.

    Raises:
        FaultError: the app refuses, nobody answers, or somebody else does.
    """
    runtime = lab.stack.runtime
    control = Control(runtime.units[number - 1], runtime.secret, lambda: "as it is")
    return control.ask(method, path, **options)
