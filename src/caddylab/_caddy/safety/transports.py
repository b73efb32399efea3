"""What a lab does differently from Caddy in production on the way to its upstreams.

The backends have certificates of the lab's own authority, and ask for none; nobody on the network
is asked for anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from caddylab._caddy.adapted.tree import Json, handlers
from caddylab._caddy.safety.decision import Decision, Verdict
from caddylab._caddy.safety.files import Files
from caddylab._errors import CaddyfileError

HTTP = "http.reverse_proxy.transport.http"
OWN = "the lab's own authority, which has signed the certificates of its backends"
CLIENT = ("client_certificate_file", "client_certificate_key_file", "client_certificate_automate")
POOLS = "tls.ca_pool.source."


TRUST = "Whether it is the one that has signed the real upstream's certificate is not tried."
MACHINE = "Whether the machine in production trusts the upstream's certificate is not tried."
NO_SUCH = f"A lab has no such authorities. {TRUST}"
NO_ADDRESS = "It is an address of the machine in production."
NO_HTTP3 = "A lab's backends speak no HTTP/3."


@dataclass(frozen=True)
class TrustPool:
    """Authorities that a proxy trusts: Caddy's name of their source, and what to say of them."""

    provider: str
    stood: str
    why: str


class Transports:
    """Changes how the proxies of one configuration speak to their upstreams.

    Args:
        config: Caddy's JSON; changed.
        files: what it may read.
        root: returns the lab's own root certificate, in base64; called only if it is needed.
        lenient: whether it is somebody's own site, whose real upstreams have certificates that it
            trusts; else an existing authority is kept, even if it did not sign the backends'.

    Attributes:
        decisions: what was changed, and why.
    """

    def __init__(
        self, config: Json, files: Files, root: Callable[[], str], *, lenient: bool = False
    ) -> None:
        self._config, self._files, self._root = config, files, root
        self._lenient = lenient
        self.decisions: list[Decision] = []

    def keep(self) -> list[Decision]:
        """Have the proxies trust the lab's backends, and speak the backends' protocols."""
        for proxy in handlers(self._config, "reverse_proxy"):
            transport = proxy.get("transport")
            if isinstance(transport, dict):
                self._speak(transport)
                if isinstance(transport.get("tls"), dict):
                    self._tls(transport["tls"])
        return self.decisions

    def _note(self, verdict: Verdict, module: str, stood: str, runs: str, why: str) -> None:
        decision = Decision(module, verdict, stood, runs, why)
        if decision not in self.decisions:
            self.decisions.append(decision)

    def _speak(self, transport: Json) -> None:
        if "3" in (versions := transport.get("versions") or []):
            rest = [version for version in versions if version != "3"] or ["1.1", "2"]
            transport["versions"] = rest
            self._note(Verdict.REDIRECTED, HTTP, f"versions {' '.join(versions)}",
                       f"versions {' '.join(rest)}", NO_HTTP3)  # fmt: skip
        if version := transport.pop("proxy_protocol", None):
            self._note(Verdict.LEFT_OUT, HTTP, f"proxy_protocol {version}", "",
                       "A lab's backends do not take the PROXY protocol.")  # fmt: skip
        if address := transport.pop("local_address", None):
            self._note(Verdict.LEFT_OUT, HTTP, f"local_address {address}", "", NO_ADDRESS)
        if resolver := transport.pop("resolver", None):
            asked = " ".join(resolver.get("addresses") or [])
            self._note(Verdict.LEFT_OUT, HTTP, f"resolvers {asked}", "",
                       "Nobody is asked: the lab knows the addresses of its backends.")  # fmt: skip

    def _tls(self, tls: Json) -> None:
        if shown := [tls.pop(field) for field in CLIENT if field in tls]:
            self._note(Verdict.LEFT_OUT, HTTP, f"tls_client_auth {' '.join(shown)}", "",
                       "A lab's backends ask Caddy for no certificate.")  # fmt: skip
        if not tls.get("insecure_skip_verify"):
            self._trust(tls)

    def _trust(self, tls: Json) -> None:
        """Trust the lab's authority: it signed the backends' certificates, as another does live."""
        if pool := self._absent(tls):
            for field in ("ca", "root_ca_pem_files", "root_ca_pool"):
                tls.pop(field, None)
            tls["ca"] = {"provider": "inline", "trusted_ca_certs": [self._root()]}
            self._note(Verdict.REDIRECTED, POOLS + pool.provider, pool.stood, OWN, pool.why)

    def _absent(self, tls: Json) -> TrustPool | None:
        """The authorities that the proxy trusts, if they do not exist in a lab."""
        source: Json = tls.get("ca") or {"provider": "system"}
        if names := tls.get("root_ca_pem_files"):
            source = {"provider": "file", "pem_files": names}
        elif tls.get("root_ca_pool"):
            source = {"provider": "inline"}
        provider = str(source["provider"])
        if provider == "system":
            return TrustPool(provider, "the authorities that the machine trusts", MACHINE)
        if provider != "file":
            kept = provider == "inline" and not self._lenient
            return None if kept else TrustPool(provider, f"tls_trust_pool {provider}", NO_SUCH)
        files = source.get("pem_files") or []
        if self._lenient and (there := [name for name in files if self._files.exists(name)]):
            return TrustPool(provider, f"tls_trust_pool file {' '.join(there)}", NO_SUCH)
        lost = list(self._lost(files))
        stood = f"tls_trust_pool file {' '.join(lost)}"
        why = f"It is not there, or not for a lab to read. {TRUST}"
        return TrustPool(provider, stood, why) if lost else None

    def _lost(self, names: list[str]) -> Iterator[str]:
        """The files that are missing, or not for a lab; the guard reads or refuses the others."""
        for name in names:
            try:
                if not self._files.find(name).exists():
                    yield name
            except CaddyfileError:
                if self._lenient or not self._files.exists(name):
                    yield name
