"""Which backend of the lab stands for which upstream of a Caddyfile."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence

from caddylab._caddy.adapted.tree import Json, handlers, port_of
from caddylab._caddy.advice.foreign import parameter
from caddylab._caddy.safety import loops
from caddylab._caddy.text.places import line_of_upstream
from caddylab._errors import CaddyfileError
from caddylab._rig.refusal import Refuse
from caddylab._runtimes.base import BACKEND_PORT, MOST_BACKENDS, Runtime

PROXY = "reverse_proxy"
TCP = re.compile(r"^tcp[46]?/")


class Upstreams:
    """Gives each upstream of a configuration the address of a backend.

    Args:
        runtime: whose backends.
        refuse: makes the errors.

    Attributes:
        to_itself: whether Caddy sends requests on to another of its own sites.
    """

    def __init__(self, runtime: Runtime, refuse: Refuse) -> None:
        self.runtime, self._refuse, self.text = runtime, refuse, refuse.text
        self.inner: Mapping[int, str] = {}
        self.to_itself = False

    def map(self, config: Json, inner: Mapping[int, str]) -> None:
        """Write the addresses into a configuration.

        Args:
            config: Caddy's JSON.
            inner: the listeners of Caddy's own sites, by the port that the Caddyfile gives them.
        """
        self.inner = inner
        for handler in handlers(config, PROXY):
            self._map_handler(handler)

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
            raise self._loop(way)

    def _own_port(self, dial: str) -> int | None:
        host = TCP.sub("", dial).rpartition(":")[0]
        return port_of(dial) if is_local(host) else None

    def _loop(self, way: Sequence[loops.Hop]) -> CaddyfileError:
        ports = " → ".join(f":{port}" for port in [way[0].site, *(hop.to for hop in way)])
        first = TCP.sub("", way[0].dial)
        return self._refuse(
            f"`{first}` sends each request back to where it came from ({ports}), again and again.",
            line=line_of_upstream(first, self.text),
            help=f"Name the backends instead: {self._list_names()}.",
        )

    def _map_handler(self, handler: Json) -> None:
        if "dynamic_upstreams" in handler:
            raise self._refuse("Dynamic upstreams ask a name server, and the lab has none.",
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
            raise self._refuse(f"Caddy takes `{host}` for the name of one more upstream.",
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
        return self._refuse(f"`{word}` {what}.", line=line, help=help)

    def _wish(self, word: str) -> str:
        more = re.fullmatch(r"backend([1-9]\d*)", word)
        if more is None:
            return ""
        if int(more[1]) > MOST_BACKENDS:
            return f" A lab has {MOST_BACKENDS} backends at most."
        return f" For more backends: `Lab(backends={more[1]})`."


def is_local(host: str) -> bool:
    """Whether a dial address with this host means the machine of Caddy itself."""
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return host in ("", "localhost")
    return address.is_loopback or address.is_unspecified
