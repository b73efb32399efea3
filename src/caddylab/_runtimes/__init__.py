"""Where a lab runs: containers or processes."""

from __future__ import annotations

import os
from contextlib import ExitStack
from textwrap import shorten

from caddylab._errors import CaddylabError, RuntimeUnavailable
from caddylab._runtimes import lab_folder as folder
from caddylab._runtimes import temporary
from caddylab._runtimes.base import Runtime

RUNTIMES = ("auto", "podman", "process")
VARIABLE = "CADDYLAB_RUNTIME"
NOT_IN_CONTAINERS = "Not in containers:"
NOT_STARTED = "Podman cannot start one here:"
LINE = 125
"""How many characters of a reason a reader takes in at a glance."""
MORE = "; `caddylab doctor` says more."

_failures: list[str] = []
"""Why containers did not start in this process; they are tried once only, since it takes long."""
_told: set[str] = set()
"""The reasons already shown in this process: nobody needs one twice."""


def start(name: str, lab_id: str, backends: int, life: ExitStack) -> tuple[Runtime, str]:
    """Start a runtime for a new lab; also says why it is not in containers, where that surprises.

    `auto` follows the environment variable CADDYLAB_RUNTIME where it is set, uses Podman where
    it works, and otherwise processes, also where containers fail to start. `life` closes it.

    Raises:
        RuntimeUnavailable: there is no such runtime, or it cannot run here.
        StartFailed: something did not become ready; nothing is left running.
    """
    temporary.need_room()
    with temporary.told():
        runtime, why = _start(name, lab_id, backends, life)
    return runtime, _once(why)


def _once(why: str) -> str:
    if why in _told:
        return ""
    _told.add(why)
    return why


def _start(name: str, lab_id: str, backends: int, life: ExitStack) -> tuple[Runtime, str]:
    runtime, why = _choose(name, lab_id, backends)
    life.callback(runtime.close)
    try:
        runtime.start()
    except CaddylabError as error:
        if runtime.name != "podman" or _wanted(name) != "auto":
            raise
        _failures.append(str(error))
        reason = f"{NOT_STARTED} {_cause(_failures[-1])}"
        runtime, why = _process(lab_id, backends), f"{NOT_IN_CONTAINERS} {reason}{MORE}"
        life.callback(runtime.close)
        runtime.start()
    return runtime, why


def _wanted(name: str) -> str:
    return os.environ.get(VARIABLE, name) if name == "auto" else name


def _cause(error: str) -> str:
    """The cause of an error, in a line: programs write what they were doing in front of it."""
    steps = error.partition("\n")[0].rstrip(".)").split(": ")
    while len(steps) > 1 and len(": ".join(steps)) > LINE:
        del steps[0]
    return shorten(": ".join(steps), LINE, placeholder=" …")


def _not_in_containers(why: str) -> str:
    """One line for the reader, however much there is to say."""
    whole = len(why) <= LINE and "\n" not in why
    return f"{NOT_IN_CONTAINERS} {why if whole else _cause(why) + MORE}"


def _choose(name: str, lab_id: str, backends: int) -> tuple[Runtime, str]:
    folder.sweep()
    wanted = _wanted(name)
    if wanted not in RUNTIMES:
        raise RuntimeUnavailable(
            f"There is no runtime {wanted!r}; choose one of {', '.join(map(repr, RUNTIMES))}."
        )
    if wanted == "process":
        return _process(lab_id, backends), ""
    return _podman_or_process(wanted, lab_id, backends)


def _podman_or_process(wanted: str, lab_id: str, backends: int) -> tuple[Runtime, str]:
    from caddylab._runtimes.podman import presence as podman

    if wanted == "auto" and _failures:
        return _process(lab_id, backends), ""
    works, why = podman.available()
    if works:
        from caddylab._runtimes.podman.runtime import PodmanRuntime

        podman.sweep()
        return PodmanRuntime(lab_id, backends), ""
    if wanted == "podman":
        raise RuntimeUnavailable(f'{why} `Lab(runtime="process")` needs no Podman.')
    return _process(lab_id, backends), _not_in_containers(why) if podman.expected() else ""


def _process(lab_id: str, backends: int) -> Runtime:
    from caddylab._runtimes.process import ProcessRuntime

    return ProcessRuntime(lab_id, backends)
