"""A lab from the side of its observer: what Caddy reports about itself, as in production."""

from __future__ import annotations

from typing import TYPE_CHECKING

from caddylab._border import border
from caddylab._caddy.running.exposition import samples
from caddylab._errors import LabError
from caddylab._rig.lab_side import LabSide
from caddylab._rig.site.assignment import bare
from caddylab._runtimes.base import BACKEND_PORT
from caddylab._traffic import told
from caddylab._traffic.tables import shown

if TYPE_CHECKING:
    import pandas as pd


@border(LabError)
class WatchSide(LabSide):
    """Metrics, counts and log of the Caddy that runs; nothing here needs the lab's own records."""

    def metrics(self, *names: str) -> pd.DataFrame:
        """What Caddy answers to `GET /metrics` now, without what the lab's own questions cause.

        Args:
            names: of metrics, such as "caddy_reverse_proxy_upstreams_healthy": then there is a
                column for each label. Without a name: all of Caddy's own, with the labels as text.

        Returns:
            One row a line, with its `value`. An upstream has its name in the Caddyfile.

        Raises:
            LabError: Caddy reports no such metric now.
            CaddyGone: Caddy has ended.
        """
        self._need_open()
        site = self.stack.site
        found = list(samples(self.stack.admin.metrics(), site.adapted, site.config))
        wanted = [sample for sample in found if {sample.name, sample.family} & set(names)]
        missing = set(names) - {name for one in wanted for name in (one.name, one.family)}
        if missing:
            there = ", ".join(sorted({sample.family for sample in found})) or "none"
            raise LabError(
                f"Caddy tells no metric {min(missing)!r} now; it tells {there}. Those of HTTP need "
                "`metrics` in the global options, and a first request."
            )
        return told.metrics(wanted if names else found, self._called, short=not names)

    def upstreams(self) -> pd.DataFrame:
        """What Caddy answers to `GET /reverse_proxy/upstreams` now.

        Returns:
            One row an upstream: `address`, `num_requests` (under way) and `fails` (remembered).

        Raises:
            CaddyGone: Caddy has ended.
        """
        self._need_open()
        return told.upstreams(self.stack.admin.upstreams(), self._called)

    def log(self, kind: str = "access") -> pd.DataFrame:
        """The lines of Caddy's log since the Caddyfile in force was loaded.

        The lab always keeps a log; in production the access log needs the directive `log`.

        Args:
            kind: "access" (requests that are over; what `log_append` adds has a column), "error"
                (requests that Caddy itself could not serve) or "health" (its active checks).

        Returns:
            One row a line; `at` is when it was written, in seconds after the load.

        Raises:
            LabError: there is no such kind.
        """
        self._need_open()
        if kind not in told.LOGGERS:
            raise LabError(f"The log has lines of {', '.join(told.LOGGERS)}, not of {kind!r}.")
        journal = self.stack.journal
        return shown(told.log(kind, journal.written(), journal.begun[1], self._called))

    def _called(self, dial: str) -> str:
        """The Caddyfile's name for a dial address."""
        number = self.stack.journal.backend_at(bare(dial))
        if number is None:
            return dial
        own = (name for name, one in self.stack.fleet.numbers.items() if one == number)
        return next(own, f"backend{number}:{BACKEND_PORT}")
