"""What the sides of a lab share: what is put together, and whether it still lives."""

from __future__ import annotations

import weakref

from caddylab._errors import LabClosed
from caddylab._rig.stack import Stack


class LabSide:
    """One side of a lab: the caddy's, the clients' or the backends'.

    Attributes:
        stack: what the lab is put together of; for what reads or measures a lab from within.
    """

    stack: Stack
    _finalizer: weakref.finalize  # type: ignore[type-arg]

    @property
    def closed(self) -> bool:
        """Whether it has come to its end."""
        return not self._finalizer.alive

    def _need_open(self) -> None:
        if self.closed:
            raise LabClosed("This lab has been closed; make a new one with Lab().")
