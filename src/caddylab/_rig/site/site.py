"""The site that Caddy serves: Caddyfiles in, a running configuration out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from caddylab._caddy.adapted.balancing import Setting, setting
from caddylab._caddy.adapted.invoked import readable
from caddylab._caddy.adapted.routes import USUAL_PATH
from caddylab._caddy.adapted.sites import Route, first, routes
from caddylab._caddy.advice.lint import Note, lint
from caddylab._caddy.completion.substitution import Substitution
from caddylab._caddy.running.admin import Admin
from caddylab._caddy.running.journal import Journal
from caddylab._caddy.safety.decision import Decision
from caddylab._caddy.safety.files import line_with
from caddylab._caddy.text.places import line_of_statement
from caddylab._engine.tls import Trust
from caddylab._machine.certificates import Signer
from caddylab._machine.undisturbed import Line
from caddylab._rig.site import caddyfiles
from caddylab._rig.site.assignment import dials, number_of
from caddylab._rig.site.authority import SiteAuthority
from caddylab._rig.site.doors import Door, Doors
from caddylab._rig.site.instrument import Instrument, Prepared
from caddylab._rig.site.loaded import Loaded
from caddylab._rig.site.reading import Reading
from caddylab._runtimes.base import Runtime

NOT_SET = "variable-not-set"
"""The rule whose warnings the substitutions make needless, where the lab invents a value."""


class Site:
    """What one Caddy has loaded.

    Attributes:
        strict: whether a wrong port of the course's backends is closed, as in an exercise.
        known: which backend stands for an upstream in every Caddyfile, whatever others it names.
        reading: has Caddy read Caddyfiles.
        routes: which requests come to which upstreams.
        adapted: the JSON that Caddy made of the Caddyfile in force, as it was completed.
        loaded: the result of the last `load`.
        latest: the JSON in force, as far as that is known while Caddy takes a new one.
        staged: how `latest` balances requests.
        line: makes changes of the configuration, one after the other.
    """

    def __init__(
        self,
        admin: Admin,
        runtime: Runtime,
        journal: Journal,
        prepare: Callable[[Prepared], None],
    ) -> None:
        self._admin, self._runtime, self._journal = admin, runtime, journal
        self._prepare = prepare
        self.reading = Reading(admin, runtime)
        self.strict, self.known = False, dict[str, int]()
        self.routes: list[Route] = []
        self.adapted: dict[str, Any] = {}
        self._path = USUAL_PATH
        self._first: Route | None = None
        self.loaded = Loaded("", "")
        self._mentioned: dict[str, str] = {}
        self.line = Line()
        self.authority = Signer()
        self._plan: Prepared | None = None
        self._site_authority = SiteAuthority(admin, runtime.here)
        self._text, self._host = "", "localhost"
        self._doors = Doors()
        self.latest: dict[str, Any] = {}
        self.staged = Setting(len(runtime.units))

    @property
    def text(self) -> str:
        """The Caddyfile in force; while Caddy takes a new one, it is waited for."""
        self.line.wait()
        return self._text

    @property
    def config(self) -> dict[str, Any]:
        """The JSON in force, instruments included; likewise."""
        self.line.wait()
        return self.latest

    @property
    def stage(self) -> Setting:
        """How the configuration in force balances; likewise."""
        self.line.wait()
        return self.staged

    @property
    def host(self) -> str:
        """The host for requests that name none of their own; likewise."""
        self.line.wait()
        return self._host

    @property
    def path(self) -> str:
        """The path for requests that name none of their own; likewise."""
        self.line.wait()
        return self._path

    @property
    def first(self) -> Route | None:
        """The route that both come from, if the site is somebody's own; likewise."""
        self.line.wait()
        return self._first

    @property
    def doors(self) -> Doors:
        """Where clients reach its sites; likewise."""
        self.line.wait()
        return self._doors

    @property
    def main(self) -> Door:
        """The door that they go to by default; likewise."""
        return self.doors[0]

    def trust(self, door: Door) -> Trust | None:
        """Whose certificates clients accept there; None where there are none."""
        return self._site_authority.trust if door.secure else None

    @property
    def url(self) -> str:
        """Where clients of this machine find the site; by HTTPS under its own name."""
        host, port = self.main.reached()
        return f"https://{self.host}:{port}" if self.main.secure else f"http://{host}:{port}"

    @property
    def curl(self) -> str:
        """A command that asks it from a terminal."""
        if not self.main.secure:
            return f"curl {self.url}"
        host, port = self.main.reached()
        file = self._site_authority.file
        return f"curl --resolve {self.host}:{port}:{host} --cacert {file} {self.url}"

    def load(self, caddyfile: str | Path, allow: Iterable[str | Path] = ()) -> Loaded:
        """Put a Caddyfile in force: a name of the course's, a path, or the text itself."""
        return self.line.do(lambda: self._load(caddyfile, allow))

    def _load(self, caddyfile: str | Path, allow: Iterable[str | Path]) -> Loaded:
        name, text = caddyfiles.read(caddyfile)
        reading, folder = self.reading, caddyfiles.folder(caddyfile)
        files = reading.files(text, folder or reading.home, allow)
        own = reading.lenient or folder is not None
        foreign = reading.lenient and not caddyfiles.is_lesson(caddyfile)
        adapted, completed = reading.completed(text, files, own=own)
        found = routes(readable(adapted))
        route = _asked(found, dials(adapted), own=own)
        path, host, port = (route.path, route.host, route.port) if route else (USUAL_PATH, "", 0)
        plan = Instrument(
            adapted, self._runtime, text, files, self.authority, known=self.known,
            own=own, lenient=reading.lenient, path=path, host=host, port=port, strict=self.strict,
            foreign=foreign,
        ).plan()  # fmt: skip
        with self._journal.reloading(plan.config):
            self._put_in_force(plan, text)
            self._journal.joining.to_itself = plan.to_itself
            self._site_authority.meet(plan)
            plan.probe.wait(plan.doors)
        self._text, self.latest, self._host = text, plan.config, plan.host
        self.staged = self._stage(plan)
        self.routes, self._path, self._doors, self.adapted = found, path, plan.doors, adapted
        self._first = route
        decided = [_told(decision, text) for decision in plan.decisions]
        replaced = [*completed, *plan.substitutions, *decided]
        told = [note for note in lint(text, adapted) if not (own and note.rule == NOT_SET)]
        replaced.sort(key=lambda one: (one.line is None, one.file, one.line or 0))
        self.loaded = Loaded(name, text, [*told, *plan.notes], plan.decisions, replaced)
        return self.loaded

    def _stage(self, plan: Prepared) -> Setting:
        many, known = len(self._runtime.units), self._journal.backend_at
        listed = (number for pool in plan.pools.values() for number in pool.members)
        return setting(plan.config, many, known, plan.named, listed)

    def _put_in_force(self, plan: Prepared, text: str) -> None:
        """Prepare the backends first: Caddy checks them at once; undo that if Caddy refuses."""
        try:
            self._prepare(plan)
            self._admin.load(plan.config, text)
        except BaseException:
            if self._plan:
                self._prepare(self._plan)
            raise
        self._plan = plan

    def shown(self, loaded: Loaded, warn: bool) -> Loaded:
        """What is shown of it: no warnings without `warn`, and what no other text has lacked."""
        for rule in loaded.lacking if warn else ():
            self._mentioned.setdefault(rule, loaded.text)
        elsewhere = (rule for rule, text in self._mentioned.items() if text != loaded.text)
        return replace(loaded, held_back=not warn, mentioned=frozenset(elsewhere))

    def answers(self) -> bool:
        """Whether Caddy runs and answers."""
        return self._admin.answers()

    def lint(self, text: str) -> list[Note]:
        """What Caddy would accept in silence though it is hardly meant."""
        return lint(text, self.adapt(text))

    def adapt(self, text: str) -> dict[str, Any]:
        """The JSON that Caddy makes of a Caddyfile."""
        return self.reading.adapt(text)


def _asked(found: list[Route], names: Iterable[str], *, own: bool) -> Route | None:
    """The route to an upstream, for a site that is not a lesson's; a lesson is asked as usual."""
    foreign = own or any(number_of(name) is None for name in names)
    return first(found) if foreign else None


def _told(decision: Decision, text: str) -> Substitution:
    within = decision.stood.startswith("{")  # a placeholder stands within a statement
    line = (line_with if within else line_of_statement)(decision.stood, text)
    line = None if decision.by_default else line
    return Substitution(line, decision.stood, decision.runs, decision.why)
