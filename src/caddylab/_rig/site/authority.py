"""Whose certificates the lab's clients take: its own authorities' and no others."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from caddylab._engine.tls import Trust
from caddylab._machine import files

if TYPE_CHECKING:
    from caddylab._caddy.running.admin import Admin
    from caddylab._rig.site.instrument import Prepared

PEM = re.compile(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", re.DOTALL)
"""A certificate; a file may hold its key, too."""


class SiteAuthority:
    """Knows the certificates that Caddy shows now.

    Args:
        admin: this Caddy's admin API.
        folder: the lab's folder on this machine.

    Attributes:
        trust: what clients trust.
        file: the same certificates in a file, for other programs.
    """

    def __init__(self, admin: Admin, folder: Path) -> None:
        self._admin = admin
        self.file = folder / "authority.pem"
        self.trust = Trust([])

    def meet(self, plan: Prepared) -> None:
        """Ask the running Caddy for its roots, if any of its sites shows a certificate.

        A certificate that the Caddyfile brings along is trusted itself: visitors of the live site
        trust its authority.
        """
        if not any(door.secure for door in plan.doors):
            return
        names = plan.config["apps"]["pki"]["certificate_authorities"]
        roots = [self._admin.authority(name) for name in names]
        brought = (files.read(path).decode("latin-1") for path in plan.certificates)
        found = Trust(
            certificate for text in (*roots, *brought) for certificate in PEM.findall(text)
        )
        if found.pem != self.trust.pem:  # else clients can still resume their sessions
            self.trust = found
            self.file.write_text(found.pem)
