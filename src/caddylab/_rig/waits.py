"""Named waits for experiments, so that no cell has to spell out a condition."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from caddylab._border import Seconds, border
from caddylab._caddy.running.opinions import HEALTHY, UNHEALTHY
from caddylab._errors import LabError
from caddylab._rig.backends.diary import Diary
from caddylab._traffic.traffic import Traffic

if TYPE_CHECKING:
    from caddylab._rig.backends.backend import Backend
    from caddylab._rig.stack import Stack


@border(LabError)
class Waits:
    """Waits with a name. Each returns how many seconds it took, and raises `WaitTimeout`.

    A wait for something that only Caddy can bring about raises `CaddyGone` when Caddy has ended.
    """

    stack: Stack

    if TYPE_CHECKING:

        def backend(self, number: int | str) -> Backend:
            """One of the backends."""

        def wait_until(
            self, condition: Callable[[], object], timeout: Seconds = 60.0, what: str = ""
        ) -> float:
            """Wait for any condition."""

    def wait_until_healthy(self, *numbers: int | str, timeout: Seconds = 60.0) -> float:
        """Wait until backends are healthy in Caddy's opinion.

        Args:
            numbers: the backends', counted from 1, or their names.
            timeout: seconds after which to give up.

        Returns:
            How many seconds it took.

        Raises:
            WaitTimeout: they did not become so in time.
            CaddyGone: Caddy has ended.
        """
        return self._wait_for_opinion(HEALTHY, numbers, timeout)

    def wait_until_unhealthy(self, *numbers: int | str, timeout: Seconds = 60.0) -> float:
        """Wait until Caddy's health checks find backends unhealthy.

        Args:
            numbers, timeout: as for `wait_until_healthy`; so is what it returns and raises.
        """
        return self._wait_for_opinion(UNHEALTHY, numbers, timeout)

    def _wait_for_opinion(self, opinion: str, numbers: tuple[Any, ...], timeout: float) -> float:
        backends = [self.backend(number) for number in numbers]
        names = ", ".join(backend.name for backend in backends)
        return self.wait_until(
            self.stack.heeding(lambda: all(backend.opinion == opinion for backend in backends)),
            timeout,
            f"Caddy takes {names} for {opinion}",
        )

    def wait_for_check(self, number: int | str = 1, since: float = 0.0) -> dict[str, Any]:
        """Wait for a health check of Caddy's at a backend, and return the backend's record of it.

        Args:
            number: the backend's.
            since: Unix time; earlier checks do not count.

        Raises:
            WaitTimeout: there was none within 60 s.
            CaddyGone: Caddy has ended.
        """
        found: list[dict[str, Any]] = []
        diary = Diary(self.backend(number))

        def look() -> bool:
            entries = diary.read()
            found[:] = [e for e in entries if not e["id"] and e["start"] > since]
            return bool(found)

        self.wait_until(self.stack.heeding(look), 60, "a health check")
        return found[0]

    def wait_for_work(self, number: int | str, requests: int = 1) -> float:
        """Wait until a backend (`number`) works on at least that many `requests`.

        Returns:
            How many seconds it took.

        Raises:
            WaitTimeout: it did not within 10 s.
        """
        backend = self.backend(number)
        return self.wait_until(
            lambda: backend.in_flight >= requests, 10, f"{backend.name} works on {requests}"
        )

    def wait_for_requests(self, run: Traffic, more_than: int) -> float:
        """Wait until `run`, in the background, has sent more than `more_than`, or is over.

        Returns:
            How many seconds it took.

        Raises:
            WaitTimeout: it had not within 60 s.
        """
        return self.wait_until(
            lambda: run.done or len(run) > more_than, 60, f"more than {more_than} requests"
        )

    def wait_for_record(self, number: int | str, id: str | Traffic) -> float:
        """Wait until a backend has finished a request, whether or not anybody still waits for it.

        Args:
            number: the backend's.
            id: the request's; of a run, the first request's.

        Returns:
            How many seconds it took.

        Raises:
            WaitTimeout: it had not within 60 s.
        """
        if isinstance(id, Traffic):
            id = f"{id.run.id}-1"
        backend = self.backend(number)
        diary = Diary(backend)
        return self.wait_until(
            lambda: any(entry["id"] == id for entry in diary.read()),
            60,
            f"{backend.name} finishes {id}",
        )
