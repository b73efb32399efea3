"""An objective, the error budget that it leaves, and how fast the budget burns by a log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from caddylab._border import Between, Seconds, border
from caddylab._errors import TrafficError
from caddylab._machine.late import ensure
from caddylab._records import Outcome
from caddylab._traffic.tables import shown
from caddylab._traffic.traffic import Traffic

if TYPE_CHECKING:
    import pandas as pd

    Log = pd.DataFrame | Traffic

    from caddylab._charts.parts.theme import Picture

LEAST = 10
"""How many lines a window needs to mean something: one bad line in ten is no reason to ring."""
NEEDED = {"at", "status", "duration"}


@border(TrafficError)
class Objective:
    """A promise: which share of the requests is good. The rest, up to 1, is the error budget.

    Args:
        share: the share of good requests, such as 0.99.
        within: seconds after which an answer is late, and bad; None = however late.
        errors: the lowest status that is bad; 499 (the client has left) counts as late only.

    Raises:
        TrafficError: a value is not a valid share, time or status.
    """

    def __init__(
        self,
        share: Annotated[float, Between(0.5, 0.99999)] = 0.99,
        within: Seconds | None = None,
        errors: Annotated[int, Between(400, 599)] = 500,
    ) -> None:
        self.share, self.within, self.errors = share, within, errors

    def bad(self, log: Log) -> pd.Series[bool]:
        """Which lines of an access log report a bad request.

        Args:
            log: as `lab.log()` returns it; or a run, as its clients saw it.

        Raises:
            TrafficError: it is no access log.
        """
        log = _lines(log)
        if missing := NEEDED - set(log.columns):
            raise TrafficError(f"This is no access log: it has no {', '.join(sorted(missing))}.")
        left = log["status"] == 499
        bad = (log["status"] >= self.errors) & ~left
        return bad if self.within is None else bad | (log["duration"] > self.within)

    def burn_rate(self, log: Log) -> float:
        """How fast the lines of `log` burn the budget: 1 = just used up at the end.

        Raises:
            TrafficError: it is no access log.
        """
        bad = self.bad(log)
        return 0.0 if bad.empty else round(float(bad.mean()) / (1 - self.share), 6)

    def burning(self, log: Log, window: Seconds = 1.0) -> pd.DataFrame:
        """The burn rate over time: at each line of `log`, that of the `window` seconds before it.

        Returns:
            One row a line: `at` (seconds), `burn_rate`, and `lines`, how many the window has.

        Raises:
            TrafficError: it is no access log.
        """
        ensure("pandas")
        import pandas as pd

        lines = _lines(log).sort_values("at")
        times = lines["at"].astype("float64")
        bad = pd.Series(self.bad(lines).to_numpy("float64"), index=pd.to_timedelta(times, unit="s"))
        moving = bad.rolling(pd.Timedelta(seconds=window))
        return shown(pd.DataFrame({
            "at": times.to_numpy(),
            "burn_rate": moving.mean().to_numpy() / (1 - self.share),
            "lines": moving.count().to_numpy().astype(int),
        }))  # fmt: skip

    def rings(self, log: Log, burn: float = 10.0, window: Seconds = 1.0) -> float | None:
        """When an alert rings: as soon as a window burns faster than `burn`.

        Args:
            log: as for `bad`.
            burn: the burn rate beyond which it rings.
            window: seconds over which the rate is taken; ten lines at least.

        Returns:
            The `at` of the line that makes it ring; None if it stays silent.

        Raises:
            TrafficError: it is no access log.
        """
        burning = self.burning(log, window)
        loud = burning[(burning["burn_rate"] > burn) & (burning["lines"] >= LEAST)]
        return None if loud.empty else float(loud["at"].iloc[0])

    def loud(self, log: Log, *windows: Seconds, burn: float = 10.0) -> list[float]:
        """Those of several windows over which an alert rings.

        Args:
            log: as for `bad`.
            windows: seconds over which a rate is taken.
            burn: the burn rate beyond which it rings.

        Raises:
            TrafficError: it is no access log.
        """
        return [window for window in windows if self.rings(log, burn, window) is not None]

    def by_upstream(self, log: pd.DataFrame) -> pd.DataFrame:
        """One row an upstream: how many lines, how long the requests took, how fast they burn.

        Times are seconds, and shown with their unit.

        Args:
            log: as `lab.log()` returns it.

        Raises:
            TrafficError: the log does not name upstreams; `log_append upstream
                {rp.upstream.hostport}` makes it.
        """
        if "upstream" not in log.columns:
            raise TrafficError(
                "This log does not say which upstream answered. Add this line to the site: "
                "`log_append upstream {rp.upstream.hostport}`."
            )
        ensure("pandas")
        import pandas as pd

        from caddylab._traffic.timed import TimedFigures

        apart = dict(list(log.groupby("upstream"))) | {"all": log}
        told = pd.DataFrame({name: self._told(lines) for name, lines in apart.items()}).T
        return TimedFigures(told.astype({"requests": int, "bad": int}))

    def _told(self, log: pd.DataFrame) -> dict[str, float]:
        took = log["duration"]
        return {
            "requests": len(log), "mean": round(float(took.mean()), 4),
            "p50": round(float(took.quantile(0.5)), 4), "p99": round(float(took.quantile(0.99)), 4),
            "bad": int(self.bad(log).sum()), "burn_rate": round(self.burn_rate(log), 1),
        }  # fmt: skip

    def chart(self, log: Log, *windows: float, burn: float = 10.0) -> Picture:
        """A picture of the burn rate over time, with the line beyond which an alert rings.

        Args:
            log: as for `bad`.
            windows: seconds; a curve for each. Half a second and two, if there is none.
            burn: the burn rate at which that line is.

        Raises:
            TrafficError: it is no access log.
        """
        ensure("caddylab._charts.burning")
        from caddylab._charts.burning import burning

        curves = {f"{w:g} s": self.burning(log, w) for w in windows or (0.5, 2.0)}
        return burning(curves, burn)

    def __repr__(self) -> str:
        late = "" if self.within is None else f" within {self.within:g} s"
        return f"<Objective: {self.share:.4g} below {self.errors}{late}>"


def _lines(log: Log) -> pd.DataFrame:
    """A run as an access log shows it: a line where a request ends, 499 for a client that left."""
    if not isinstance(log, Traffic):
        return log
    ensure("pandas")
    import pandas as pd

    ended = [r for r in log.requests if r.sent is not None and r.outcome is not Outcome.PENDING]
    return pd.DataFrame({
        "at": [float(r.sent or 0) + r.latency for r in ended],
        "status": [r.status or 499 for r in ended],
        "duration": [r.latency for r in ended],
    })  # fmt: skip


@border(TrafficError)
def histogram_quantile(q: Annotated[float, Between(0, 1)], metric: pd.DataFrame) -> float:
    """What Prometheus's function of that name makes of a histogram: a guess from its buckets.

    Args:
        q: 0.99 for the 99th percentile.
        metric: as `lab.metrics("…_seconds")` returns it.

    Returns:
        Seconds, as if the requests were spread evenly over the bucket.

    Raises:
        TrafficError: it is no histogram.
    """
    if "le" not in metric.columns:
        raise TrafficError("This is no histogram: it has no buckets, which have a label `le`.")
    buckets = metric.dropna(subset=["le"]).assign(le=lambda rows: rows["le"].astype(float))
    counts = buckets.groupby("le")["value"].sum()
    wanted, below, before = q * counts.iloc[-1], 0.0, 0.0
    for edge, count in counts.items():
        if count >= wanted:
            inside = (wanted - before) / (count - before) if count > before else 0.0
            top = float(str(edge))
            return below if top == float("inf") else below + (top - below) * inside
        below, before = float(str(edge)), count
    return below
