"""The simulated users: each has an IP address of its own and a cookie jar."""

from __future__ import annotations

import ipaddress
import ssl
import time
from email.utils import parsedate_to_datetime
from typing import Annotated, NamedTuple

from caddylab._border import Between, border
from caddylab._engine.tls import Trust, address
from caddylab._errors import TrafficError

_SMALL = ("203.0.113", "198.51.100", "192.0.2")
"""The three /24 networks that are set aside for documentation (RFC 5737)."""
_HOSTS = 254
_LARGE = int(ipaddress.IPv4Address("198.18.0.0"))
"""198.18.0.0/15 is set aside for benchmarks (RFC 2544)."""
_LARGE_HOSTS = 2**17 - 2
MOST_CLIENTS = len(_SMALL) * _HOSTS + _LARGE_HOSTS
"""How many users can have addresses of their own."""


def address_of(k: int) -> str:
    """The IP address of client `k` (from 0): always the same, and nobody's on the Internet.

    Raises:
        TrafficError: there are only `MOST_CLIENTS` such addresses.
    """
    if k < len(_SMALL) * _HOSTS:
        return f"{_SMALL[k // _HOSTS]}.{k % _HOSTS + 1}"
    if k < MOST_CLIENTS:
        return str(ipaddress.IPv4Address(_LARGE + 1 + k - len(_SMALL) * _HOSTS))
    raise TrafficError(
        f"Client {k + 1:,} has no address: only {MOST_CLIENTS:,} are set aside for examples. "
        "Use fewer clients, or give them all one address."
    )


class _Cookie(NamedTuple):
    value: str
    expires: float | None
    secure: bool


class Client:
    """One simulated user.

    A simple cookie jar: every cookie goes with every request of this client, whatever its
    Path and Domain; the last `Set-Cookie` of a name wins; one that has expired is dropped.
    A `Secure` one is taken from HTTPS only, goes with HTTPS only, and is not replaced by
    plain HTTP, as in a browser.

    Attributes:
        address: the IP address that Caddy sees.
        cookies: the jar's content now, name → value.
        sessions: the TLS sessions that it can resume, by whom it trusts and whom it asked.
    """

    __slots__ = ("_jar", "_proxy", "address", "sessions")

    def __init__(self, address: str, proxy: bool) -> None:
        self.address, self._proxy = address, proxy
        self._jar: dict[str, _Cookie] = {}
        self.sessions: dict[tuple[Trust, str], ssl.SSLSession] = {}

    def opening(self, asked: str = "") -> str:
        """The PROXY line up to the client's port, or nothing.

        Args:
            asked: the host asked for; if it is an address, the line says that it was dialled.
        """
        if not self._proxy:
            return ""
        dialled = address(asked)
        if dialled and dialled.version == 6:
            return f"PROXY TCP6 ::ffff:{self.address} {dialled} "
        return f"PROXY TCP4 {self.address} {dialled or '127.0.0.1'} "

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies that the next request by HTTPS carries."""
        return self._cookies(secure=True)

    def _cookies(self, secure: bool) -> dict[str, str]:
        now = time.time()
        return {
            name: cookie.value
            for name, cookie in self._jar.items()
            if (cookie.expires is None or cookie.expires > now) and secure >= cookie.secure
        }

    def cookie_line(self, secure: bool = False) -> bytes:
        """The `Cookie` header as it goes on the wire, or nothing."""
        if not self._jar or not (cookies := self._cookies(secure)):
            return b""
        pairs = "; ".join(f"{name}={value}" for name, value in cookies.items())
        return f"\r\nCookie: {pairs}".encode("latin-1")

    def take(self, set_cookie: str, secure: bool = False) -> None:
        """Put the cookie of a `Set-Cookie` header into the jar, or take it out."""
        pair, *attributes = set_cookie.split(";")
        name, separator, value = (part.strip() for part in pair.partition("="))
        cookie = _Cookie(value, _expiry(attributes), _is_secure(attributes))
        if separator and name and (secure or not self._guarded(name, cookie)):
            self._jar[name] = cookie

    def _guarded(self, name: str, cookie: _Cookie) -> bool:
        """Whether plain HTTP must not replace this cookie (RFC 6265bis, 5.7)."""
        held = self._jar.get(name)
        return cookie.secure or (held is not None and held.secure)

    def forget(self) -> None:
        """Empty the cookie jar, and forget the TLS sessions as well."""
        self._jar.clear()
        self.sessions.clear()


@border(TrafficError)
class Clients:
    """The users of a lab; they keep their cookies from one run to the next.

    Args:
        count: how many there are to begin with; more join when a plan asks for them.
        address: one IPv4 address for all of them, like an office behind one router; without
            it each has one of its own, always the same.
        proxy: whether each connection begins with a PROXY line that tells Caddy the client's
            address. Caddy needs the `proxy_protocol` listener wrapper to understand it.

    Attributes:
        shared: the one address of all of them, or None.

    Raises:
        TrafficError: not an IPv4 address, or more clients than there are addresses.
    """

    def __init__(
        self,
        count: Annotated[int, Between(0, MOST_CLIENTS)] = 1,
        address: str | None = None,
        proxy: bool = True,
    ) -> None:
        if address is not None and not _is_ipv4(address):
            raise TrafficError(f"{address!r} is no IPv4 address; write for example '203.0.113.7'.")
        self.shared, self._proxy = address, proxy
        self._people: list[Client] = []
        self.grow(count)

    def __len__(self) -> int:
        return len(self._people)

    def __getitem__(self, k: int) -> Client:
        return self._people[k]

    def address(self, k: int) -> str:
        """The IP address of client `k`, counted from 0, as Caddy sees it."""
        return self.shared or address_of(k)

    def grow(self, count: int) -> None:
        """Let more users join until there are `count`.

        Raises:
            TrafficError: there are not so many addresses.
        """
        for k in range(len(self._people), count):
            self._people.append(Client(self.address(k), self._proxy))

    def cookies(self, name: str) -> set[str]:
        """The clients' values of the cookie `name`; clients without it are left out."""
        held = (client.cookies.get(name) for client in self._people)
        return {value for value in held if value is not None}

    def forget(self) -> None:
        """Empty every cookie jar: everybody is a new visitor again."""
        for client in self._people:
            client.forget()


def _is_ipv4(text: str) -> bool:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _is_secure(attributes: list[str]) -> bool:
    return any(each.partition("=")[0].strip().lower() == "secure" for each in attributes)


def _expiry(attributes: list[str]) -> float | None:
    """When a cookie expires (Unix time); Max-Age beats Expires, as RFC 6265 has it."""
    found = {}
    for attribute in attributes:
        name, _, value = attribute.partition("=")
        found[name.strip().lower()] = value.strip()
    try:
        if "max-age" in found:
            return time.time() + int(found["max-age"])
        return parsedate_to_datetime(found["expires"]).timestamp()
    except (KeyError, ValueError):
        return None
