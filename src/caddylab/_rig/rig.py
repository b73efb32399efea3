"""A real Caddy in front of real backends, and the engine that sends to them: all but speech."""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import httpx

from caddylab import _runtimes
from caddylab._border import Seconds, border
from caddylab._caddy.adapted.routes import USUAL_PATH
from caddylab._caddy.adapted.sites import Route
from caddylab._caddy.advice.lint import Note
from caddylab._caddy.completion.substitution import Substitution
from caddylab._caddy.running.admin import Admin, gone
from caddylab._caddy.running.journal import Journal
from caddylab._caddy.text import envfile as environment
from caddylab._engine.clients import Clients
from caddylab._engine.engine import Engine, Run
from caddylab._engine.plan import Plan
from caddylab._engine.tls import Trust
from caddylab._errors import FaultError, LabClosed, LabError, StartFailed, Stopped, WaitTimeout
from caddylab._look.called import called
from caddylab._machine import loopback
from caddylab._machine.answer import Answer
from caddylab._machine.environ import inherited
from caddylab._machine.undisturbed import undisturbed
from caddylab._machine.waiting import Every, poll
from caddylab._records import Span
from caddylab._rig.backends.backend import Backend
from caddylab._rig.backends.names import Names
from caddylab._rig.site import assignment, caddyfiles
from caddylab._rig.site.doors import Door
from caddylab._rig.site.fitting import backends_for
from caddylab._rig.site.instrument import Prepared
from caddylab._rig.site.loaded import Loaded
from caddylab._rig.site.site import Site
from caddylab._rig.site.visitor import visitor
from caddylab._runtimes.base import BACKEND_PORT, MOST_BACKENDS
from caddylab._runtimes.listener import PLAIN, Listener
from caddylab._traffic import tables
from caddylab._traffic.order import Order
from caddylab._traffic.traffic import Traffic
from caddylab._view.feed import Feed

if TYPE_CHECKING:
    import pandas as pd


GLANCE = 0.1
"""Seconds: small runs that follow each other do not look at each backend each time (12 ms in
containers); who has died is found by the next look, with the time of its death."""


@border(LabError)
class Rig:
    """A real Caddy in front of real backends, ready when this returns; it prints and shows nothing.

    Args:
        runtime: "podman" (containers), "process" (local processes), or "auto": containers
            where Podman works, else processes.
        backends: how many backends, 1 to 16; they are backend1:8080, backend2:8080, ...

    Raises:
        RuntimeUnavailable: this machine cannot run the runtime that was asked for.
        StartFailed: something did not become ready; nothing is left running.
        LabError: there cannot be so many backends.
    """

    def __init__(self, runtime: str = "auto", backends: int = 2) -> None:
        if not isinstance(backends, int) or not 1 <= backends <= MOST_BACKENDS:
            raise LabError(f"A lab has 1 to {MOST_BACKENDS} backends, not {backends!r}.")
        began = time.perf_counter()
        self.id = secrets.token_hex(4)
        self._faults: list[Span] = []
        self._glance = Every(GLANCE)
        self._engine = Engine()
        self._numbers: dict[str, int] = {}
        self._clients = Clients()
        self._running: weakref.WeakSet[Traffic] = weakref.WeakSet()
        self.last: Traffic | None = None
        """The records of the latest `fire`, also of one that was stopped."""
        self._one_end = threading.Lock()
        life = contextlib.ExitStack()
        self._finalizer = weakref.finalize(self, undisturbed, life.close)
        try:
            self._runtime, reason = _runtimes.start(runtime, self.id, backends, life)
            self._assemble(life)
            self._load_plain()
            self._first_answers()
            self._load_plain()  # the first answers have moved the round robin on
            self._ready = time.time()
            self._took, self._reason = time.perf_counter() - began, reason
            self._started()
        except BaseException:  # a start that fails, or that Stop ends, leaves nothing running
            Rig.close(self)
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
        """A lab for somebody's own Caddyfile: with as many backends as it has upstreams.

        What the file lacks here is invented, replaced or left out, and said: see `substitutions`.

        Args:
            caddyfile: its path; or its text, or a name of the course's.
            runtime: as for a lab.
            envfile: a file of environment variables (`NAME=value`), before those of this process.
            allow: folders and files that it may read, besides the folder that it lies in.
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
            lab.at_home(caddyfiles.folder(caddyfile), own)
            lab._introduce(lab.load(caddyfile, allow=allow))
        except BaseException:
            lab.close()
            raise
        return lab

    def at_home(self, folder: Path | None, variables: Mapping[str, str]) -> None:
        """Take every Caddyfile from now on for somebody's own.

        Args:
            folder: in which the relative paths of a text begin, and which it may read.
            variables: environment variables besides those of this process.
        """
        site = self._site
        site.lenient, site.home, site.variables = True, folder, dict(variables)

    def _introduce(self, loaded: Loaded) -> None:
        """Somebody's own Caddyfile is in force."""

    def _started(self) -> None:
        """It is ready."""

    def _ended(self) -> None:
        """It has been closed."""

    def _assemble(self, life: contextlib.ExitStack) -> None:
        units = self._runtime.units
        dials = {dial: unit.number for unit in units for dial in (unit.dial, unit.unix_dial)}
        runs = self._runtime.caddy_runs
        # All that Caddy printed: why it ended stands before a page for each open request.
        self._last_words = partial(self._runtime.output, 1_000_000)  # it must not hold the lab
        admin = Admin(self._runtime.admin(), runs, self._last_words)
        self._journal = Journal(
            self._runtime.read_log, admin.upstreams, dials, runs, self._runtime.log_trouble
        )
        self._site = Site(admin, self._runtime, self._journal, _weakly(self._dress))
        # With an id it is nobody's health check in a backend's diary.
        self._http = visitor(self._site)
        life.callback(self._http.close)
        life.callback(self._journal.close)
        self._journal.start()
        self._backends = [
            Backend(unit, self._runtime.secret, self._journal, self._faults)
            for unit in self._runtime.units
        ]
        self._names = Names(self._runtime, self._backends, self._faults, self._journal.known)
        for backend in self._backends:
            backend.born = self._names.refresh
        self._journal.opinions.diary = _diaries(self._backends)
        site, names = self._site, self._names  # a feed must not hold a lab that is forgotten
        self._feed = Feed(
            self._journal, self._backends, lambda: names.suffered, lambda: site.staged
        )
        life.callback(self._feed.close)
        life.callback(self._engine.close)

    def _dress(self, plan: Prepared) -> None:
        """Let the backends speak and answer what the Caddyfile expects of its upstreams."""
        own = assignment.names(plan.numbers)
        for backend in self._backends:
            backend.name = called(backend.number, own)
            backend.listen(self._listener(plan, backend.number))
            expected = plan.expected.get(backend.number)
            backend.expect(expected or [], any=expected is not None)
        self._names.serve(plan.pools)
        self._numbers = plan.numbers

    def _listener(self, plan: Prepared, number: int) -> Listener:
        listener = plan.listeners.get(number, PLAIN)
        named = any(number in pool.members for pool in plan.pools.values())
        return self._names.at_its_place(number, listener) if named else listener

    def _dial(self, number: int) -> str:
        return self._runtime.dial(f"backend{number}", BACKEND_PORT)

    def _first_answers(self) -> None:
        """Return when each backend has answered through Caddy, which may reach one later."""
        heard: set[str] = set()
        if not poll(lambda: self._all_answer(heard), 10, interval=0.001):
            missing = len(self._backends) - len(heard)
            raise StartFailed(
                f"No answer through Caddy from {missing} of {len(self._backends)} backends. "
                f"Caddy's last words:\n{self._runtime.output()}"
            )

    def _all_answer(self, heard: set[str]) -> bool:
        with contextlib.suppress(httpx.TransportError):
            answer = self._http.get(self.url)
            if answer.status_code == 200:
                heard.add(answer.headers["X-Backend"])
        return len(heard) == len(self._backends)

    # --- Caddy ---------------------------------------------------------------------------

    def load(
        self, caddyfile: str | Path, *, allow: Iterable[str | Path] = (), warn: bool = True
    ) -> Loaded:
        """Load a Caddyfile. Caddy's memory (failures, turns, health) begins afresh.

        Args:
            caddyfile: a name of `lab.caddyfiles`, a path, or the text itself.
            allow: folders and files of this machine that it may read, besides the folder that
                it lies in itself.
            warn: whether to show the warnings at once; `lab.warnings` shows them later.

        Returns:
            What was loaded, with warnings about what Caddy accepts in silence.

        Raises:
            CaddyfileError: Caddy refuses it, or it needs something that a lab has not; the
                configuration before it stays in force.
        """
        self._need_open()
        return self._site.load(caddyfile, allow).shown(warn)

    @property
    def warnings(self) -> Loaded:
        """What was loaded last, with its warnings, also those that `warn=False` has held back."""
        return self._site.loaded

    def lint(self, text: str) -> list[Note]:
        """What Caddy would accept in silence though it is hardly meant; loads nothing.

        Raises:
            CaddyfileError: Caddy refuses the text.
        """
        self._need_open()
        return undisturbed(lambda: self._site.lint(text))

    def adapt(self, text: str) -> dict[str, Any]:
        """The JSON that Caddy makes of a Caddyfile, untouched; loads nothing."""
        self._need_open()
        return undisturbed(lambda: self._site.adapt(text))

    def config(self) -> dict[str, Any]:
        """The JSON that Caddy runs now: the Caddyfile's, with the lab's addresses and log."""
        return self._site.config

    @property
    def caddyfile(self) -> str:
        """The text of the Caddyfile that is loaded."""
        return self._site.text

    @property
    def caddyfiles(self) -> list[str]:
        """The names of the Caddyfiles that come with the course."""
        return caddyfiles.names()

    @property
    def routes(self) -> list[Route]:
        """Which requests come to which upstreams, by the Caddyfile in force."""
        return list(self._site.routes)

    @property
    def numbers(self) -> dict[str, int]:
        """Which backend stands for which upstream, by the Caddyfile in force."""
        return dict(self._numbers)

    @property
    def trust(self) -> Trust | None:
        """Whose certificates clients of the site take; None where it speaks plain HTTP."""
        return self._site.trust(self._site.main)

    @property
    def substitutions(self) -> list[Substitution]:
        """What was replaced, invented or left out of the Caddyfile in force, with its line."""
        return list(self._site.loaded.substitutions)

    @property
    def adapted(self) -> dict[str, Any]:
        """The JSON that Caddy made of the Caddyfile in force, with what was invented for it."""
        return self._site.adapted

    def entrance(self, host: str | None = None) -> tuple[tuple[str, int], Trust | None]:
        """Where clients connect, and whose certificates they take if they speak TLS there.

        Args:
            host: whom they ask for, perhaps with a port; else whom `fire` asks for.
        """
        door, _ = self._site.doors.asked(host, None, self._site.host)
        return door.reached(), self._site.trust(door)

    @property
    def runtime(self) -> str:
        """Where it runs: "podman" or "process"."""
        return self._runtime.name

    @property
    def url(self) -> str:
        """Where Caddy listens, for a browser or curl on this machine.

        By HTTPS it has the name of the site, which only Caddy knows here: see `curl`.
        """
        return self._site.url

    @property
    def curl(self) -> str:
        """A command that asks the site from a terminal, by its own name and certificate."""
        return self._site.curl

    # --- traffic -------------------------------------------------------------------------

    def fire(
        self,
        count: int | None = None,
        *,
        concurrency: int = 1,
        rate: float | None = None,
        duration: float | None = None,
        path: str | None = None,
        method: str = "GET",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        host: str | None = None,
        scheme: str | None = None,
        timeout: float = 30.0,
        clients: int | Clients = 1,
        keepalive: bool = True,
        background: bool = False,
    ) -> Traffic:
        """Send real requests through Caddy and record each of them.

        Args:
            count: how many (closed loop): `concurrency` workers send the next request when
                the last one is answered.
            rate: requests per second for `duration` seconds (open loop), whatever the answers.
            clients: how many users take turns, each with an IP address and cookies of their
                own that last as long as the lab; or a `Clients` of your own.
            path: what to ask for; else "/test-api", or, of a Caddyfile with upstreams of other
                names, what its first route takes.
            host: whom to ask for; else the first name that the site has, or "localhost".
            scheme: "https" or "http"; else what the site speaks. Where it speaks HTTPS, "http"
                meets the redirect.
            timeout: seconds that a client waits for the whole answer.
            background: return at once; the traffic has `wait()` and `stop()`.

        Raises:
            TrafficError: this cannot be fired; says why.
            Stopped: Stop was pressed, a KeyboardInterrupt; `lab.last` has what was sent.
        """
        self._need_open()
        people = clients if isinstance(clients, Clients) else self._clients
        door, authority = self._site.doors.asked(host, scheme, self._site.host)
        plan = Plan(
            count=count, concurrency=concurrency, rate=rate, duration=duration,
            path=self._site.path if path is None else path,
            method=method, body=body, headers=headers or {}, timeout=timeout,
            host=authority, keepalive=keepalive,
            clients=len(people) if isinstance(clients, Clients) else clients,
        )  # fmt: skip
        if not self._runtime.caddy_runs():
            raise gone(runs=False, last_words=self._last_words)
        order = Order(lambda: self._send(plan, people, door))
        try:
            traffic = undisturbed(order.place)
            return traffic if background else self._await(traffic)
        except BaseException as error:  # Stop, above all: end the run, keep its records
            undisturbed(order.call_off)
            if isinstance(error, KeyboardInterrupt):
                raise Stopped(order.told()) from None
            raise

    def _send(self, plan: Plan, people: Clients, door: Door) -> Traffic:
        journal, backends = self._journal, self._backends
        glance = self._glance

        def settle(run_id: str) -> str:
            if glance.due():
                for backend in backends:  # one that has died meanwhile is part of the records
                    backend.look()
            return journal.settle(run_id)

        def prepare(run: Run) -> None:
            run.wire = journal.watch(run.id, run.requests)
            self._feed.follow(run)

        trust = self._site.trust(door)
        run = self._engine.start(plan, door.reached(), people, prepare, trust)
        traffic = Traffic(
            run, people, lambda: settle(run.id), self._faults, journal.opinions.spans,
            self._site.stage,
        )  # fmt: skip
        self.last = traffic
        self._running.add(traffic)
        return traffic

    def _await(self, traffic: Traffic) -> Traffic:
        return traffic.wait()

    def get(
        self,
        path: str = USUAL_PATH,
        *,
        host: str | None = None,
        scheme: str | None = None,
        timeout: Seconds | None = 30.0,
        **options: Any,
    ) -> Answer:
        """One GET through Caddy, from this machine's own address; not recorded.

        Args:
            path: path and query.
            host: whom to ask for; else the first name that the site has.
            scheme: "https" or "http"; else what the site speaks.
            timeout: seconds to wait for each part of the answer; None = for ever.
            options: `headers`, `params`, `cookies` and `follow_redirects` (within the lab only).

        Raises:
            LabError: there is no answer; says why.
            CaddyGone: because Caddy has ended.
        """
        self._need_open()
        try:
            headers = httpx.Headers(options.pop("headers", None))
            door, authority = self._site.doors.asked(
                host or headers.get("Host"), scheme, self._site.host
            )
            headers.setdefault("Host", authority)
            url = f"{door.base(authority)}{path}"
            ask = partial(self._http.get, url, headers=headers, timeout=timeout, **options)
            return loopback.answer(undisturbed(ask))
        except (httpx.HTTPError, httpx.InvalidURL, TypeError, ValueError, AttributeError) as error:
            if not self._runtime.caddy_runs():
                raise gone(runs=False, last_words=self._last_words) from error
            why = f"{type(error).__name__}: {error}".removesuffix(": ")
            raise LabError(f"GET {path} got no answer ({why}).") from error

    def floor(self) -> float:
        """What the engine itself adds to a latency, in seconds at the median; measured once."""
        self._need_open()
        return undisturbed(self._engine.floor)

    # --- backends ------------------------------------------------------------------------

    def backend(self, number: int | str) -> Backend:
        """One of the backends.

        Args:
            number: counted from 1; or the upstream's address in the Caddyfile in force, such as
                "app:3000".

        Raises:
            LabError: there is no such backend.
        """
        self._need_open()
        if isinstance(number, str):
            number = self._number(number)
        if number not in range(1, len(self._backends) + 1):
            raise LabError(f"This lab has backends 1 to {len(self._backends)}, but no {number!r}.")
        return self._backends[number - 1]

    def _number(self, name: str) -> int:
        known = {dial: number for dial, number in self._numbers.items() if _is(name, dial)}
        if not known:
            names = ", ".join(self._numbers)
            raise LabError(f"No upstream of this Caddyfile is called {name!r}: it has {names}.")
        return next(iter(known.values()))

    @property
    def names(self) -> Names:
        """The lab's name server, which Caddyfiles with dynamic upstreams ask."""
        return self._names

    @property
    def backends(self) -> list[Backend]:
        """All backends."""
        return list(self._backends)

    def restore(self) -> None:
        """Undo every fault; all backends are up and well afterwards."""
        self._need_open()
        self._names.restore()
        for backend in self._backends:
            backend.restore()

    def reset(self) -> None:
        """Begin again as a new lab would, in less than two seconds; records are kept.

        Traffic that still runs is stopped, every fault is undone, clients have no cookies,
        and the first, plain Caddyfile is in force. A Caddy that has ended, or does not answer
        any more, is started again, which takes a little longer.

        Raises:
            StartFailed: Caddy or a backend cannot be started again.
        """
        self._need_open()
        self._site.line.do(self._reset)

    def _reset(self) -> None:
        self._stop_traffic()
        if not self._site.answers():
            self._runtime.restart_caddy()
        self._names.restore()
        with ThreadPoolExecutor(len(self._backends)) as pool:
            list(pool.map(Backend.renew, self._backends))
        self._clients = Clients()
        self._load_plain()

    def _load_plain(self) -> None:
        self._site.load(caddyfiles.plain(len(self._backends)))

    def _stop_traffic(self) -> None:
        for traffic in list(self._running):
            if not traffic.done:
                traffic.stop()

    @property
    def faults(self) -> list[Span]:
        """Every fault of this lab, with its beginning and end (Unix time).

        A backend that ended without us, killed from outside perhaps, is among them: "died".
        """
        self._look()
        return list(self._faults)

    def _look(self) -> None:
        for backend in self._backends:
            backend.look()

    @property
    def opinions(self) -> list[Span]:
        """When Caddy thought what of a backend.

        The `kind` is "unhealthy" (by its checks), "failed" (by failures that it remembers) or
        "full"; `proxy` names the proxies that thought so, where not all did.
        """
        self._journal.catch_up()
        return list(self._journal.opinions.spans)

    def timeline(self) -> pd.DataFrame:
        """Faults and Caddy's opinions beside each other; seconds since the lab was ready."""
        self._look()
        self._journal.catch_up()
        return tables.timeline(self._ready, self._faults, self._journal.opinions.spans)

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
        if not self._wait(condition, timeout, what):
            raise WaitTimeout(
                f"{what or 'The condition'} did not come true within {timeout:g} s. Caddy "
                f"sees: {', '.join(map(repr, self._backends))}."
            )
        return time.monotonic() - began

    def pause(self, seconds: Seconds, what: str = "") -> None:
        """Let time pass; for waits that are part of an experiment."""
        self._wait(lambda: False, seconds, what)

    def _wait(self, condition: Callable[[], object], timeout: float, what: str) -> bool:
        """Whether it came true in time."""

        def asked() -> object:
            self._need_open()
            return condition()

        return poll(asked, timeout, 0.02)

    # --- life ----------------------------------------------------------------------------

    def close(self) -> None:
        """End Caddy and the backends and leave nothing behind. Safe to call twice."""
        undisturbed(self._end)

    def _end(self) -> None:
        with self._one_end:  # who closes it once more, after Stop perhaps, waits for the end
            self._stop_traffic()
            self._finalizer()
            self._ended()

    @property
    def closed(self) -> bool:
        """Whether it has come to its end."""
        return not self._finalizer.alive

    def _need_open(self) -> None:
        if self.closed:
            raise LabClosed("This lab has been closed; make a new one with Lab().")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def variables_of(envfile: str | Path) -> dict[str, str]:
    """The variables of a file.

    Raises:
        LabError: it cannot be read, or is no such file.
    """
    try:
        return environment.read(Path(envfile).expanduser().read_text("utf-8"))
    except OSError as error:
        raise LabError(f"{envfile} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise LabError(f"{envfile} is no file of environment variables: {error}.") from error


def _weakly(deed: Callable[[Prepared], None]) -> Callable[[Prepared], None]:
    """The same, without keeping its lab alive: one that is forgotten closes."""
    method = weakref.WeakMethod(deed)

    def done(plan: Prepared) -> None:
        if (known := method()) is not None:
            known(plan)

    return done


def _is(name: str, dial: str) -> bool:
    return name in (dial, dial.rpartition(":")[0])


def _diaries(backends: list[Backend]) -> Callable[[int], list[dict[str, Any]]]:
    """What a backend has executed, if it answers at once; an opinion must not wait for it."""

    def diary(number: int) -> list[dict[str, Any]]:
        with contextlib.suppress(FaultError):
            return list(backends[number - 1].diary(0, timeout=0.5)["requests"])
        return []

    return diary
