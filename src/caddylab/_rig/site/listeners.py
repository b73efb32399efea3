"""Where the sites of a Caddyfile listen in a lab."""

from __future__ import annotations

import copy
from collections.abc import Sequence

from caddylab._caddy.adapted import https
from caddylab._caddy.adapted.https import Ports
from caddylab._caddy.adapted.routes import PROXY, hosts
from caddylab._caddy.adapted.tree import Json, handlers, port_of
from caddylab._caddy.completion.substitution import Substitution
from caddylab._caddy.safety.https import OWN
from caddylab._caddy.text.places import bare, line_of
from caddylab._rig.site.doors import Door, Doors
from caddylab._rig.site.refusal import Refuse
from caddylab._runtimes.base import Gate, Runtime

PROXY_PROTOCOL = {"wrapper": "proxy_protocol", "timeout": "30s", "allow": ["0.0.0.0/0", "::/0"]}
TLS = {"wrapper": "tls"}
REDIRECTS = "caddylab_redirects"
HERE = "the lab's own address"
NOBODY_ELSE = "Nobody outside of the lab reaches its sites."
NOBODYS_PORT = 1
"""What Caddy is told where a Caddyfile has no port of a kind; a lab listens on no such number."""


class Listeners:
    """Gives each server of a configuration listeners that the runtime provides.

    Args:
        app: Caddy's `http` app; changed by `map`.
        runtime: where it shall listen.
        refuse: makes the errors.
        own: whether it is somebody's own file, whose variables were given values.
        port: the port of the site that gets the lab's traffic, if that is decided.

    Attributes:
        servers: the servers by name.
        as_given: these as the Caddyfile has them.
        automated: names without a matcher that Caddy gets certificates for all the same.
        served: each server, and whether Caddy's redirects to HTTPS are there; known after `map`,
            like all that follows.
        inner: the listener of each port of the Caddyfile.
        doors: the same listeners as clients reach them.
        notes: what the learner should know.
    """

    def __init__(
        self, app: Json, runtime: Runtime, refuse: Refuse, *, own: bool = False, port: int = 0,
    ) -> None:  # fmt: skip
        self._own, self._port = own, port
        self.automated: Sequence[str] = ()
        self.app, self._runtime, self._refuse = app, runtime, refuse
        self.servers: Json = app.get("servers", {})
        self._ports = Ports.of(app)
        self.inner: dict[int, str] = {}
        self.as_given = copy.deepcopy(self.servers)
        self._main = ""
        self.served: list[tuple[Json, bool]] = []
        self.doors = Doors()
        self.notes: list[str] = []

    def need_sites(self) -> None:
        """Refuse what is not a site, or hardly meant as one."""
        if not self.servers:
            raise self._refuse("This Caddyfile has no site: there is nothing to send requests to.",
                               help="A site begins with its address: `:80 { … }`.")  # fmt: skip
        for server in self.servers.values():
            if not server.get("listen"):
                raise self._refuse("A site of this Caddyfile listens nowhere.",
                               help="A site begins with its address: `:80 { … }`.")  # fmt: skip
            for name in filter(str.isdigit, https.names(server)):
                raise self._refuse(
                    f"`{name}` is the name of a host, which Caddy serves by HTTPS.",
                    word=name, help=f"A port has a colon: begin the site with `:{name} {{`.",
                )  # fmt: skip

    @property
    def written(self) -> Json:
        """The server that gets the lab's traffic, as it is in the Caddyfile."""
        server: Json = self.as_given[self._main]
        return server

    def sites(self) -> dict[int, Json]:
        """The servers by their ports."""
        return {port: server for server in self.servers.values() for port in self._of(server)}

    def map(self) -> None:
        """Have each server listen where the runtime wants it to, and speak as Caddy would."""
        self._main = self._chosen()
        self._redirect()
        gates = {place: self._runtime.gate(n) for n, place in enumerate(self._places())}
        self.doors = Doors(self._door(*place, gate) for place, gate in gates.items())
        for (_, port), gate in gates.items():
            self.inner.setdefault(port, gate.listen)
        for name, server in self.servers.items():
            self._wrap(server)
            self.served.append((server, self._ports.http in self._of(server)))
            server["listen"] = [gates[name, port].listen for port in self._of(server)]
        self.app["http_port"] = self._real(self._ports.http)
        self.app["https_port"] = self._real(self._ports.https)
        self._remark()

    def _redirect(self) -> None:
        """Add a server for plain HTTP wherever Caddy redirects that to HTTPS.

        Caddy adds the redirects itself, except to ports that are numbered otherwise here.
        """
        leading = [server for server in self.servers.values() if self._leads(server)]
        if not leading:
            return
        plain = self.sites().get(self._ports.http)
        if plain is None:
            plain = {"listen": [f":{self._ports.http}"], "routes": []}
            self.servers[REDIRECTS] = plain
        at_home = next((n for n, port in self._places() if port == self._ports.https), "")
        elsewhere = [server for server in leading if server is not self.servers.get(at_home)]
        own = [self._own_redirect(server) for server in elsewhere]
        routes = plain.setdefault("routes", [])
        at = 1 + max((n for n, route in enumerate(routes) if _names_hosts(route)), default=-1)
        plain["routes"] = [*routes[:at], *own, *routes[at:]]

    def _leads(self, server: Json) -> bool:
        return any(self._secure(server, port) for port in self._of(server)) and https.redirects(
            server
        )

    def _own_redirect(self, server: Json) -> Json:
        server.setdefault("automatic_https", {})["disable_redirects"] = True
        server.setdefault("tls_connection_policies", [{}])  # its port here does not show that
        port = next(port for port in self._of(server) if self._secure(server, port))
        return https.redirect(None if port == self._ports.https else port, https.names(server))

    def _chosen(self) -> str:
        """The name of the server that gets the traffic: one with a proxy, at :443 or else :80.

        Where a port is asked for, the server at that port.
        """
        preferred = [self._ports.https, self._ports.http]

        def rank(name: str) -> tuple[bool, bool, int, int]:
            server = self.as_given[name]
            port = self._of(server)[0]
            has_proxy = any(True for _ in handlers(server, PROXY))
            place = preferred.index(port) if port in preferred else len(preferred)
            return self._port not in self._of(server), not has_proxy, place, port

        return str(min(self.as_given, key=rank))

    def _places(self) -> list[tuple[str, int]]:
        """Each server at each of its ports, the main one first.

        Several may have one port, at addresses that a lab does not have (`bind`).
        """
        places = [
            (name, port) for name, server in self.servers.items() for port in self._of(server)
        ]
        return sorted(places, key=lambda place: (place[0] != self._main, place[1], place[0]))

    def _door(self, name: str, port: int, gate: Gate) -> Door:
        # As in the Caddyfile; a listener of the lab's own is empty.
        server = self.as_given.get(name, {"listen": [f":{port}"]})
        secure = self._secure(server, port)
        certified = [*https.managed(server), *self.automated] if secure else []
        usual = port == self._ports.usual(secure)
        return Door(port, secure, usual, gate.address, hosts(server), certified)

    def _wrap(self, server: Json) -> None:
        """The PROXY line comes first of all, so that clients have addresses of their own."""
        own = server.get("listener_wrappers") or []
        tls = [] if any(each.get("wrapper") == "tls" for each in own) else [TLS]
        server["listener_wrappers"] = [PROXY_PROTOCOL, *tls, *own]

    def _real(self, port: int) -> int:
        listen = self.inner.get(port)
        return (port_of(listen) if listen else None) or NOBODYS_PORT

    def _secure(self, server: Json, port: int) -> bool:
        return https.is_secure(server, port, self._ports)

    def _remark(self) -> None:
        first = self.doors[0]
        if not first.usual or (not first.secure and first.port != Ports.http):
            self.notes.append(f"The lab sends its traffic to :{first.port}.")
        for door in self.doors:
            if door.address is None:
                self.notes.append(
                    f"The lab sends no traffic to :{door.port}; Caddy itself can reach it."
                )

    def elsewhere(self) -> list[Substitution]:
        """The addresses that a lab does not have."""
        listens = [each for server in self.as_given.values() for each in server["listen"]]
        addresses = dict.fromkeys(bare(listen).rpartition(":")[0] for listen in listens)
        text = self._refuse.text
        return [
            Substitution(line_of(address.strip("[]"), text), f"bind {address}", HERE, NOBODY_ELSE)
            for address in addresses if address
        ]  # fmt: skip

    def remark_certificates(self, tls: Json, *, lend: bool = False) -> list[Substitution]:
        """Report a site that no client can enter by HTTPS, as none could in production.

        Args:
            tls: Caddy's `tls` app; changed where certificates are lent.
            lend: whether a certificate is lent to such a site, so that the rest can be tried.

        Returns:
            The substitutions for the certificates that were lent.
        """
        lent = []
        places = [(server, port) for server in self.as_given.values() for port in self._of(server)]
        for server, port in places:
            if self._secure(server, port) and not https.certifies(server, tls):
                off = (server.get("automatic_https") or {}).get("disable")
                why = "`auto_https` is off" if off else "the site has no name"
                if not off and self._refuse.unset and not self._own:
                    raise self._refuse("This site has no name to be asked for by HTTPS.",
                                       line=self._refuse.unset[0].line,
                                       help=self._refuse.unset[0].help)  # fmt: skip
                missing = f"Caddy has no certificate to show at :{port}, because {why}: each TLS "
                if lend:
                    https.certify_on_demand(tls)
                    means = f"{missing}handshake fails in production."
                    lent.append(Substitution(None, f"no certificate at :{port}", OWN, means))
                else:
                    self.notes.append(f"{missing}handshake fails, here as in production.")
        return lent

    def _of(self, server: Json) -> list[int]:
        """The ports of one server."""
        return list(dict.fromkeys(self.port(listen) for listen in server["listen"]))

    def port(self, listen: str) -> int:
        port = port_of(listen)
        if port is None:
            raise self._refuse(f"The lab cannot listen on `{listen}`.", word=listen,
                           help="Give the site one TCP port, such as `:80`.")  # fmt: skip
        return port


def _names_hosts(route: Json) -> bool:
    return any("host" in matcher for matcher in route.get("match") or [])
