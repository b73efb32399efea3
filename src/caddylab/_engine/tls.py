"""TLS as a client speaks it: whom it trusts, what it resumes, and why a handshake failed."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterable
from functools import cached_property
from typing import Any

CLOSED_IN_HANDSHAKE = "the connection was closed during the TLS handshake"
ALPN = {"1.1": "http/1.1", "2": "h2"}
"""What the versions of HTTP are called in a handshake."""
ALERTS = {
    "TLSV1_ALERT_INTERNAL_ERROR": "Caddy has no certificate for {host}",
    "TLSV1_UNRECOGNIZED_NAME": "Caddy has no certificate for {host}",
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": "Caddy wants a certificate of the client",
    "SSLV3_ALERT_BAD_CERTIFICATE": "Caddy does not accept the client's certificate",
    "TLSV1_ALERT_ACCESS_DENIED": "Caddy denies this client the handshake",
    "TLSV1_ALERT_NO_APPLICATION_PROTOCOL": "the site does not speak the HTTP that is asked for",
    "TLSV1_ALERT_PROTOCOL_VERSION": "the site speaks no TLS version that the client does",
    "UNSUPPORTED_PROTOCOL": "the site speaks no TLS version that the client does",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "client and site have no cipher in common",
    "WRONG_VERSION_NUMBER": "what answers speaks no TLS",
    "HTTP_REQUEST": "what answers speaks no TLS",
}
"""OpenSSL's name of each error, and what it means here."""


class Trust:
    """The authorities that a client trusts, and no other.

    Args:
        certificates: in PEM; a site's own certificate may be among them, where it has no authority.
        alpn: the versions of HTTP to offer.

    Attributes:
        pem: all the certificates.
        context: the context for OpenSSL.
    """

    def __init__(self, certificates: Iterable[str], alpn: str = ALPN["1.1"]) -> None:
        self.alpn = alpn
        self.pem = "\n".join(dict.fromkeys(certificates))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.context.set_alpn_protocols([alpn])
        self.context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        if self.pem:
            self.context.load_verify_locations(cadata=self.pem)

    def speaking(self, http: str) -> Trust:
        """The same trust for connections of this version of HTTP."""
        return self if ALPN[http] == self.alpn else self._other

    @cached_property
    def _other(self) -> Trust:
        return Trust([self.pem], next(name for name in ALPN.values() if name != self.alpn))

    def resuming(self, session: ssl.SSLSession | None) -> Resuming:
        """The context for one handshake, which takes up `session` if the site still knows it."""
        return Resuming(self.context, session)


class Resuming:
    """Passed to asyncio as a context, which has no other way to resume a session."""

    def __init__(self, context: ssl.SSLContext, session: ssl.SSLSession | None) -> None:
        self._context, self._session = context, session

    def wrap_bio(
        self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, **options: Any
    ) -> ssl.SSLObject:
        """One TLS connection."""
        return self._context.wrap_bio(incoming, outgoing, session=self._session, **options)


def name_of(host: str) -> str:
    """The name to ask a certificate of: a Host header's, without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0] if host.count(":") == 1 else host


def address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The IP address that a Host header asks for, if it is one."""
    try:
        return ipaddress.ip_address(name_of(host))
    except ValueError:
        return None


def words(error: Exception, host: str) -> str:
    """Why a handshake failed, in words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate is not trusted: {error.verify_message.rstrip('.')}"
    reason = getattr(error, "reason", None) or ""
    told = reason or str(error).upper().replace(" ", "_")  # some errors have no name in Python
    known = next((words for name, words in ALERTS.items() if name in told), None)
    known = known or reason.lower().replace("_", " ") or str(error)
    return f"no TLS: {known.format(host=name_of(host))}"
