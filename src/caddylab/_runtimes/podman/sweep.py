"""Removing the containers and networks of a lab: at its end, or when it is found to be over.

Run as a program (`python -m caddylab._runtimes.podman.sweep URI LAB`) it removes one lab: the
keeper does that when the lab's owner has been killed.
"""

from __future__ import annotations

import contextlib
import secrets
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from caddylab._runtimes.lab_folder import base, is_over, owner_mark, place
from caddylab._runtimes.podman.service import Service

LAB = "caddylab.lab"
OWNER = "caddylab.owner"
HOST = "caddylab.host"
FOLDER = "caddylab.folder"
ASKED = "asked-"
"""The prefix of a note that Podman has been asked for something."""
SETTLED = 1.0
"""Seconds without anything new after which nothing more will come: a busy Podman takes a while."""
LATE = 10.0
"""The same if the owner had asked for something and was killed before the answer came."""
CONFUSED = 3.0
"""Seconds of nothing but errors after which Podman's error is believed."""
PATIENCE = 45.0
"""Seconds in all; the keeper gives a sweep a minute."""


def labels(lab_id: str) -> dict[str, str]:
    """The labels of everything in a lab: its id, its owner, and the namespace of the owner's pid.

    Its folder tells whether it is still open.
    """
    return {LAB: lab_id, OWNER: owner_mark(), HOST: place(), FOLDER: str(base() / lab_id)}


@contextlib.contextmanager
def asked(marks: Mapping[str, str]) -> Iterator[None]:
    """Note in the lab's folder, during the block, that Podman makes something with these labels."""
    note = Path(marks[FOLDER]) / f"{ASKED}{secrets.token_hex(4)}"
    note.touch()
    try:
        yield
    finally:
        note.unlink(missing_ok=True)


def orphans(service: Service) -> list[str]:
    """The ids of the labs of this machine that are over."""
    found = {entry[LAB]: entry for entry in _labelled(service) if entry.get(HOST) == place()}
    return [lab_id for lab_id, entry in found.items() if _over(lab_id, entry)]


def sweep_orphans(service: Service) -> list[str]:
    """Remove all labs that are over; returns their ids."""
    removed = orphans(service)
    for lab_id in removed:
        remove_thoroughly(service, lab_id)
    return removed


def _over(lab_id: str, entry: Mapping[str, str]) -> bool:
    folder = Path(entry.get(FOLDER) or base() / lab_id)
    return is_over(folder, entry.get(OWNER, ""))


def remove_thoroughly(service: Service, lab_id: str) -> None:
    """Remove a lab whose owner may have asked for one more container just before it died.

    Listing something that is still being made confuses Podman, so keep asking for a while.

    Raises:
        OSError: Podman cannot be asked.
    """
    began = quiet_since = time.monotonic()
    ill_since: float | None = None
    settled = LATE if any((base() / lab_id).glob(f"{ASKED}*")) else SETTLED
    while time.monotonic() - quiet_since < settled and time.monotonic() - began < PATIENCE:
        try:
            found, ill_since = remove(service, lab_id), None
        except OSError:  # also if something listed, perhaps another lab's, vanishes at that moment
            found, ill_since = True, ill_since or time.monotonic()
            if time.monotonic() - ill_since > CONFUSED:
                raise
        if found:
            quiet_since = time.monotonic()
        time.sleep(0.05)


def remove(service: Service, lab_id: str) -> bool:
    """Remove what there is of a lab, containers in parallel; returns whether there was anything."""
    containers = service.client.containers.list(all=True, filters=[f"label={LAB}={lab_id}"])
    if containers:
        _remove_containers(service, [container.id for container in containers])
    networks = service.client.networks.list(filters={"label": f"{LAB}={lab_id}"})
    for network in networks:
        with contextlib.suppress(OSError):  # another sweep was faster
            network.remove(force=True)
    return bool(containers or networks)


def _remove_containers(service: Service, ids: list[str]) -> None:
    try:
        with ThreadPoolExecutor(len(ids)) as pool:
            list(pool.map(lambda container: remove_container(service, container), ids))
    except RuntimeError:  # the interpreter is ending, and starts no threads any more
        for container in ids:
            remove_container(service, container)


def remove_container(service: Service, container_id: str) -> None:
    """Remove a container, whatever its state; no error if it is gone already."""
    api = service.client.api
    with contextlib.suppress(OSError):
        # Removing alone would first ask the processes to end and give them ten seconds.
        api.post(f"/containers/{container_id}/kill", params={"signal": "SIGKILL"})
        api.delete(f"/containers/{container_id}", params={"force": True, "v": True})


def _labelled(service: Service) -> Iterable[dict[str, str]]:
    client = service.client
    for container in client.containers.list(all=True, filters=[f"label={LAB}"]):
        yield dict(container.attrs["Labels"])
    for network in client.networks.list(filters={"label": LAB}):
        yield dict(network.attrs["labels"])


if __name__ == "__main__":
    remove_thoroughly(Service(sys.argv[1]), sys.argv[2])
