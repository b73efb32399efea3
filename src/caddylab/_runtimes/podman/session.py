"""One lab's use of Podman: a service, its own if need be, and the removal of what the lab made."""

from __future__ import annotations

import contextlib
import sys

from caddylab._errors import CaddylabError
from caddylab._runtimes import lab_folder as folders
from caddylab._runtimes.keeper import Keeper
from caddylab._runtimes.podman import service as podman_service
from caddylab._runtimes.podman import sweep as podman_sweep
from caddylab._runtimes.podman.presence import SWEEP_PATIENCE
from caddylab._runtimes.podman.service import Service


class Session:
    """Talks to Podman for one lab; the lab's keeper removes everything if we are killed.

    Args:
        lab_id: the lab's.
        resources: closes what is opened here.

    Attributes:
        service: Podman.
    """

    def __init__(self, lab_id: str, resources: contextlib.ExitStack) -> None:
        found = podman_service.find()
        folder = folders.create(lab_id)
        socket = folder / "podman.sock"
        uri = found or f"unix://{socket}"
        at_end = [sys.executable, "-P", "-m", podman_sweep.__name__, uri, lab_id]
        self._lab_id = lab_id
        resources.callback(folders.ensure_gone, folder)  # in case the keeper is killed
        self._keeper = Keeper(folder, at_end=at_end)
        resources.callback(self._keeper.close)
        folders.leave_to(folder, self._keeper.pid)
        if found is None:
            self._keeper.spawn("podman", podman_service.command(socket))
            podman_service.wait_for(socket, folder / "podman.out")
        self.service, self._sweeper = Service(uri), Service(uri, SWEEP_PATIENCE)
        resources.callback(self.service.close)
        resources.callback(self._sweeper.close)

    def sweep(self) -> None:
        """Remove what was left by labs that are over."""
        with contextlib.suppress(OSError):  # a lab that is closing just now can confuse Podman
            podman_sweep.sweep_orphans(self._sweeper)

    def remove(self) -> None:
        """Remove what this lab has made."""
        with contextlib.suppress(OSError):
            podman_sweep.remove(self._sweeper, self._lab_id)

    def remove_the_rest(self) -> None:
        """Remove what has been made meanwhile; then the keeper has nothing left to do."""
        with contextlib.suppress(OSError, CaddylabError):  # the keeper will try again
            podman_sweep.remove(self._sweeper, self._lab_id)
            self._keeper.nothing_at_end()
