"""The ports of a Caddyfile as clients on this machine reach them, and which one is meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from caddylab._caddy.adapted.matching import Asked, any_fits
from caddylab._caddy.adapted.routes import ascii_name, example
from caddylab._errors import TrafficError
from caddylab._runtimes.base import Address

HTTP, HTTPS = "http", "https"


@dataclass(frozen=True)
class Door:
    """One port of a Caddyfile.

    Attributes:
        port: as the Caddyfile has it.
        secure: whether HTTPS is spoken there.
        usual: whether an address need not name the port.
        address: where clients reach it, on loopback; None if only Caddy itself does.
        hosts: the names that it answers for; none if it answers for all.
        certified: the names that Caddy gets certificates for.
    """

    port: int
    secure: bool
    usual: bool
    address: Address | None
    hosts: Sequence[str] = ()
    certified: Sequence[str] = ()

    @property
    def scheme(self) -> str:
        """The scheme of an address that leads here."""
        return HTTPS if self.secure else HTTP

    def authority(self, host: str) -> str:
        """The `Host` that a browser sends when it asks for `host` here."""
        return host if self.usual else f"{host}:{self.port}"

    def reached(self) -> Address:
        """Where clients connect.

        Raises:
            TrafficError: clients cannot connect here.
        """
        if self.address is None:
            raise TrafficError(f"Only Caddy itself reaches :{self.port} in this lab.")
        return self.address

    def base(self, authority: str) -> str:
        """The beginning of a URL that asks for `authority` here; with plain HTTP it has no name."""
        host, port = self.reached()
        return f"https://{authority}" if self.secure else f"http://{host}:{port}"

    def answers_for(self, host: str) -> bool:
        """Whether it names that host."""
        names = [ascii_name(name) for name in self.hosts]
        return bool(any_fits([{"host": names}], Asked(ascii_name(host), "/")))


class Doors(tuple[Door, ...]):
    """All doors of a Caddyfile, first the one that gets the traffic by default."""

    __slots__ = ()

    def choose(
        self, host: str | None = None, scheme: str | None = None, port: int | None = None
    ) -> Door:
        """The one that a request goes to.

        Args:
            host: the host it asks for; a door that names this host comes first, HTTPS above all.
            scheme: "http" or "https".
            port: the port as the Caddyfile has it.

        Raises:
            TrafficError: there is none.
        """
        fits = [
            door for door in self
            if scheme in (None, door.scheme) and port in (None, door.port)
        ]  # fmt: skip
        if not fits:
            raise self._none(scheme, port)
        naming = [door for door in fits if host and door.answers_for(host)]
        return max(naming, key=lambda door: door.secure, default=fits[0])

    def asked(self, host: str | None, scheme: str | None, usual: str) -> tuple[Door, str]:
        """The door for what somebody asks for, and the `Host` that they send.

        Args:
            host: the host they ask for, perhaps with a port; None for the door's own.
            scheme: "http" or "https", if that matters.
            usual: the host that is asked for by default.

        Raises:
            TrafficError: there is no such door.
        """
        if host is None:
            door = self.choose(scheme=scheme)
            first = door.hosts[0] if door.hosts and door is not self[0] else usual
            return door, door.authority(example(first))
        name, port = apart(host)
        known = port if any(door.port == port for door in self) else None
        door = self.choose(name, scheme, known)
        return door, host if port else door.authority(host)

    def _none(self, scheme: str | None, port: int | None) -> TrafficError:
        wanted = f"{scheme or 'http or https'}{f' at :{port}' if port else ''}"
        there = ", ".join(f"{door.scheme} at :{door.port}" for door in self)
        return TrafficError(f"This Caddyfile has no site for {wanted}; it has {there}.")


def apart(host: str) -> tuple[str, int | None]:
    """The name and the port of a `Host`."""
    name, _, port = host.rpartition(":")
    if port.isdigit() and name and not name.endswith(":") and ("[" in name or ":" not in name):
        return name, int(port)
    return host, None
