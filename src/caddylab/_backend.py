"""One backend as a notebook holds it: `lab.backend(2)`."""

from __future__ import annotations

from typing import Any

import httpx

from caddylab import _faults, _loopback
from caddylab._deeds import Deeds
from caddylab._errors import FaultError
from caddylab._faults import Fault
from caddylab._journal import FAILED, UNHEALTHY, Journal
from caddylab._records import Span
from caddylab._runtimes.base import INSTANCE_HEADER, Unit


class Backend:
    """One instance of the app behind Caddy.

    Every fault takes effect at once. Use it in a `with` block to have it mended at the block's
    end, or call `restore()`.
    """

    candid = True
    """Whether it tells what we made of it; in a game it does not."""

    def __init__(self, unit: Unit, secret: str, journal: Journal, spans: list[Span]) -> None:
        self.number = unit.number
        self._unit, self._journal = unit, journal
        self._headers = {"Authorization": f"Bearer {secret}"}
        self._deeds = Deeds(unit, spans, self._control)

    @property
    def state(self) -> str:
        """How it is: "up", or the names of its faults; "died" if it ended without us."""
        self.look()
        return self._deeds.state

    @property
    def faults(self) -> list[Fault]:
        """The faults in force when it was last looked at, the oldest first."""
        return self._deeds.book.active()

    def look(self) -> None:
        """Note what has become of it without us: that it was killed from outside, above all."""
        self._deeds.look()

    @property
    def healthy(self) -> bool:
        """Whether Caddy would send it a request: neither check nor memory speaks against it.

        A Caddy that has ended sends nobody anything.
        """
        self._journal.catch_up()
        return self._journal.caddy_runs() and not any(
            self._journal.opinion(self.number, kind) for kind in (UNHEALTHY, FAILED)
        )

    @property
    def opinion(self) -> str:
        """Caddy's opinion in a word: "healthy", "unhealthy" (active check), "failed" (passive).

        It is "unknown" when Caddy has ended.
        """
        self._journal.catch_up()
        if not self._journal.caddy_runs():
            return "unknown"
        kinds = [kind for kind in (UNHEALTHY, FAILED) if self._journal.opinion(self.number, kind)]
        return ", ".join(kinds) or "healthy"

    @property
    def in_flight(self) -> int:
        """How many requests Caddy has under way at it (its counter is read every 0.1 s)."""
        self._journal.catch_up()
        return self._journal.in_flight.get(self.number, 0)

    def stop(self) -> None:
        """Stop it as `podman stop` does: it finishes what it has begun, then it is gone."""
        self._take_down("stopped")

    def kill(self) -> None:
        """Kill it (SIGKILL): what it had begun is lost."""
        self._take_down("killed")

    def start(self) -> None:
        """Start it again, and return once it answers. Other faults stay in force."""
        self._deeds.start()

    def crashed(self) -> Fault:
        """Stop it (SIGTERM), as the article's crash test does."""
        return self._take_down("crashed")

    def killed(self) -> Fault:
        """Kill it (SIGKILL): requests in flight are cut off."""
        return self._take_down("killed")

    def hung(self) -> Fault:
        """Freeze it: it accepts connections and never answers."""
        return self._silence("hung")

    def partitioned(self) -> Fault:
        """Cut it off: new connections get no answer, old ones stand still."""
        return self._silence("partitioned")

    def slow(self, seconds: float, path: str | None = None) -> Fault:
        """Delay every answer by `seconds`; with `path`, only below that path."""
        return self._spoil("slow", f"{seconds:g} s", _faults.slow(seconds, path))

    def failing(self, share: float = 1.0, status: int = 500, path: str | None = None) -> Fault:
        """Answer a `share` of the requests with `status`; with `path`, only below that path."""
        return self._spoil("failing", f"{share:.0%} {status}", _faults.failing(share, status, path))

    def restore(self) -> None:
        """Undo all its faults, and whatever else it suffers; it is up and well afterwards."""
        self._deeds.restore()

    def renew(self) -> None:
        """Undo all its faults, and start it again if it still works on something.

        What its clients have left behind would go on for up to a minute, and could make the
        next ones wait.
        """
        self._deeds.renew()

    def requests(self) -> list[dict[str, Any]]:
        """What the backend itself says it has executed (its last 20,000 requests).

        Each has `id`, `method`, `path`, `start` (Unix time), `duration` (seconds), `status`.
        """
        return list(self.diary(0)["requests"])

    def diary(self, since: int) -> dict[str, Any]:
        """What it has executed from number `since` on ("requests"), and the "next" number."""
        answer: dict[str, Any] = self._control("GET", "/requests", params={"since": since}).json()
        return answer

    def __repr__(self) -> str:
        opinion = self.opinion
        said = "Caddy has ended" if opinion == "unknown" else f"Caddy says: {opinion}"
        return f"<backend {self.number}: {self.state}; {said}>"

    def _take_down(self, kind: str) -> Fault:
        return self._deeds.take_down(kind)

    def _silence(self, kind: str) -> Fault:
        return self._deeds.silence(kind)

    def _spoil(self, kind: str, detail: str, message: dict[str, Any]) -> Fault:
        return self._deeds.spoil(kind, detail, message)

    def _control(
        self, method: str, path: str, *, timeout: float = 5, **kwargs: Any
    ) -> httpx.Response:
        """Ask the control channel.

        Raises:
            FaultError: it refuses, nobody answers, or somebody else does.
        """
        host, port = self._unit.control
        url = f"http://{host}:{port}"
        try:
            with _loopback.client(url, headers=self._headers, timeout=timeout) as client:
                answer = client.request(method, path, **kwargs)
        except httpx.HTTPError as error:
            raise FaultError(
                f"Backend {self.number} ({self._deeds.state}) does not listen to its control "
                f"channel: {error}. Restore it first: lab.backend({self.number}).restore()"
            ) from error
        return self._checked(answer)

    def _checked(self, answer: httpx.Response) -> httpx.Response:
        if answer.headers.get(INSTANCE_HEADER, "") != self._unit.instance:
            raise FaultError(
                f"Another process than backend {self.number} answers at its address, "
                f"{answer.url.netloc.decode()}. End it, or close this lab and make a new one."
            )
        if answer.is_error:
            raise FaultError(f"Backend {self.number} refuses: {answer.text}")
        return answer
