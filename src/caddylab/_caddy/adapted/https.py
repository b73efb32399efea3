"""Which servers of Caddy's JSON speak HTTPS: Caddy decides it by ports and names when it starts."""

from __future__ import annotations

from dataclasses import dataclass

from caddylab._caddy.adapted.tree import Json, port_of

PERMANENT = 308


@dataclass(frozen=True)
class Ports:
    """The ports that are Caddy's for plain HTTP and for HTTPS (`http_port`, `https_port`)."""

    http: int = 80
    https: int = 443

    @classmethod
    def of(cls, app: Json) -> Ports:
        """The ports that Caddy's `http` app sets."""
        return cls(app.get("http_port") or cls.http, app.get("https_port") or cls.https)

    def usual(self, secure: bool) -> int:
        """The port that an address need not name."""
        return self.https if secure else self.http


def ports(server: Json) -> list[int]:
    """The TCP ports that it listens on."""
    found = (port_of(listen) for listen in server.get("listen") or [])
    return list(dict.fromkeys(port for port in found if port is not None))


def names(server: Json) -> list[str]:
    """The host names for which Caddy sees to HTTPS by itself."""
    skipped = _automatic(server).get("skip") or []
    matchers = (each for route in server.get("routes") or [] for each in route.get("match") or [])
    hosts = (host for matcher in matchers for host in matcher.get("host", []))
    return [host for host in dict.fromkeys(hosts) if host not in skipped]


def managed(server: Json) -> list[str]:
    """The host names among these that Caddy gets certificates for."""
    automatic = _automatic(server)
    if automatic.get("disable") or automatic.get("disable_certificates"):
        return []
    spared = automatic.get("skip_certificates") or []
    return [name for name in names(server) if name not in spared and "{" not in name]


def certifies(server: Json, tls: Json) -> bool:
    """Whether Caddy has a certificate for anybody who comes to this server.

    Args:
        server: one of Caddy's servers.
        tls: Caddy's `tls` app.
    """
    policies = (tls.get("automation") or {}).get("policies") or []
    on_demand = any(policy.get("on_demand") for policy in policies)
    return bool(managed(server) or on_demand or any((tls.get("certificates") or {}).values()))


def certify_on_demand(tls: Json) -> None:
    """Have Caddy make a certificate for whatever name is asked for; changes the `tls` app."""
    policies = tls.setdefault("automation", {}).setdefault("policies", [])
    anybody = next((policy for policy in policies if not policy.get("subjects")), None)
    if anybody is None:
        policies.append({"on_demand": True})
    else:
        anybody["on_demand"] = True


def is_secure(server: Json, port: int, ports: Ports) -> bool:
    """Whether Caddy speaks HTTPS at this port of a server."""
    if port == ports.http:
        return False
    if server.get("tls_connection_policies"):
        return True
    if _automatic(server).get("disable"):
        return False
    only_https = {port_of(listen) for listen in server["listen"]} == {ports.https}
    return only_https or bool(names(server))


def redirects(server: Json) -> bool:
    """Whether Caddy sends plain HTTP for this server's names to HTTPS."""
    automatic = _automatic(server)
    return not (automatic.get("disable") or automatic.get("disable_redirects"))


def redirect(port: int | None, hosts: list[str]) -> Json:
    """The route of that redirect; `port` is the HTTPS port, where it is not the usual one."""
    matcher: Json = {"protocol": "http"}
    if hosts:
        matcher["host"] = hosts
    there = f":{port}" if port else ""
    to = f"https://{{http.request.host}}{there}{{http.request.uri}}"
    headers = {"Connection": ["close"], "Location": [to]}
    answer = {"handler": "static_response", "status_code": PERMANENT, "headers": headers}
    return {"match": [matcher], "handle": [answer], "terminal": True}


def _automatic(server: Json) -> Json:
    automatic: Json = server.get("automatic_https") or {}
    return automatic
