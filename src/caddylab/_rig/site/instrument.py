"""From a learner's Caddyfile to the JSON that the lab loads.

The text is never edited. Caddy adapts it; in the resulting JSON the addresses become those of
the runtime, and the lab's instruments are added:

- the admin endpoint is the lab's own;
- each listener takes the PROXY protocol, ahead of TLS, so that clients have their own addresses;
- certificates come from an authority of the lab's own;
- a log of our own with every attempt (DEBUG) and every request; the learner's logs stay;
- where several proxies check one backend differently, a header in the checks that tells whose;
- where an answer may be replaced, a field in the log that tells whether it was;
- a first route that answers the lab's own probe, so that the lab can tell when the new
  configuration has taken over every connection.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from caddylab._caddy.adapted.dynamic import Pool
from caddylab._caddy.adapted.invoked import inlined
from caddylab._caddy.adapted.judges import mark_checks
from caddylab._caddy.adapted.marks import let_nobody_else_be_asked, mark_answers
from caddylab._caddy.adapted.matching import Asked
from caddylab._caddy.adapted.routes import USUAL_PATH, host_of, remarks
from caddylab._caddy.adapted.tree import Json, handlers, merge
from caddylab._caddy.completion.substitution import Substitution
from caddylab._caddy.safety import loops
from caddylab._caddy.safety.authority import own_authority
from caddylab._caddy.safety.decision import Decision, Verdict
from caddylab._caddy.safety.files import Files
from caddylab._caddy.safety.guard import Guard
from caddylab._caddy.safety.transports import Transports
from caddylab._machine.certificates import Signer
from caddylab._rig.site.assignment import number_of
from caddylab._rig.site.doors import Doors
from caddylab._rig.site.expectations import expected
from caddylab._rig.site.listeners import Listeners
from caddylab._rig.site.own_ways import own_ways
from caddylab._rig.site.passwords import open_doors
from caddylab._rig.site.refusal import Refuse
from caddylab._rig.site.speech import Speech
from caddylab._rig.site.takeover import Probe
from caddylab._rig.site.upstreams import Upstreams
from caddylab._runtimes.base import Runtime
from caddylab._runtimes.listener import Listener

ACCESS = "caddylab"
STAND_IN = Path(__file__).with_name("stand_in")
"""Pages that stand in for those of somebody's own site."""
ALL_ACCESS = "http.log.access"
OWN_ADMIN = "the lab's own admin endpoint"
NEEDS_ADMIN = "Through it the lab loads a Caddyfile, and nobody else changes what runs."
NEEDS_EACH = "A request that is not logged could not be told from one that Caddy never ended."
LOGGERS = ["http.handlers.reverse_proxy", ALL_ACCESS, "http.log.error", "events"]


@dataclass
class Prepared:
    """A configuration ready to load, and what the learner should know of it.

    `host` is asked for by requests that name no host of their own, and `to_itself` says whether
    Caddy sends requests on to another of its own sites. `certificates` are the files of those
    that the Caddyfile brings along. `numbers` says which backend stands for which upstream, and
    `named` which have names of their own; `listeners` what they speak, `pools` whom the name server
    lists, and `expected` what each must answer to pass the checks of its own file.
    """

    config: Json
    probe: Probe
    host: str
    doors: Doors
    certificates: Sequence[Path] = ()
    to_itself: bool = False
    numbers: dict[str, int] = field(default_factory=dict)
    named: dict[int, str] = field(default_factory=dict)
    listeners: dict[int, Listener] = field(default_factory=dict)
    pools: dict[str, Pool] = field(default_factory=dict)
    expected: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    substitutions: list[Substitution] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)


class Instrument:
    """Maps one adapted Caddyfile onto a runtime.

    Args:
        adapted: what Caddy made of `text`.
        runtime: where it shall run.
        text: the learner's Caddyfile, for error messages.
        files: what it may read of this machine; by default nothing.
        authority: signs the certificates of the backends.
        own: whether it is somebody's own file: then what is missing is replaced and reported.
        lenient: whether nothing is refused that can be done without, and upstreams may share a
            backend if there are too many of them.
        path: what the lab's requests ask for.
        host: the host they ask for; else the first name of the main site.
        port: the port that they go to, if that is decided.
        strict: whether a wrong port of the course's backends is closed, as in an exercise.
        foreign: whether no name in it can mean a backend of the course.
        known: which backend stands for an upstream, whatever other upstreams are named.
    """

    def __init__(
        self,
        adapted: Json,
        runtime: Runtime,
        text: str = "",
        files: Files | None = None,
        authority: Signer | None = None,
        *,
        own: bool = False,
        lenient: bool = False,
        path: str = USUAL_PATH,
        host: str = "",
        port: int = 0,
        strict: bool = False,
        foreign: bool = False,
        known: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        self.own, self.lenient, self.path, self.host = own, lenient, path, host
        self.config = copy.deepcopy(adapted)
        self.files = files or Files(text, Path.cwd(), [], runtime.bring)
        self.runtime, self.text = runtime, text
        self.notes: list[str] = []
        app: Json = self.config.get("apps", {}).get("http", {})
        refuse = Refuse(text)
        self.listeners = Listeners(app, runtime, refuse, own=own, port=port)
        self.servers = self.listeners.servers
        self.authority = authority or Signer()
        self.speech = Speech(runtime, self.authority, refuse, lenient=lenient)
        self.upstreams = Upstreams(runtime, refuse, self.speech, own=own, fold=lenient)
        self.upstreams.strict, self.upstreams.known = strict, known
        self.upstreams.foreign = foreign

    def plan(self) -> Prepared:
        """The instrumented configuration.

        Raises:
            CaddyfileError: it needs something that a lab does not have; says what.
        """
        self.listeners.need_sites()
        opened = self._opened() if self.own else []
        stand_in = STAND_IN if self.own else None
        transports = Transports(self.config, self.files, self.authority.root, lenient=self.lenient)
        guard = Guard(self.files, self.runtime.own_folder, stand_in, lenient=self.lenient)
        decisions = [*self._in_its_own_way(), *transports.keep(), *guard.keep(self.config)]
        plain = copy.deepcopy(self.config)
        self.notes += (str(decision) for decision in decisions if not decision.by_default)
        self.upstreams.need_no_loop(self.listeners.sites())
        tls: Json = self.config["apps"].setdefault("tls", {})
        self.listeners.automated = (tls.get("certificates") or {}).get("automate") or []
        self.listeners.map()
        opened += self.listeners.remark_certificates(tls, lend=self.lenient)
        self.upstreams.map(self.config, self.listeners.inner)
        mark_checks(self.config)
        mark_answers(self.config)
        let_nobody_else_be_asked(self.config)
        loops.end_rounds(self.servers, self.listeners.inner.values())
        self._own_log()
        probe = self._own_probe()
        self._own_admin()
        own_authority(self.config)
        main = inlined(self.listeners.written)  # without what the lab adds
        host = self.host or host_of(main)
        said = remarks(main, Asked(host, self.path), self.listeners.as_given.values())
        self.notes += [*self.listeners.notes, *said]
        return Prepared(
            self.config, probe, host, self.listeners.doors, guard.certificates,
            self.upstreams.to_itself, self.upstreams.numbers, self.upstreams.named,
            self.upstreams.listeners, self.upstreams.pools,
            self._expected(plain),
            [*opened, *self.listeners.elsewhere(), *self.upstreams.substitutions],
            self.notes, decisions,
        )  # fmt: skip

    def _opened(self) -> list[Substitution]:
        """What is different in somebody's own file, whatever it asks for beyond the lab."""
        return [*own_ways(self.config, self.text), *open_doors(self.config, self.text)]

    def _expected(self, config: Json) -> dict[int, list[dict[str, Any]]]:
        """The upstreams whose checks must pass: in a lesson, those that are not the course's."""
        numbers = self.upstreams.numbers
        others = {n for name, n in numbers.items() if self.own or number_of(name) is None}
        wanted = expected(config, numbers)
        return {number: wanted.get(number, []) for number in others}

    def _in_its_own_way(self) -> list[Decision]:
        """What the lab does in its own way, whatever the Caddyfile says."""
        said: Json = self.config.get("admin") or {}
        skipped = [skip for skip in handlers(self.config, "vars") if skip.pop("log_skip", None)]
        decisions = []
        if set(said) - {"config"}:
            stood = f"admin {'off' if said.get('disabled') else said.get('listen', '')}".strip()
            decisions.append(Decision("admin", Verdict.REDIRECTED, stood, OWN_ADMIN, NEEDS_ADMIN))
        if skipped:
            decisions.append(Decision("http.handlers.vars", Verdict.LEFT_OUT, "log_skip", "",
                                      NEEDS_EACH))  # fmt: skip
        return decisions

    def _own_admin(self) -> None:
        extra = copy.deepcopy(self.runtime.extra_config())
        self.config["admin"] = extra.pop("admin")
        merge(self.config, extra)

    def _own_probe(self) -> Probe:
        probe = Probe()
        for server, redirects in self.listeners.served:
            probe.answer(server, redirects=redirects)
        return probe

    def _own_log(self) -> None:
        for server in self.servers.values():
            logs = server.setdefault("logs", {})
            logs.pop("skip_unmapped_hosts", None)
            for host in logs.pop("skip_hosts", None) or []:  # what the file's logs are spared
                logs.setdefault("logger_names", {})[host] = [ACCESS]
            logs.setdefault("default_logger_name", ACCESS)
        logs = self.config.setdefault("logging", {}).setdefault("logs", {})
        default = logs.setdefault("default", {})
        if set(default) <= {"exclude"}:  # it would encode each request a second time, in vain
            default.setdefault("exclude", []).append("http")
        elif not default.get("include"):  # else Caddy refuses to exclude what is not included
            default.setdefault("exclude", []).append(f"{ALL_ACCESS}.{ACCESS}")
        logs["caddylab"] = {
            "writer": self.runtime.log_writer(), "encoder": {"format": "json"},
            "level": "DEBUG", "include": LOGGERS,
        }  # fmt: skip
