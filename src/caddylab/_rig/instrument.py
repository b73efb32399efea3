"""From a learner's Caddyfile to the JSON that the lab loads.

The text is never edited. Caddy adapts it; in the resulting JSON the addresses become those of
the runtime, and the lab's instruments are added:

- the admin endpoint is the lab's own;
- the site's listener takes the PROXY protocol, so that clients have their own addresses;
- a log of our own with every attempt (DEBUG) and every request; the learner's logs stay;
- where several proxies check one backend differently, a header in the checks that tells whose;
- where an answer may be replaced, a field in the log that tells whether it was;
- a first route that answers the lab's own probe, so that the lab can tell when the new
  configuration has taken over every connection.
"""

from __future__ import annotations

import copy
import ipaddress
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from caddylab._caddy.adapted.judges import mark_checks
from caddylab._caddy.adapted.marks import mark_answers
from caddylab._caddy.adapted.routes import USUAL_PATH, Asked, host_of, remarks
from caddylab._caddy.adapted.tree import Json, find, handlers, merge, port_of
from caddylab._caddy.advice.foreign import parameter
from caddylab._caddy.safety import loops
from caddylab._caddy.safety.authority import own_authority
from caddylab._caddy.safety.decision import Decision
from caddylab._caddy.safety.files import Files
from caddylab._caddy.safety.guard import Guard
from caddylab._caddy.text.places import line_of, line_of_upstream
from caddylab._caddy.text.variables import unset
from caddylab._errors import CaddyfileError
from caddylab._machine.environ import inherited
from caddylab._runtimes.base import BACKEND_PORT, MOST_BACKENDS, Runtime

SITE_PORT = 80
PROBE = "X-Caddylab-Probe"
ACCESS = "caddylab"
ALL_ACCESS = "http.log.access"
LOGGERS = ["http.handlers.reverse_proxy", ALL_ACCESS, "http.log.error", "events"]
TCP = re.compile(r"^tcp[46]?/")
PROXY_PROTOCOL = {"wrapper": "proxy_protocol", "timeout": "30s", "allow": ["0.0.0.0/0", "::/0"]}


@dataclass
class Prepared:
    """A configuration ready to load, and what the learner should know of it.

    `host` is what requests ask for that name no host of their own, and `to_itself` says whether
    Caddy sends requests on to another of its own sites.
    """

    config: Json
    token: str
    host: str
    to_itself: bool = False
    notes: list[str] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)


class Instrument:
    """Maps one adapted Caddyfile onto a runtime.

    Args:
        adapted: what Caddy made of `text`.
        runtime: where it shall run.
        text: the learner's Caddyfile, for error messages.
        files: what it may read of this machine; by default nothing.
    """

    def __init__(
        self, adapted: Json, runtime: Runtime, text: str = "", files: Files | None = None
    ) -> None:
        self.config = copy.deepcopy(adapted)
        self.files = files or Files(text, Path.cwd(), [], runtime.bring)
        self.runtime, self.text = runtime, text
        self.notes: list[str] = []
        self.servers: Json = self.config.get("apps", {}).get("http", {}).get("servers", {})
        self.inner: dict[int, str] = {}
        self.to_itself = False

    def plan(self) -> Prepared:
        """The instrumented configuration.

        Raises:
            CaddyfileError: it needs something that a lab does not have; says what.
        """
        self._need_plain_http()
        decisions = Guard(self.files, self.runtime.own_folder).keep(self.config)
        self.notes += map(str, decisions)
        self._need_no_loop()
        self._map_listeners()
        for handler in handlers(self.config, "reverse_proxy"):
            self._map_handler(handler)
        mark_checks(self.config)
        mark_answers(self.config)
        loops.end_rounds(self.servers, self.inner.values())
        self._own_log()
        self._own_admin()
        own_authority(self.config)
        host = host_of(self.main)
        self.notes += remarks(self.main, Asked(host, USUAL_PATH))
        return Prepared(self.config, self._own_probe(), host, self.to_itself, self.notes, decisions)

    def _need_plain_http(self) -> None:
        if not self.servers:
            raise self._no("This Caddyfile has no site, so there is nothing to send requests to.",
                           help="A site begins with its address: `:80 { … }`.")  # fmt: skip
        for server in self.servers.values():
            if not server.get("listen"):
                raise self._no("A site of this Caddyfile listens nowhere.",
                               help="A site begins with its address: `:80 { … }`.")  # fmt: skip
            if any(port_of(listen) == 443 for listen in server["listen"]):
                raise self._no_https(server)

    def _no_https(self, server: Json) -> CaddyfileError:
        hosts = [host for match in find(server, "host") for host in match]
        name = hosts[0] if hosts else ":443"
        word = f"`{name}` is the name of a host, which" if hosts else "This site"
        example = ":80" if name.isdigit() else f"http://{name}"
        return self._no(
            f"{word} Caddy serves by HTTPS on port 443, with a certificate of its own. "
            "The lab's sites are plain HTTP.",
            word=name, help=f"Begin the site with `{example} {{`.",
        )  # fmt: skip

    def _need_no_loop(self) -> None:
        listens = [(server, self._port(at)) for server in self.servers.values()
                   for at in server["listen"]]  # fmt: skip
        sites = {port: server for server, port in listens}
        dials = {upstream["dial"] for proxy in handlers(self.config, "reverse_proxy")
                 for upstream in proxy.get("upstreams", []) if "dial" in upstream}  # fmt: skip
        target = {dial: port for dial in dials
                  if (port := self._own_port(dial)) in sites and port}  # fmt: skip
        if way := loops.loop(loops.hops(sites, target)):
            raise self._loop(way)

    def _own_port(self, dial: str) -> int | None:
        host = TCP.sub("", dial).rpartition(":")[0]
        return port_of(dial) if is_local(host) else None

    def _loop(self, way: Sequence[loops.Hop]) -> CaddyfileError:
        ports = " → ".join(f":{port}" for port in [way[0].site, *(hop.to for hop in way)])
        first = TCP.sub("", way[0].dial)
        return self._no(
            f"`{first}` sends each request back to where it came from ({ports}), again and again.",
            line=line_of_upstream(first, self.text),
            help=f"Name the backends instead: {self._list_names()}.",
        )

    def _map_listeners(self) -> None:
        self.main = main = self._main()
        for server in self.servers.values():
            ports = [self._port(listen) for listen in server["listen"]]
            if server is main:
                server["listen"] = [self.runtime.listen]
                server.setdefault("listener_wrappers", []).insert(0, PROXY_PROTOCOL)
                self.inner.update(dict.fromkeys(ports, self.runtime.listen))
            else:
                server["listen"] = [self._inner(port) for port in ports]
            server["automatic_https"] = {"disable": True}  # the port is no longer Caddy's :80

    def _main(self) -> Json:
        """The site that gets the lab's traffic: the one on :80, or else the first."""
        ports = {name: self._port(server["listen"][0]) for name, server in self.servers.items()}
        name = next((name for name, port in ports.items() if port == SITE_PORT), None)
        name = name or min(ports)
        if ports[name] != SITE_PORT:
            self.notes.append(f"The lab sends its traffic to :{ports[name]}.")
        for other in sorted(set(ports.values()) - {ports[name]}):
            self.notes.append(f"The lab sends no traffic to :{other}; Caddy itself can reach it.")
        main: Json = self.servers[name]
        return main

    def _port(self, listen: str) -> int:
        port = port_of(listen)
        if port is None:
            raise self._no(f"The lab cannot listen on `{listen}`.", word=listen,
                           help="Give the site one TCP port, such as `:80`.")  # fmt: skip
        return port

    def _inner(self, port: int) -> str:
        if port not in self.inner:
            self.inner[port] = self.runtime.inner(port)
        return self.inner[port]

    def _map_handler(self, handler: Json) -> None:
        if "dynamic_upstreams" in handler:
            raise self._no("Dynamic upstreams ask a name server, and the lab has none.",
                           word="dynamic", help="Name the backends: `reverse_proxy backend1:8080 "
                           "backend2:8080`.")  # fmt: skip
        for upstream in handler.get("upstreams", []):
            if "dial" in upstream:
                upstream["dial"] = self._dial(upstream["dial"])
        active = handler.get("health_checks", {}).get("active", {})
        if "upstream" in active:
            active["upstream"] = self._dial(active["upstream"])
        if port := active.pop("port", None):
            self._map_health_port(active, port)

    def _map_health_port(self, active: Json, port: int) -> None:
        if port != BACKEND_PORT:  # 8080 is where Caddy checks anyway
            active["port"] = port_of(self.runtime.dial("backend1", port))

    def _dial(self, written: str) -> str:
        dial = TCP.sub("", written)
        host, _, port = dial.rpartition(":")
        if foreign := parameter(host):
            raise self._no(f"Caddy takes `{host}` for the name of one more upstream.",
                           line=line_of_upstream(dial, self.text), help=foreign)  # fmt: skip
        if not port.isdigit() or "/" in dial or "{" in dial:
            raise self._no_such(dial, dial, "is no address of a backend")
        if is_local(host) and int(port) in self.inner:
            self.to_itself = True
            return self.inner[int(port)]
        if is_local(host):
            what = f"is not in this Caddyfile: no site listens on :{port}"
            raise self._no_such(dial, dial, what)
        if host not in self._names():
            raise self._no_such(host, dial, "is not in this lab")
        return self.runtime.dial(host, int(port))

    def _names(self) -> list[str]:
        return [f"backend{unit.number}" for unit in self.runtime.units]

    def _list_names(self) -> str:
        return ", ".join(f"{name}:{BACKEND_PORT}" for name in self._names())

    def _no_such(self, word: str, dial: str, what: str) -> CaddyfileError:
        names = self._list_names()
        line = line_of_upstream(dial, self.text)
        help = f"This lab has {names}.{self._wish(word)}"
        return self._no(f"`{word}` {what}.", line=line, help=help)

    def _wish(self, word: str) -> str:
        more = re.fullmatch(r"backend([1-9]\d*)", word)
        if more is None:
            return ""
        if int(more[1]) > MOST_BACKENDS:
            return f" A lab has {MOST_BACKENDS} backends at most."
        return f" For more backends: `Lab(backends={more[1]})`."

    def _no(
        self, reason: str, *, help: str, word: str = "", line: int | None = None
    ) -> CaddyfileError:
        missing = "".join(f" {variable}." for variable in unset(self.text, inherited()))
        line = line or line_of(word, self.text)
        return CaddyfileError(reason + missing, self.text, line, help)

    def _own_admin(self) -> None:
        if "admin" in self.config:
            self.notes.append("The lab keeps its own admin endpoint; your `admin` is not used.")
        extra = copy.deepcopy(self.runtime.extra_config())
        self.config["admin"] = extra.pop("admin")
        merge(self.config, extra)

    def _own_probe(self) -> str:
        token = secrets.token_hex(8)
        probe = {
            "match": [{"header": {PROBE: [token]}}],
            "handle": [
                {"handler": "vars", "log_skip": True},
                {"handler": "static_response", "status_code": 204},
            ],
            "terminal": True,
        }
        self.main.setdefault("routes", []).insert(0, probe)
        return token

    def _own_log(self) -> None:
        self._skip_nothing()
        for server in self.servers.values():
            logs = server.setdefault("logs", {})
            logs.pop("skip_unmapped_hosts", None)
            logs.pop("skip_hosts", None)
            logs.setdefault("default_logger_name", ACCESS)
        logs = self.config.setdefault("logging", {}).setdefault("logs", {})
        default = logs.setdefault("default", {})
        if not default.get("include"):  # else Caddy refuses to exclude what is not included
            default.setdefault("exclude", []).append(f"{ALL_ACCESS}.{ACCESS}")
        logs["caddylab"] = {
            "writer": self.runtime.log_writer(), "encoder": {"format": "json"},
            "level": "DEBUG", "include": LOGGERS,
        }  # fmt: skip

    def _skip_nothing(self) -> None:
        """A request that is not logged could not be told from one that Caddy never ended."""
        skipping = [h for h in handlers(self.config, "vars") if h.pop("log_skip", None)]
        if skipping:
            self.notes.append("The lab needs each request in Caddy's log: `log_skip` skips none.")


def is_local(host: str) -> bool:
    """Whether a dial address with this host means the machine of Caddy itself."""
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return host in ("", "localhost")
    return address.is_loopback or address.is_unspecified
