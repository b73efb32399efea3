"""What a lab does differently from Caddy in production where HTTPS is concerned.

Certificates come from the lab's own authority, no client has one, and UDP is not spoken.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from caddylab._caddy.adapted import https
from caddylab._caddy.adapted.https import Ports
from caddylab._caddy.adapted.tree import Json
from caddylab._caddy.safety.decision import Decision, Verdict
from caddylab._caddy.safety.files import OUTSIDE, Files
from caddylab._errors import CaddyfileError

NOBODY_ASKED = "A lab asks nobody on the network."
OWN = "a certificate of the lab's own authority"
TAILSCALE = ".ts.net"
PROTOCOLS = ("h1", "h2")
WITHOUT_H3 = "HTTP/3 runs over UDP, which does not tell whose a connection is."


class Https:
    """Changes the parts of one configuration that have to do with HTTPS.

    Args:
        config: Caddy's JSON; changed.
        files: what it may read.

    Attributes:
        decisions: what was changed, and why.
        certificates: the files of certificates that the Caddyfile brings along.
    """

    def __init__(self, config: Json, files: Files) -> None:
        self._apps: Json = config.get("apps") or {}
        self._tls: Json = self._apps.get("tls") or {}
        self._files = files
        self.decisions: list[Decision] = []
        self.certificates: list[Path] = []

    def keep(self) -> None:
        """Have Caddy show the lab's certificates, ask nobody, and speak what the lab speaks."""
        app: Json = self._apps.get("http") or {}
        for server in (app.get("servers") or {}).values():
            self._protocols(server)
            if any(https.is_secure(server, port, Ports.of(app)) for port in https.ports(server)):
                self._by_default(server)
            for policy in server.get("tls_connection_policies") or []:
                self._strangers(policy)
        self._loaded()
        self._askers()

    def _note(
        self, verdict: Verdict, module: str, stood: str, runs: str, why: str, **more: bool
    ) -> None:
        decision = Decision(module, verdict, stood, runs, why, **more)
        if decision not in self.decisions:
            self.decisions.append(decision)

    def _protocols(self, server: Json) -> None:
        self._asked = asked = server.get("protocols") or []
        kept = [each for each in asked if each != "h3"]
        server["protocols"] = list(dict.fromkeys(["h1", *kept])) if asked else list(PROTOCOLS)
        server.pop("listen_protocols", None)
        if "h3" in asked:
            self._note(Verdict.LEFT_OUT, "http", "protocols h3", "", WITHOUT_H3)
        if asked and "h1" not in asked:
            runs = "protocols " + " ".join(server["protocols"])
            self._note(Verdict.REDIRECTED, "http", "protocols " + " ".join(asked), runs,
                       "The lab's clients speak HTTP/1.1.")  # fmt: skip

    def _by_default(self, server: Json) -> None:
        """What Caddy would do with HTTPS though no line says so."""
        if "h3" not in self._asked:
            self._note(Verdict.LEFT_OUT, "http", "HTTP/3", "", WITHOUT_H3, by_default=True)
        names = https.managed(server)
        if any(map(self._nobody_named, names)):
            self._note(Verdict.REDIRECTED, "tls.issuance.acme", "certificates of Let's Encrypt",
                       OWN, NOBODY_ASKED, by_default=True)  # fmt: skip
        if tailnet := [name for name in names if name.endswith(TAILSCALE)]:
            self._note(Verdict.REDIRECTED, "tls.get_certificate.tailscale",
                       "certificates of Tailscale", OWN, NOBODY_ASKED, by_default=True)  # fmt: skip
            self._automation().setdefault("policies", []).insert(0, {"subjects": tailnet})
        if addresses := [name for name in names if _is_address(name)]:
            policies = server["tls_connection_policies"] = server.get(
                "tls_connection_policies"
            ) or [{}]
            for policy in policies:  # a client that asks for an address sends no name
                policy.setdefault("default_sni", addresses[0])

    def _nobody_named(self, name: str) -> bool:
        """Whether the Caddyfile leaves open who issues a name's certificate."""
        policies = (self._tls.get("automation") or {}).get("policies") or []
        naming = [policy for policy in policies if policy.get("issuers")]
        if any(each.get("module") == "acme" for policy in naming for each in policy["issuers"]):
            return False
        return all(name not in (policy.get("subjects") or [name]) for policy in naming)

    def _strangers(self, policy: Json) -> None:
        """Let in clients without a certificate: the lab's have none."""
        wanted = policy.pop("client_authentication", None)
        if wanted:
            mode = wanted.get("mode", "")
            self._note(Verdict.LEFT_OUT, "tls.client_auth", f"client_auth {mode}".strip(), "",
                       "The lab's clients have no certificates, so all of them are let in; in "
                       "production those without one are turned away.")  # fmt: skip

    def _loaded(self) -> None:
        """Use certificates from files, if they exist and may be read."""
        found: Json = self._tls.get("certificates") or {}
        lost: set[str] = set()
        kept = []
        for pair in found.get("load_files") or []:
            if why := self._missing(pair.get("certificate", "")) or self._missing(pair["key"]):
                lost.update(pair.get("tags") or [])
                self._replaced(f"tls {pair['certificate']} {pair['key']}", why)
            else:
                self.certificates.append(self._files.find(pair["certificate"]))
                kept.append(pair)
        if "load_files" in found:
            found["load_files"] = kept
        if isinstance(found.get("load_folders"), list):
            found["load_folders"] = list(self._folders(found["load_folders"]))
        self._replace(lost)

    def _folders(self, folders: list[str]) -> Iterator[str]:
        for folder in folders:
            if why := self._missing(folder):
                self._replaced(f"load {folder}", why)
            else:
                self.certificates += sorted(self._files.find(folder).rglob("*.pem"))
                yield folder

    def _missing(self, written: str) -> str:
        try:
            there = self._files.find(written).exists()
        except CaddyfileError:
            return f"`{written}` {OUTSIDE.removeprefix('It ')}"
        return "" if there else f"There is no file `{written}` here."

    def _replaced(self, stood: str, why: str) -> None:
        self._note(Verdict.REDIRECTED, "tls.certificates.load_files", stood, OWN, why)

    def _replace(self, tags: set[str]) -> None:
        """Have certificates made for the sites whose own are missing."""
        if not tags:
            return
        names: list[str] = []
        for server in self._apps["http"]["servers"].values():
            for policy in server.get("tls_connection_policies") or []:
                if tags & set((policy.get("certificate_selection") or {}).get("any_tag") or []):
                    del policy["certificate_selection"]
                    names += (policy.get("match") or {}).get("sni") or [""]
        known = [name for name in dict.fromkeys(names) if name]
        if known:
            certificates = self._tls.setdefault("certificates", {})
            automated = certificates.setdefault("automate", [])
            automated += [name for name in known if name not in automated]
        if "" in names:  # a site without a name gets one for whatever name is asked for
            self._automation().setdefault("policies", []).append({"on_demand": True})

    def _automation(self) -> Json:
        automation: Json = self._tls.setdefault("automation", {})
        return automation

    def _askers(self) -> None:
        """Ask nobody for a certificate, nor for permission to make one."""
        automation = self._tls.get("automation") or {}
        on_demand = automation.get("on_demand") or {}
        if asked := on_demand.pop("ask", None) or on_demand.pop("permission", None):
            self._note(Verdict.LEFT_OUT, "tls.permission.http", f"ask {_endpoint(asked)}", "",
                       f"{NOBODY_ASKED} Every name gets a certificate.")  # fmt: skip
        if not on_demand:
            automation.pop("on_demand", None)
        for policy in automation.get("policies") or []:
            for manager in policy.pop("get_certificate", None) or []:
                self._note(Verdict.REDIRECTED, f"tls.get_certificate.{manager.get('via')}",
                           f"get_certificate {manager.get('via')}", OWN, NOBODY_ASKED)  # fmt: skip
                if not policy.get("subjects"):
                    policy["on_demand"] = True
        if self._tls.pop("encrypted_client_hello", None):
            self._note(Verdict.LEFT_OUT, "tls.ech", "ech", "",
                       "Encrypted Client Hello is published by DNS.")  # fmt: skip


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _endpoint(asked: Any) -> str:
    return asked if isinstance(asked, str) else str(asked.get("endpoint") or asked.get("module"))
