"""What the sides of a lab share: its stack, and whether it has been closed."""

from __future__ import annotations

import weakref

from caddylab._errors import LabClosed
from caddylab._rig.stack import Stack


class LabSide:
    """One side of a lab: Caddy's, the clients', the backends' or the observer's.

    Attributes:
        stack: the parts of the lab; for code that reads or measures a lab from within.
    """

    stack: Stack
    _finalizer: weakref.finalize  # type: ignore[type-arg]

    @property
    def closed(self) -> bool:
        """Whether the lab has been closed."""
        return not self._finalizer.alive

    def _need_open(self) -> None:
        if self.closed:
            raise LabClosed("This lab has been closed; make a new one with Lab().")
