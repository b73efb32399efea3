"""The lab of a check: it works silently beside the learner's own."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from caddylab._engine.clients import Clients
from caddylab._exercises import crowd
from caddylab._rig.backends.backend import Backend
from caddylab._rig.rig import Rig
from caddylab._rig.site.loaded import Loaded
from caddylab._runtimes.base import BACKEND_PORT
from caddylab._traffic.traffic import Traffic

T = TypeVar("T")
LARGEST_SEED = 999


class Bench(Rig):
    """A rig with random choices, in a thread of its own, while the notebook shows a progress bar.

    Args:
        runtime: as for `Rig`.
        backends: as for `Rig`.
        seed: decides what a check leaves to chance; random if not given.

    Attributes:
        loaded: when the Caddyfile in force was loaded (Unix time).
        seed: with the same seed, the next check makes the same choices.
        page: what clients ask for, unless the check says otherwise; None = what a lab asks for.
        first: the first traffic of this check.
        lots: how many choices were made by chance.
        victims: the largest number of candidates from which one was chosen to break.
    """

    loaded = 0.0
    page: str | None = None
    first: Traffic | None = None

    def __init__(self, runtime: str = "auto", backends: int = 2, seed: int | None = None) -> None:
        self.shuffle(seed)
        super().__init__(runtime, backends)
        self.stack.site.strict = True

    def shuffle(self, seed: int | None = None) -> None:
        """Begin the random choices anew."""
        self.seed = random.randint(1, LARGEST_SEED) if seed is None else seed
        self.lots = self.victims = self._turn = 0
        self._random = random.Random(self.seed)

    def any_of(self, choices: Sequence[T], *, breaks: bool = False) -> T:
        """One of them, chosen by chance: nobody can prepare for that one alone.

        Args:
            choices: what to choose from.
            breaks: whether it is to break: a Caddyfile may survive one victim and not another.
        """
        self.lots += 1
        self.victims = max(self.victims, len(choices) if breaks else 0)
        return choices[(self._random.randrange(len(choices)) + self._turn) % len(choices)]

    def any_backend(self) -> Backend:
        """A backend chosen by chance."""
        return self.any_of(self.backends, breaks=True)

    def load(
        self, caddyfile: str | Path, *, allow: Iterable[str | Path] = (), warn: bool = True
    ) -> Loaded:
        """As `Rig.load`, and note the time."""
        self.loaded = time.time()
        return super().load(caddyfile, allow=allow, warn=warn)

    @property
    def rewritten(self) -> list[str]:
        """What backends were asked for where that is not what the client asked for."""
        return list(self.stack.journal.joining.rewritten.values())

    def take(self, *, own: bool, visited: bool) -> None:
        """Treat Caddyfiles as this task does from now on.

        Args:
            own: whether they are somebody's own site, like those of `Lab.of`, or a lesson's.
            visited: whether any page may be asked for, as in a check of a Caddyfile.
        """
        self.stack.site.reading.lenient = own
        self.page = crowd.page(self.seed) if visited else None
        if visited:
            self.stack.sender.clients = self.people(1)
        self.first = None

    def begin(self) -> None:
        """Have Caddy and the clients forget what came until now."""
        self.load(self.caddyfile)
        self.stack.sender.clients = self.people(1)
        self.first = None

    def delay(self, ms: int) -> str:
        """A page that takes about so many milliseconds; which one is left to chance."""
        return crowd.delay(self.seed, ms)

    def people(self, count: int) -> Clients:
        """So many newcomers, at addresses by chance."""
        return crowd.Newcomers(count, self.seed)

    def fire(self, *count: Any, **how: Any) -> Traffic:
        """As `Rig.fire`; the clients of a check are browsers, and ask for its page, unless told."""
        if self.page:
            how["path"] = how.get("path") or self.page
            how.setdefault("clients", crowd.MANY)
            how["headers"] = crowd.BROWSER | dict(how.get("headers") or {})
            how["body"] = crowd.order(self.seed, body) if (body := how.get("body")) else b""
        run = super().fire(*count, **how)
        self.first = self.first or run
        return run

    def renew(self, seed: int | None = None) -> None:
        """Make it as good as new for another check: no faults, no cookies, new random choices."""
        self.shuffle(seed)
        self._clear()

    def turn(self, turn: int) -> None:
        """Make it as good as new for the same check; each choice moves on by so many places."""
        self.lots, self._turn, self._random = 0, turn, random.Random(self.seed)
        self._clear()

    def _clear(self) -> None:
        self.restore()
        self.stack.fleet.spans.clear()
        self.stack.journal.joining.rewritten.clear()
        self.stack.sender.renew()

    def dial(self, number: int) -> str:
        """Where Caddy finds a backend, as its configuration has it."""
        return self.stack.runtime.dial(f"backend{number}", BACKEND_PORT)

    def soon(self, condition: Callable[[], object], patience: float) -> float | None:
        """Wait for something that depends on the learner; returns the seconds it took, or None."""
        began = time.monotonic()
        return time.monotonic() - began if self._wait(condition, patience, "") else None

    def checks(self, number: int, since: float) -> int:
        """How many requests without an id, that is, health checks, a backend has had since then.

        Args:
            number: the backend's.
            since: Unix time.
        """
        diary = self.backend(number).requests()
        return sum(entry["id"] is None and entry["start"] >= since for entry in diary)
