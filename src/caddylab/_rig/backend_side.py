"""A lab from the side of its backends: what breaks, and what Caddy thinks of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from caddylab._border import Seconds, border
from caddylab._errors import LabError, WaitTimeout
from caddylab._machine.waiting import poll
from caddylab._records import Span
from caddylab._rig.backends.backend import Backend
from caddylab._rig.backends.backends import Backends
from caddylab._rig.backends.names import Names
from caddylab._rig.lab_side import LabSide
from caddylab._traffic import tables

if TYPE_CHECKING:
    import pandas as pd

PATIENCE = 60.0
WAITS = {"started": (), "ready": ("ready",), "healthy": ("ready", "healthy")}
"""What a rolling restart can wait for, and how each backend is asked about it."""


@border(LabError)
class BackendSide(LabSide):
    """The backends, their faults, and Caddy's opinions of them."""

    def backend(self, number: int | str) -> Backend:
        """One of the backends.

        Args:
            number: counted from 1; or the upstream's address in the Caddyfile in force, such as
                "app:3000".

        Raises:
            LabError: there is no such backend.
        """
        self._need_open()
        return self.stack.fleet.find(number)

    @property
    def numbers(self) -> dict[str, int]:
        """Which backend stands for which upstream of the Caddyfile in force."""
        return dict(self.stack.fleet.numbers)

    @property
    def names(self) -> Names:
        """The lab's name server, which Caddyfiles with dynamic upstreams ask."""
        return self.stack.fleet.names

    @property
    def backends(self) -> Backends:
        """All backends; shown, a line for each says how it is and what Caddy thinks of it."""
        return Backends(self.stack.fleet.backends)

    def rolling_restart(
        self,
        down_for: Seconds = 0.3,
        *,
        ready_after: Seconds = 0.0,
        wait: str = "ready",
        pause: Seconds = 0.0,
        kill: bool = False,
    ) -> None:
        """Restart one backend after the other, as a deploy does.

        Args:
            down_for: seconds for which each is away.
            ready_after: seconds after its start during which each is not ready: it answers 503.
            wait: what to wait for before the next one is restarted: "started", its process
                answers; "ready", it serves; "healthy", Caddy considers it healthy as well.
            pause: further seconds to wait after that.
            kill: end them with SIGKILL; else with SIGTERM.

        Raises:
            FaultError: one of them is down already.
            WaitTimeout: one of them does not reach that state in time.
        """
        if wait not in WAITS:
            raise LabError(f"A rolling restart waits for {' or '.join(WAITS)}, not {wait!r}.")
        for backend in self.backends:
            backend.restart(down_for, ready_after=ready_after, kill=kill)
            for word in WAITS[wait]:
                self._await_word(backend, word)
            poll(lambda: self.closed, pause)

    def _await_word(self, backend: Backend, word: str) -> None:
        def met() -> object:
            return self.closed or getattr(backend, word)

        by_caddy = word == "healthy"
        if not poll(self.stack.heeding(met) if by_caddy else met, PATIENCE, 0.02):
            raise WaitTimeout(f"{backend!r} did not become {word} within {PATIENCE:g} s.")

    def restore(self) -> None:
        """Undo every fault; all backends are up and well afterwards."""
        self._need_open()
        self.stack.fleet.restore()

    @property
    def faults(self) -> list[Span]:
        """Every fault of this lab, with its beginning and end (Unix time).

        A backend that the lab did not end, killed from outside perhaps, is among them: "died".
        """
        self.stack.fleet.look()
        return list(self.stack.fleet.spans)

    @property
    def opinions(self) -> list[Span]:
        """Caddy's opinions of the backends, each with its beginning and end (Unix time).

        The `kind` is "unhealthy" (by its checks), "failed" (by failures that it remembers) or
        "full"; `proxy` names the proxies that held the opinion, where not all did.
        """
        self.stack.journal.catch_up()
        return list(self.stack.journal.opinions.spans)

    def timeline(self) -> pd.DataFrame:
        """Faults and Caddy's opinions beside each other; seconds since the lab was ready."""
        ready, faults, opinions = self.stack.ready, self.faults, self.opinions
        return tables.shown(tables.timeline(ready, faults, opinions))
