"""A real Caddy in front of real backends, and the engine that sends to them: all but speech."""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Self

from caddylab._border import Seconds, border
from caddylab._caddy.running.journal import Journal
from caddylab._errors import LabError, WaitTimeout
from caddylab._machine.environ import inherited
from caddylab._machine.undisturbed import undisturbed
from caddylab._machine.waiting import poll
from caddylab._records import Span
from caddylab._rig.backends.backend import Backend
from caddylab._rig.caddy_side import CaddySide
from caddylab._rig.experiments import Experiments
from caddylab._rig.site import caddyfiles
from caddylab._rig.site.fitting import backends_for
from caddylab._rig.site.loaded import Loaded
from caddylab._rig.site.variables import variables_of
from caddylab._rig.stack import Stack
from caddylab._rig.watch_side import WatchSide
from caddylab._runtimes.base import MOST_BACKENDS, Unit


@border(LabError)
class Rig(CaddySide, Experiments, WatchSide):
    """A lab that prints and shows nothing; its arguments and errors are those of `Lab`."""

    def __init__(self, runtime: str = "auto", backends: int = 2) -> None:
        if not isinstance(backends, int) or not 1 <= backends <= MOST_BACKENDS:
            raise LabError(f"A lab has 1 to {MOST_BACKENDS} backends, not {backends!r}.")
        self.id = secrets.token_hex(4)
        self._one_end = threading.Lock()
        life = contextlib.ExitStack()
        self._finalizer = weakref.finalize(self, undisturbed, life.close)
        try:
            self.stack = Stack(runtime, self.id, backends, life, self._make_backend)
            self._started()
        except BaseException:  # a start that fails, or that Stop ends, leaves nothing running
            undisturbed(self._conclude)
            raise

    @classmethod
    def of(
        cls,
        caddyfile: str | Path,
        runtime: str = "auto",
        *,
        envfile: str | Path | None = None,
        allow: Iterable[str | Path] = (),
        pool: int | None = None,
    ) -> Self:
        """A lab for a Caddyfile of your own, with as many backends as it has upstreams.

        What this lab cannot offer is invented, replaced or left out: see `substitutions`.

        Args:
            caddyfile: its path; or its text, or a name of the course's.
            runtime: as for a lab.
            envfile: a file of environment variables (`NAME=value`), which win over this process's.
            allow: folders and files that it may read, besides the folder that it lies in; so may
                every Caddyfile that this lab loads later.
            pool: how many backends; upstreams share them if there are more of those.

        Raises:
            CaddyfileError: Caddy refuses it; nothing is left running.
            RuntimeUnavailable, StartFailed, LabError: as for a lab.
        """
        allow = list(allow)
        own = variables_of(envfile) if envfile else {}
        values = inherited() | own
        lab = cls(runtime, backends_for(caddyfile, values, allow) if pool is None else pool)
        try:
            lab.at_home(caddyfiles.folder(caddyfile), own, allow)
            lab._introduce(lab.load(caddyfile))
        except BaseException:
            lab.close()
            raise
        return lab

    def at_home(
        self, folder: Path | None, variables: Mapping[str, str], allow: Iterable[str | Path] = ()
    ) -> None:
        """Treat every Caddyfile from now on as a learner's own site, not as a lesson's.

        Args:
            folder: the folder that the relative paths of a text start from, and that it may read.
            variables: environment variables besides those of this process.
            allow: folders and files that a Caddyfile may read besides.
        """
        reading = self.stack.site.reading
        reading.allow = tuple(allow)
        reading.lenient, reading.home, reading.variables = True, folder, dict(variables)

    # --- what a lab that prints does otherwise -----------------------------------------------

    def _make_backend(
        self, unit: Unit, secret: str, journal: Journal, spans: list[Span]
    ) -> Backend:
        return Backend(unit, secret, journal, spans)

    def _started(self) -> None:
        """Called when the lab is ready."""

    def _introduce(self, loaded: Loaded) -> None:
        """Called when a Caddyfile of the learner's own is in force."""

    def _ended(self) -> None:
        """Called when the lab has been closed."""

    # --- time --------------------------------------------------------------------------------

    def wait_until(
        self, condition: Callable[[], object], timeout: Seconds = 60.0, what: str = ""
    ) -> float:
        """Wait for a condition instead of sleeping.

        Args:
            condition: asked every 20 ms until it is true.
            timeout: seconds after which to give up.
            what: the condition in words.

        Returns:
            How many seconds it took.

        Raises:
            WaitTimeout: it did not come true in time.
        """
        began = time.monotonic()
        if not self._wait(condition, timeout, what and f"waiting until {what}"):
            raise WaitTimeout(
                f"{what or 'The condition'} did not come true within {timeout:g} s. Caddy "
                f"sees: {', '.join(map(repr, self.backends))}."
            )
        return time.monotonic() - began

    def pause(self, seconds: Seconds, what: str = "") -> None:
        """Let `seconds` pass; for waits that are part of an experiment, shown as `what`."""
        self._wait(lambda: False, seconds, what)

    def _wait(self, condition: Callable[[], object], timeout: float, what: str) -> bool:
        """Whether it came true in time."""

        def asked() -> object:
            self._need_open()
            return condition()

        return poll(asked, timeout, 0.02)

    # --- life --------------------------------------------------------------------------------

    def reset(self) -> None:
        """Return to the state of a new lab, in less than two seconds; records are kept.

        Traffic that still runs is stopped, every fault is undone, clients have no cookies,
        and the first, plain Caddyfile is in force. A Caddy that has ended, or does not answer
        any more, is started again, which takes a little longer.

        Raises:
            StartFailed: Caddy or a backend cannot be started again.
        """
        self._need_open()
        self.stack.site.line.do(self.stack.reset)

    def close(self) -> None:
        """End Caddy and the backends and leave nothing behind. Safe to call twice."""
        undisturbed(self._end)

    def _end(self) -> None:
        with self._one_end:  # a second call, after Stop perhaps, waits for the end
            self.stack.sender.stop()
            self._conclude()

    def _conclude(self) -> None:
        self._finalizer()
        self._ended()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
