"""Steps that the course's experiments repeat, each under a name."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

from caddylab._border import Between, Seconds, border
from caddylab._errors import LabError
from caddylab._look.in_a_row import InARow
from caddylab._rig.backend_side import BackendSide
from caddylab._rig.client_side import ClientSide
from caddylab._rig.waits import Waits
from caddylab._traffic.traffic import Traffic

Crowd = Annotated[int, Between(1, 10_000)]


@border(LabError)
class Experiments(ClientSide, BackendSide, Waits):
    """Whole steps of an experiment; else each would be a loop or a helper in a notebook."""

    if TYPE_CHECKING:

        def pause(self, seconds: Seconds, what: str = "") -> None:
            """Let time pass."""

    def limited(self, at_once: int, *, takes: Seconds = 0.0, queue: int | None = None) -> None:
        """Undo every fault, empty the queues, and give each backend a capacity.

        Args:
            at_once, takes, queue: as for a backend's `limited`.

        Raises:
            FaultError: one of these numbers is not valid.
        """
        self.restore()
        for backend in self.backends:
            backend.limited(at_once, takes=takes, queue=queue)

    def gust(self, crowd: Crowd, *, after: Seconds = 0.5, **steady: Any) -> Traffic:
        """Send a steady load, and in its midst, all at once, a crowd that comes a single time.

        Args:
            crowd: how many.
            after: seconds after the steady load has begun.
            steady: as for `fire`; the crowd has the same patience (`timeout`).

        Returns:
            The records of the steady load alone.

        Raises:
            TrafficError: this cannot be fired; says why.
        """
        run = self.fire(background=True, **steady)
        try:
            self.pause(after, "the crowd comes")
            self.fire(crowd, concurrency=crowd, timeout=steady.get("timeout", 30.0))
        except BaseException:
            run.stop()
            raise
        return run.wait()

    @contextlib.contextmanager
    def in_hand(self, number: int | str, requests: Crowd, path: str) -> Iterator[Traffic]:
        """Have a backend work on `requests` requests when the block of a `with` statement begins.

        Args:
            number: the backend's.
            requests: how many.
            path: what they ask for: a slow page that leads to this backend. The
                end of the block waits for them.

        Raises:
            WaitTimeout: that backend does not get them.
        """
        run = self.fire(requests, concurrency=requests, path=path, background=True)
        try:
            self.wait_for_work(number, requests)
            yield run
        except BaseException:
            run.stop()
            raise
        run.wait()

    def received(self, run: Traffic | None = None) -> int:
        """How many requests, checks included, the backends themselves say they have worked on.

        Args:
            run: count only this run's; a retry counts again.

        Raises:
            FaultError: a backend cannot be asked.
        """
        ids = (str(entry["id"]) for backend in self.backends for entry in backend.requests())
        return sum(id.startswith(f"{run.run.id}-") if run else True for id in ids)

    def receivers(self, run: Traffic, n: int = 1) -> list[int]:
        """The numbers of the backends that have worked on a request of a run.

        Args:
            run: the run.
            n: the number of the request, counted from 1.

        Raises:
            FaultError: a backend cannot be asked.
        """
        id = f"{run.run.id}-{n}"
        told = (b.number for b in self.backends if id in {e["id"] for e in b.requests()})
        return InARow(told)
