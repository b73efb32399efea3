"""The protocol that each backend must speak: the one that its proxies dial it with."""

from __future__ import annotations

import ipaddress
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from caddylab._caddy.adapted.dynamic import asked, sources, target, upstreams
from caddylab._caddy.adapted.tree import Json, find, handlers, port_of
from caddylab._caddy.completion.substitution import Substitution
from caddylab._caddy.text.places import line_of, line_of_upstream
from caddylab._errors import CaddyfileError
from caddylab._machine.certificates import Signer
from caddylab._rig.site.assignment import bare, is_unix
from caddylab._rig.site.refusal import Refuse
from caddylab._runtimes.base import Runtime
from caddylab._runtimes.listener import Listener

NETWORK = re.compile(r"^(?:tcp[46]?|unix(?:\+h2c)?)/")
TOGETHER = {frozenset({"http", "h2c"}): "h2c", frozenset({"https", "h2"}): "h2"}
"""Whoever speaks the newer protocol speaks the older one, too."""
USUAL = {"localhost", "127.0.0.1"}
WORDS = {"http": "plain HTTP", "https": "HTTPS", "h2": "HTTPS", "h2c": "HTTP/2 without TLS",
         "fastcgi": "FastCGI"}  # fmt: skip
SECURE = ("https", "h2")
NAME_IT = "If the real one is for that name, dial the upstream by it."
UPSTREAM = "{http.reverse_proxy.upstream."


class Speech:
    """Finds out how the proxies of one configuration speak to their upstreams.

    Args:
        runtime: whose backends.
        authority: signs their certificates.
        refuse: makes the errors.
        lenient: whether an upstream may be dialled in two ways, one of which then fails, as it
            would in production; else that is refused.

    Attributes:
        substitutions: what to report about the certificates, and about such an upstream.
    """

    def __init__(
        self, runtime: Runtime, authority: Signer, refuse: Refuse, *, lenient: bool = False
    ) -> None:
        self._lenient = lenient
        self._runtime, self._authority, self._refuse = runtime, authority, refuse
        self._protocols: dict[int, dict[str, str]] = defaultdict(dict)
        self._names: dict[int, dict[str, None]] = defaultdict(dict)
        self._unix: set[int] = set()
        self.substitutions: list[Substitution] = []

    def hear(self, proxy: Json, upstreams: Sequence[tuple[str, int]]) -> None:
        """Note what a proxy speaks to its upstreams, and have it ask them for the right names.

        Args:
            proxy: the handler; changed.
            upstreams: the addresses in the Caddyfile, and which backend stands for each.
        """
        transport = proxy.get("transport") or {}
        for dial, number in upstreams:
            self._protocols[number].setdefault(protocol_of(transport, dial), dial)
            if is_unix(dial):
                self._unix.add(number)
        if len({dial for dial, _ in upstreams}) == 1:
            self._name(proxy, upstreams[0][0])
        if isinstance(transport.get("tls"), dict) and upstreams:
            self._certify(transport["tls"], upstreams)

    def hear_source(self, proxy: Json, source: Json, upstreams: Sequence[tuple[str, int]]) -> None:
        """The same for upstreams that a name server lists: only that name is known.

        Caddy asks an address for a certificate of that address, which it lacks, unless Caddy is
        told another name.
        """
        transport = proxy.get("transport") or {}
        tls = transport.get("tls") or {}
        names = [asked(source), str(tls.get("server_name") or "")]
        for dial, number in upstreams:
            self._protocols[number].setdefault(protocol_of(transport, dial.split(" ")[0]), dial)
            self._names[number] |= dict.fromkeys([*filter(None, names), target(number)])

    def is_unix(self, number: int) -> bool:
        """Whether a backend listens at a unix socket."""
        return number in self._unix

    def listeners(self, config: Json) -> dict[int, Listener]:
        """The listener of each backend that was named."""
        hosts = sorted({host for hosts in find(config, "host") if isinstance(hosts, list)
                        for host in hosts if isinstance(host, str)})  # fmt: skip
        spoken = {number: self._one(number) for number in self._protocols}
        secure = [number for number, protocol in spoken.items() if protocol in SECURE]
        names = [self._certified(number, hosts) for number in secure]
        signed = dict(zip(secure, self._authority.certificates(names), strict=True))
        return {
            number: Listener(
                protocol,
                number in self._unix,
                signed.get(number, ""),
                self._served(number, hosts) if number in signed else (),
            )
            for number, protocol in spoken.items()
        }

    def _one(self, number: int) -> str:
        """The one protocol that a backend speaks."""
        found = self._protocols[number]
        if len(found) == 1:
            return next(iter(found))
        if both := TOGETHER.get(frozenset(found)):
            return both
        if self._lenient and len(set(found.values())) == 1:
            return self._rather(found)
        raise self._both(found)

    def _rather(self, found: dict[str, str]) -> str:
        """The protocol of a backend that is dialled in several ways: the first one."""
        (one, dial), (other, _) = list(found.items())[:2]
        self.substitutions.append(Substitution(
            line_of_upstream(dial, self._refuse.text), f"{dial} by {WORDS[other]}",
            f"a server of {WORDS[one]}",
            f"It is dialled with {WORDS[one]} as well, and a server speaks one of them at one "
            f"address: here {WORDS[one]}, so where {WORDS[other]} is spoken to it, users see 502.",
        ))  # fmt: skip
        return one

    def _both(self, found: dict[str, str]) -> CaddyfileError:
        (one, first), (other, second) = list(found.items())[:2]
        return self._refuse(
            f"`{second}` is dialled with {WORDS[other]} and `{first}` with {WORDS[one]}, and one "
            "backend stands for both.",
            line=line_of_upstream(second, self._refuse.text),
            help="Give each a backend of its own, or speak the same to both.",
        )

    # --- names -------------------------------------------------------------------------------

    def _name(self, proxy: Json, dial: str) -> None:
        """Send the upstream its own address as host, as Caddy would if it dialled that."""
        headers: Json = proxy.setdefault("headers", {}).setdefault("request", {})
        proxy["headers"]["request"] = headers = _literal(headers, dial)
        named = {key.lower() for kind in ("set", "add") for key in headers.get(kind) or {}}
        if isinstance((proxy.get("transport") or {}).get("tls"), dict) and "host" not in named:
            headers.setdefault("set", {})["Host"] = [dial]
        if not headers:
            del proxy["headers"]["request"]
        if not proxy["headers"]:
            del proxy["headers"]

    def _certify(self, tls: Json, upstreams: Sequence[tuple[str, int]]) -> None:
        """Note which names the backends have certificates for, and which one Caddy asks for."""
        if tls.get("server_name") == f"{UPSTREAM}host}}":  # which is what Caddy asks for by itself
            del tls["server_name"]
        asked = tls.get("server_name", "")
        default = host_of(upstreams[0][0])
        for dial, number in upstreams:
            host = host_of(dial)
            self._names[number][host] = None
            if not asked:  # here one name is asked for; in production, each for its own
                self._names[number][default] = None
            elif not _is_name(host):  # it has a certificate all the same, then for this name
                self._names[number][asked] = None
            elif asked != host and "{" not in asked and not tls.get("insecure_skip_verify"):
                self._wrong(asked, dial, host)
        tls.setdefault("server_name", default)

    def _wrong(self, asked: str, dial: str, host: str) -> None:
        """Report that Caddy asks an upstream for a certificate that it lacks."""
        line = line_of(asked, self._refuse.text)
        stood = f"the certificate of {dial}"
        if all(each.stood != stood for each in self.substitutions):
            means = f"Caddy asks it for `{asked}`, and so trusts no answer: 502 each time."
            self.substitutions.append(
                Substitution(line, stood, f"one for `{host}`, its name", f"{means} {NAME_IT}")
            )

    def _certified(self, number: int, hosts: Iterable[str]) -> tuple[str, ...]:
        names = dict(self._names[number])
        if any("{" in name for name in names):  # whatever the client has asked for
            names |= dict.fromkeys([*hosts, *sorted(USUAL)])
        return tuple(name for name in names if "{" not in name)

    def _served(self, number: int, hosts: Iterable[str]) -> tuple[str, ...]:
        """The hosts that it serves: its own, and those for which the sites are asked."""
        own = host_of(self._runtime.units[number - 1].dial)
        return tuple(dict.fromkeys([*self._certified(number, ()), *hosts, *sorted(USUAL), own]))


def protocol_of(transport: Json, dial: str) -> str:
    """The protocol that a proxy speaks to its upstreams."""
    if transport.get("protocol") == "fastcgi":
        return "fastcgi"
    tls, versions = transport.get("tls"), transport.get("versions") or []
    if isinstance(tls, dict) and str(port_of(dial)) not in (tls.get("except_ports") or []):
        return "h2" if "2" in versions else "https"
    return "h2c" if "h2c" in versions else "http"


def spoken_to(config: Json) -> dict[str, str]:
    """What decides which upstreams can share a backend: the protocol, and a socket's kind."""
    found: dict[str, str] = {}
    for proxy in handlers(config, "reverse_proxy"):
        transport = proxy.get("transport") or {}
        for source in sources(proxy):
            found |= {name: f"{protocol_of(transport, name)} by name" for name in upstreams(source)}
        for dial in (up.get("dial", "") for up in proxy.get("upstreams", [])):
            kind = "unix" if is_unix(dial) else "tcp"
            found.setdefault(bare(dial), f"{protocol_of(transport, dial)} by {kind}")
    return found


def host_of(dial: str) -> str:
    """The host in a dial address; for a unix socket, "localhost"."""
    if is_unix(dial):
        return "localhost"
    return NETWORK.sub("", dial).rpartition(":")[0].strip("[]")


def _is_name(host: str) -> bool:
    """Whether a certificate can be for this host, as others see it."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host != "localhost"
    return False


def _literal(node: Any, dial: str) -> Any:
    """The text with an upstream's address in the place of Caddy's placeholders for it."""
    if isinstance(node, dict):
        return {key: _literal(value, dial) for key, value in node.items()}
    if isinstance(node, list):
        return [_literal(value, dial) for value in node]
    if not isinstance(node, str) or UPSTREAM not in node:
        return node
    address = NETWORK.sub("", dial)
    host, _, port = address.rpartition(":")
    for part, value in (("hostport", address), ("host", host), ("port", port)):
        node = node.replace(f"{UPSTREAM}{part}}}", value)
    return node
