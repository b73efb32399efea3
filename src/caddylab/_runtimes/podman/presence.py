"""Whether a lab can run in Podman here, and removing what is left there of labs that are over."""

from __future__ import annotations

import os
import shutil

from caddylab._errors import CaddylabError
from caddylab._runtimes.lab_folder import Swept
from caddylab._runtimes.podman import images
from caddylab._runtimes.podman import service as podman_service
from caddylab._runtimes.podman import sweep as podman_sweep

SWEEP_PATIENCE = 30.0
"""Seconds that Podman may take for each answer during a sweep."""


def available() -> tuple[bool, str]:
    """Whether a lab can run here in containers, and one sentence on why (not).

    It takes milliseconds where there is no Podman, and up to some seconds where Podman has no
    images yet and the registry has to be asked.
    """
    try:
        with podman_service.at_hand() as service:
            wanted = images.missing(service.client)
            if not wanted:
                return True, "Podman answers and has the images."
            if images.obtainable(service.client):
                return True, "Podman answers and will get its images first."
    except (CaddylabError, OSError) as error:
        return False, str(error)
    return False, (
        f"Podman lacks {wanted[0]} and reaches no registry; `caddylab install-bundle` can bring it."
    )


def sweep() -> Swept:
    """Remove containers and networks of labs that are over.

    Where there is no Podman there is nothing to remove; one that does not answer is `missed`.
    """
    try:
        with podman_service.at_hand(SWEEP_PATIENCE) as service:
            return Swept(podman_sweep.sweep_orphans(service))
    except (CaddylabError, OSError) as error:
        why = " ".join(str(error).split())
        return Swept(missed=[f"No containers were looked for: {why}"] if expected() else ())


def expected() -> bool:
    """Whether this machine has a Podman, or names one, so that a user would expect containers."""
    return podman_service.VARIABLE in os.environ or shutil.which("podman") is not None
