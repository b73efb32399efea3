"""Where a lab runs: containers or processes."""

from __future__ import annotations

import os

from caddylab._errors import RuntimeUnavailable
from caddylab._runtimes import folder
from caddylab._runtimes.base import Runtime

RUNTIMES = ("auto", "podman", "process")
VARIABLE = "CADDYLAB_RUNTIME"


def choose(name: str, lab_id: str, backends: int) -> tuple[Runtime, str]:
    """The runtime for a new lab, and one sentence on why it is this one.

    `auto` follows the environment variable CADDYLAB_RUNTIME where it is set, takes Podman where
    it works, and else processes.

    Raises:
        RuntimeUnavailable: there is no such runtime, or it cannot run here.
    """
    folder.sweep()
    wanted = os.environ.get(VARIABLE, name) if name == "auto" else name
    if wanted not in RUNTIMES:
        raise RuntimeUnavailable(
            f"There is no runtime {wanted!r}; choose one of {', '.join(map(repr, RUNTIMES))}."
        )
    asks = f"{VARIABLE} asks for {wanted}." if wanted != name else "As you asked."
    if wanted == "process":
        return _process(lab_id, backends), asks
    runtime, why = _podman_or_process(wanted, lab_id, backends)
    return runtime, why if wanted == "auto" else asks


def _podman_or_process(wanted: str, lab_id: str, backends: int) -> tuple[Runtime, str]:
    from caddylab._runtimes import podman

    works, why = podman.available()
    if works:
        podman.sweep()
        return podman.PodmanRuntime(lab_id, backends), why
    if wanted == "podman":
        raise RuntimeUnavailable(f'{why} `Lab(runtime="process")` needs no Podman.')
    return _process(lab_id, backends), f"Not in containers, because: {why}"


def _process(lab_id: str, backends: int) -> Runtime:
    from caddylab._runtimes.process import ProcessRuntime

    return ProcessRuntime(lab_id, backends)
