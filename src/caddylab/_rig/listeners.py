"""Where the sites of a Caddyfile listen in a lab."""

from __future__ import annotations

from caddylab._caddy.adapted.tree import Json, find, port_of
from caddylab._errors import CaddyfileError
from caddylab._rig.refusal import Refuse
from caddylab._runtimes.base import Runtime

SITE_PORT = 80
PROXY_PROTOCOL = {"wrapper": "proxy_protocol", "timeout": "30s", "allow": ["0.0.0.0/0", "::/0"]}


class Listeners:
    """Gives each server of a configuration a listener of the runtime's.

    Args:
        servers: Caddy's servers by name; changed by `map`.
        runtime: where they shall listen.
        refuse: makes the errors.

    Attributes:
        inner: the listener of each port of the Caddyfile.
        main: the server that gets the lab's traffic; known after `map`.
        notes: what the learner should know.
    """

    def __init__(self, servers: Json, runtime: Runtime, refuse: Refuse) -> None:
        self.servers, self._runtime, self._refuse = servers, runtime, refuse
        self.inner: dict[int, str] = {}
        self.main: Json = {}
        self.notes: list[str] = []

    def need_plain_http(self) -> None:
        if not self.servers:
            raise self._refuse("This Caddyfile has no site: there is nothing to send requests to.",
                               help="A site begins with its address: `:80 { … }`.")  # fmt: skip
        for server in self.servers.values():
            if not server.get("listen"):
                raise self._refuse("A site of this Caddyfile listens nowhere.",
                               help="A site begins with its address: `:80 { … }`.")  # fmt: skip
            if any(port_of(listen) == 443 for listen in server["listen"]):
                raise self._no_https(server)

    def _no_https(self, server: Json) -> CaddyfileError:
        hosts = [host for match in find(server, "host") for host in match]
        name = hosts[0] if hosts else ":443"
        word = f"`{name}` is the name of a host, which" if hosts else "This site"
        example = ":80" if name.isdigit() else f"http://{name}"
        return self._refuse(
            f"{word} Caddy serves by HTTPS on port 443, with a certificate of its own. "
            "The lab's sites are plain HTTP.",
            word=name, help=f"Begin the site with `{example} {{`.",
        )  # fmt: skip

    def sites(self) -> dict[int, Json]:
        """The servers by their ports."""
        return {
            self.port(at): server for server in self.servers.values() for at in server["listen"]
        }

    def map(self) -> None:
        """Let each server listen where the runtime wants it."""
        self.main = main = self._main()
        for server in self.servers.values():
            ports = [self.port(listen) for listen in server["listen"]]
            if server is main:
                server["listen"] = [self._runtime.listen]
                server.setdefault("listener_wrappers", []).insert(0, PROXY_PROTOCOL)
                self.inner.update(dict.fromkeys(ports, self._runtime.listen))
            else:
                server["listen"] = [self._inner(port) for port in ports]
            server["automatic_https"] = {"disable": True}  # the port is no longer Caddy's :80

    def _main(self) -> Json:
        """The site that gets the lab's traffic: the one on :80, or else the first."""
        ports = {name: self.port(server["listen"][0]) for name, server in self.servers.items()}
        name = next((name for name, port in ports.items() if port == SITE_PORT), None)
        name = name or min(ports)
        if ports[name] != SITE_PORT:
            self.notes.append(f"The lab sends its traffic to :{ports[name]}.")
        for other in sorted(set(ports.values()) - {ports[name]}):
            self.notes.append(f"The lab sends no traffic to :{other}; Caddy itself can reach it.")
        main: Json = self.servers[name]
        return main

    def port(self, listen: str) -> int:
        port = port_of(listen)
        if port is None:
            raise self._refuse(f"The lab cannot listen on `{listen}`.", word=listen,
                           help="Give the site one TCP port, such as `:80`.")  # fmt: skip
        return port

    def _inner(self, port: int) -> str:
        if port not in self.inner:
            self.inner[port] = self._runtime.inner(port)
        return self.inner[port]
