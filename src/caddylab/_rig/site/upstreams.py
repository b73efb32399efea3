"""Which backend of the lab stands for which upstream of a Caddyfile."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Mapping, Sequence

from caddylab._caddy.adapted.dynamic import (
    Pool,
    alias,
    ask_here,
    asked,
    sources,
    upstreams,
)
from caddylab._caddy.adapted.tree import Json, handlers, port_of
from caddylab._caddy.completion.substitution import Substitution
from caddylab._caddy.safety import loops
from caddylab._caddy.text.places import line_of, line_of_upstream
from caddylab._rig.site import checks
from caddylab._rig.site.admission import Admission
from caddylab._rig.site.assignment import (
    PROXY,
    assign,
    bare,
    dials,
    is_unix,
    names,
    number_of,
    numbered,
)
from caddylab._rig.site.refusal import Refuse
from caddylab._rig.site.speech import Speech, spoken_to
from caddylab._runtimes.base import BACKEND_PORT, Runtime
from caddylab._runtimes.listener import Listener

BEFORE = "The lab's name server has to know a name before it is asked for it."
ASKED = "It knows the backends of the lab and nobody else; `lab.names` makes it fail."


class Upstreams:
    """Gives each upstream of a configuration the address of a backend.

    Args:
        runtime: whose backends.
        refuse: makes the errors.
        speech: hears what each backend must speak.
        own: whether the Caddyfile is somebody's own: then whatever it names is one of them.
        fold: whether several upstreams may share a backend, if there are too few.

    Attributes:
        to_itself: whether Caddy sends requests on to another of its own sites.
        strict: whether the course's backends have only the port that the course gives them.
        foreign: whether no name in the Caddyfile can mean a backend of the course.
        known: which backend stands for an upstream, whatever other upstreams are named.
        numbers: which backend stands for which upstream, by its address in the Caddyfile.
        course: those that are called after the backend's number.
        pools: the backends behind each name that a name server is asked for.
        listeners: what the backends must listen to, by their numbers.
        substitutions: what to report about that.
    """

    def __init__(
        self,
        runtime: Runtime,
        refuse: Refuse,
        speech: Speech,
        *,
        own: bool = False,
        fold: bool = False,
    ) -> None:
        self._speech = speech
        self._admission = Admission(len(runtime.units), refuse, own=own, fold=fold)
        self.listeners: dict[int, Listener] = {}
        self.pools: dict[str, Pool] = {}
        self.runtime, self.text, self._own = runtime, refuse.text, own
        self.inner: Mapping[int, str] = {}
        self.to_itself = False
        self.strict = self.foreign = False
        self.known: Mapping[str, int] = {}
        self.numbers: dict[str, int] = {}
        self.course: set[str] = set()
        self.substitutions: list[Substitution] = []

    def map(self, config: Json, inner: Mapping[int, str]) -> None:
        """Write the backends' addresses into a configuration.

        Args:
            config: Caddy's JSON.
            inner: the listeners of Caddy's own sites, by the port that the Caddyfile gives them.
        """
        self.inner = inner
        foreign = [dial for dial in dials(config) if not self._is_own_site(dial)]
        for dial in foreign:
            self._admission.check(dial)
        others = [dial for dial in foreign if dial not in self.known]
        here = {dial: self.known[dial] for dial in foreign if dial in self.known}
        taken = here.values()
        most = len(self.runtime.units)
        course = numbered(foreign, most, own=self._own)
        self.numbers = here | assign(others, most, course, spoken_to(config), taken)
        self.course = {dial for dial, n in course.items() if self.numbers[dial] == n}
        self._admission.check_number(others, self.numbers)
        for handler in handlers(config, PROXY):
            for source in sources(handler):
                self._admission.check_name(source)
                behind = [(name, self.numbers[name]) for name in upstreams(source)]
                self._speech.hear_source(handler, source, behind)
            self._speech.hear(handler, [
                (dial, self.numbers[dial])
                for up in handler.get("upstreams", [])
                if (dial := bare(up.get("dial", ""))) in self.numbers
            ])  # fmt: skip
        self.listeners = self._speech.listeners(config)
        self.substitutions += self._speech.substitutions
        self._say()
        for handler in handlers(config, PROXY):
            self._map_handler(handler)

    @property
    def named(self) -> dict[int, str]:
        """The names of backends that have one of their own in the Caddyfile, by number."""
        return names(self.numbers, self.course)

    def need_no_loop(self, sites: Mapping[int, Json]) -> None:
        """Refuse a configuration that sends requests round and round.

        Args:
            sites: the servers by their ports.
        """
        proxies = [proxy for site in sites.values() for proxy in handlers(site, PROXY)]
        ups = (upstream for proxy in proxies for upstream in proxy.get("upstreams", []))
        ports = {up["dial"]: self._own_port(up["dial"]) for up in ups if "dial" in up}
        target = {dial: port for dial, port in ports.items() if port and port in sites}
        if way := loops.loop(loops.hops(sites, target)):
            raise self._admission.loop(way)

    def _own_port(self, dial: str) -> int | None:
        host = bare(dial).rpartition(":")[0]
        return port_of(bare(dial)) if is_local(host) else None

    def _is_own_site(self, dial: str) -> bool:
        port = self._own_port(dial)
        return port is not None and port in self.inner

    # --- addresses -------------------------------------------------------------------------

    def _map_handler(self, handler: Json) -> None:
        if any(True for _ in sources(handler)):
            self._map_dynamic(handler)
        written = [bare(up["dial"]) for up in handler.get("upstreams", []) if "dial" in up]
        for upstream in handler.get("upstreams", []):
            if "dial" in upstream:
                upstream["dial"] = self._dial(upstream["dial"])
        active = handler.get("health_checks", {}).get("active", {})
        if "upstream" in active:
            active["upstream"] = self._dial(active["upstream"])
        if port := active.pop("port", None):
            self._map_health_port(active, port, written)

    def _map_dynamic(self, handler: Json) -> None:
        """Have a proxy ask the lab's name server, and note which backends that is to list."""
        for source in sources(handler):
            name = asked(source)
            pool = self.pools.setdefault(name, Pool(alias(name), source["source"] == "srv"))
            self._say_who_is_asked(source)
            members = [self.numbers[name] for name in upstreams(source)]
            pool.members += [number for number in members if number not in pool.members]
        places = [self.runtime.place(n) for pool in self.pools.values() for n in pool.members]
        ask_here(handler, self.pools, self.runtime.names().resolver, places[0][1])

    def _say_who_is_asked(self, source: Json) -> None:
        others = (source.get("resolver") or {}).get("addresses") or []
        stood = f"resolvers {' '.join(others)}" if others else "the machine's name server"
        line = line_of(others[0] if others else "dynamic", self.text)
        said = [Substitution(line, stood, "the lab's own name server", ASKED)]
        if "{" in (name := asked(source)):
            said.append(Substitution(line, name, "the same name for every request", BEFORE))
        self.substitutions += [each for each in said if each not in self.substitutions]

    def _map_health_port(self, active: Json, port: int, written: Sequence[str]) -> None:
        """A backend answers where its upstream is said to be; elsewhere only in an own file."""
        if not (active.get("uri") or active.get("path")):
            active["uri"] = "/"  # which the port alone has Caddy ask for
        here = [dial.endswith(f":{port}") for dial in written]
        if not self._own:
            if port != BACKEND_PORT and not any(here):
                active["port"] = port_of(self.runtime.dial("backend1", port))
        elif all(here):
            return
        elif other := checks.other_program(port, written, self.numbers):
            active.setdefault("upstream", self._dial(other))
        else:
            self.substitutions.append(checks.own_port(port, written, self.numbers, self.text))

    def _dial(self, written: str) -> str:
        dial = bare(written)
        if self._is_own_site(dial):
            self.to_itself = True
            return self.inner[self._own_port(dial) or 0]
        if is_unix(dial):
            return self.runtime.units[self.numbers[dial] - 1].unix_dial
        port = 80 if self._is_closed(dial) else BACKEND_PORT
        return self.runtime.dial(f"backend{self.numbers[dial]}", port)

    def _is_closed(self, dial: str) -> bool:
        """Whether nobody listens there: a backend of the course has no port 80, above all."""
        course = number_of(dial) is not None and not self._own
        usual = dial.endswith(f":{BACKEND_PORT}")
        return course and (dial.endswith(":80") or (self.strict and not usual))

    def _say(self) -> None:
        shared = Counter(self.numbers.values())
        for dial, number in self.numbers.items():
            if not self._is_ours(dial):
                together = f" It stands for {shared[number]} upstreams." * (shared[number] > 1)
                self.substitutions.append(Substitution(
                    line_of_upstream(dial.partition(" ")[0], self.text), dial,
                    self._stand_in(dial, number),
                    f"A backend answers any path with 200, unless it is told otherwise.{together}",
                ))  # fmt: skip

    def _is_ours(self, dial: str) -> bool:
        """Whether this is a backend of the lab itself, so that nothing stands in for it."""
        usual = dial.endswith(f":{BACKEND_PORT}") and not self.foreign
        return dial in self.course and (usual or not self._own)

    def _stand_in(self, dial: str, number: int) -> str:
        """What runs in an upstream's place."""
        if not is_unix(dial):
            return f"backend {number}"
        own = self.runtime.units[number - 1].unix_dial
        where = "a unix socket in the lab's folder" if is_unix(own) else "a TCP port"
        return f"backend {number} at {where}"


def is_local(host: str) -> bool:
    """Whether a dial address with this host means the machine of Caddy itself."""
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return host in ("", "localhost")
    return address.is_loopback or address.is_unspecified
