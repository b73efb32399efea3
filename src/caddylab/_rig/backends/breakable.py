"""What can be done to one backend so that it does not serve as it should."""

from __future__ import annotations

from typing import Any

from caddylab._border import border
from caddylab._errors import FaultError
from caddylab._rig.backends import spoiling
from caddylab._rig.backends.deeds import Deeds
from caddylab._rig.backends.faults import Fault


@border(FaultError)
class Breakable:
    """One method for each fault; the backend's deeds make them, unless a subclass refuses."""

    _deeds: Deeds

    def stopped(self) -> Fault:
        """Stop it (SIGTERM), as `stop` does: it finishes the requests that it has begun.

        Raises:
            FaultError: it is down already, or still runs afterwards.
        """
        return self._take_down("stopped")

    def killed(self) -> Fault:
        """Kill it (SIGKILL): requests in flight are cut off.

        Raises:
            FaultError: it is down already, or still runs afterwards.
        """
        return self._take_down("killed")

    def hung(self) -> Fault:
        """Freeze it: it accepts connections and never answers.

        Raises:
            FaultError: it is down or silent already.
        """
        return self._silence("hung")

    def partitioned(self) -> Fault:
        """Cut it off: new connections get no answer, old ones stand still.

        Raises:
            FaultError: it is down or silent already.
        """
        return self._silence("partitioned")

    def slow(self, seconds: float, path: str | None = None) -> Fault:
        """Delay every answer.

        Args:
            seconds: by how much, up to 600.
            path: only below this path; None = everywhere.

        Raises:
            FaultError: a value is not valid, or the backend is down or silent.
        """
        return self._spoil("slow", f"{seconds:g} s", spoiling.slow(seconds, path))

    def failing(
        self,
        share: float = 1.0,
        status: int = 500,
        path: str | None = None,
        *,
        first: int | None = None,
    ) -> Fault:
        """Answer a `share` of the requests with `status`.

        Args:
            share: from 0 to 1; chance chooses which.
            status: 200 to 599.
            path: only below this path.
            first: how many requests fail; all later ones are answered well. None = no limit.

        Raises:
            FaultError: a value is not valid, or the backend is down or silent.
        """
        message = spoiling.failing(share, status, path, first)
        which = f"{share:.0%}" if first is None else f"the first {first}"
        return self._spoil("failing", f"{which} {status}", message)

    def unready(self, seconds: float | None = None) -> Fault:
        """Be alive but not ready: answer 503 to everything but `/live`.

        A server does this while it loads its data, or when it has lost its database.

        Args:
            seconds: how long until it is ready, up to 600; None = until the fault is undone.

        Raises:
            FaultError: `seconds` is not a time, or the backend is down or silent.
        """
        detail = "" if seconds is None else f"for {seconds:g} s"
        return self._spoil("unready", detail, spoiling.unready(seconds))

    def truncating(self, path: str | None = None) -> Fault:
        """Announce a longer answer than is sent, and cut it.

        Args:
            path: only below this path; None = everywhere.

        Raises:
            FaultError: `path` is not a path, or the backend is down or silent.
        """
        return self._spoil("truncated", "", spoiling.truncated(path))

    def closes_idle(self, seconds: float) -> Fault:
        """Close an idle connection just when the next request comes on it.

        In production the two cross by chance, where a backend closes idle connections earlier than
        the proxy does; here they always do.

        Args:
            seconds: how long the connection was idle, up to 600.

        Raises:
            FaultError: `seconds` is not a time, or the backend is down or silent.
        """
        return self._spoil("closing", f"{seconds:g} s", spoiling.closing(seconds))

    def limited(self, at_once: int, *, takes: float = 0.0, queue: int | None = None) -> Fault:
        """Work on a few requests at a time; others wait for their turn, first come first served.

        Its capacity is `at_once / takes` requests a second. It works on each that has come,
        even when nobody waits for the answer any more, as most servers do.

        Args:
            at_once: how many requests it works on at a time.
            takes: seconds of work on each of them.
            queue: how many may wait; to whoever comes later it says 503 at once, with
                `Retry-After: 1`. None: as many as come.

        Raises:
            FaultError: a number is not valid, or the backend is down or silent.
        """
        message = spoiling.limited(at_once, takes, queue)
        return self._spoil("limited", spoiling.told(message), message)

    def _take_down(self, kind: str) -> Fault:
        return self._deeds.take_down(kind)

    def _silence(self, kind: str) -> Fault:
        return self._deeds.silence(kind)

    def _spoil(self, kind: str, detail: str, message: dict[str, Any]) -> Fault:
        return self._deeds.spoil(kind, detail, message)
