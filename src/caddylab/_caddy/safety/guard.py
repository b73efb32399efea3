"""Keeps a configuration to its lab: each module that reaches farther is decided upon.

Writing goes to the lab's folder, certificates come from the lab, reading is for the Caddyfile's
own folder, and nothing is sent to anybody.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from caddylab._caddy.safety.decision import Decision, Verdict
from caddylab._caddy.safety.files import Files, line_with
from caddylab._caddy.safety.https import Https
from caddylab._caddy.safety.modules import MODULES
from caddylab._caddy.safety.walk import Json, Part, modules
from caddylab._errors import CaddyfileError

_FILE = re.compile(r"(?<!\\)\{file\.(?P<path>[^}]*)\}")
_IN_A_TEMPLATE = re.compile(r"\{\{.*\bfile\.", re.DOTALL)
_IN_AN_EXPRESSION = re.compile(r"""\bfile\s*\([^)]*\broot\b|["'`]file\.""")
ROOT = "{http.vars.root}"

READ = {  # fields, wherever they stand, that name files
    "client_certificate_file", "client_certificate_key_file", "pem_files", "root_ca_pem_files",
    "template_file", "trusted_ca_certs_pem_files",
}  # fmt: skip


class Guard:
    """Decides upon each part of one configuration, and changes it accordingly.

    Args:
        files: what may be read.
        folder: the lab's folder as Caddy sees it, where logs and secrets go.
        stand_in: a folder of pages in the place of those that are not on this machine.
        lenient: whether pages that may not be read are replaced in the same way, and who would be
            asked on the network is left out; else a Caddyfile that wants that is refused.
    """

    def __init__(
        self, files: Files, folder: str, stand_in: Path | None = None, *, lenient: bool = False
    ) -> None:
        self.files, self.folder, self.stand_in, self.lenient = files, folder, stand_in, lenient
        self.decisions: list[Decision] = []
        self._serves = False
        self.roots: list[Json] = []
        self.certificates: list[Path] = []
        """The files of certificates that the Caddyfile brings along."""

    def keep(self, config: Json) -> list[Decision]:
        """Change `config` so that it touches nothing but the lab.

        Returns:
            What was changed, and why.

        Raises:
            CaddyfileError: it wants something that a lab does not do.
        """
        https = Https(config, self.files)
        https.keep()
        self.decisions += https.decisions
        self.certificates = https.certificates
        for found in list(modules(config)):
            self._known(found)
            if rule := RULES.get(found.module):
                rule(self, found)
        self._fields(config)
        if self._serves:
            for root in self.roots:  # without anything that serves it, a root is only a word
                self._read_root(root, "root")
            self._default_root(config)
        return self.decisions

    def note(self, module: str, verdict: Verdict, stood: str, runs: str, why: str) -> None:
        """Record a decision, once."""
        decision = Decision(module, verdict, stood, runs, why)
        if decision not in self.decisions:
            self.decisions.append(decision)

    def refuse(self, word: str, reason: str, help: str) -> CaddyfileError:
        """The error for something that a lab does not do."""
        return CaddyfileError(reason, self.files.text, line_with(word, self.files.text), help)

    def read(self, holder: Any, key: Any) -> None:
        """Let a field that names files or folders be read, if it may."""
        value = holder.get(key) if isinstance(holder, dict) else holder[key]
        if isinstance(value, list):
            holder[key] = [self.files(each) for each in value]
        elif value:
            holder[key] = self.files(value)

    def serve(self, holder: Json, key: str) -> None:
        """The same for the root of a site, which is set by `root` or has a default."""
        self._serves = True
        if holder.get(key) not in (None, "", ROOT):
            self._read_root(holder, key)

    def _read_root(self, holder: Json, key: str) -> None:
        """Let a folder of pages be read; where it is not there, others stand in for them."""
        if self.stand_in is None or not holder.get(key):
            self.read(holder, key)
            return
        stood = holder[key]
        try:
            there = self.files.find(stood).exists()
        except CaddyfileError:
            there = False
            if not self.lenient and self.files.exists(stood):
                raise
        if there:
            self.read(holder, key)
            return
        holder[key] = self.files.bring(self.stand_in)
        self.note("http.handlers.file_server", Verdict.REDIRECTED, f"root {stood}",
                  "a folder with a stand-in page", "Its own pages are not in the lab.")  # fmt: skip

    def _known(self, found: Part) -> None:
        if found.module not in MODULES:
            word = found.module.rpartition(".")[2]
            raise self.refuse(
                word,
                f"The lab does not know Caddy's module `{found.module}`, nor what it does to "
                "this machine.",
                "It knows the modules that come with Caddy; leave this one out.",
            )

    def _fields(self, node: Any) -> None:
        for holder, key, value in list(_fields_of(node)):
            if key in READ and isinstance(holder, dict) and value:
                self.read(holder, key)
            elif key == "insecure_secrets_log":
                self._secrets(holder)
            elif key == "otlp" and value is True:
                holder[key] = False
                self.note("http", Verdict.LEFT_OUT, "otlp", "", "A lab sends nobody its metrics.")
            elif isinstance(value, str):
                holder[key] = self._placeholders(value)
            if isinstance(key, str) and (brought := self._placeholders(key)) != key:
                holder[brought] = holder.pop(key)

    def _placeholders(self, value: str) -> str:
        if _IN_A_TEMPLATE.search(value):
            raise self.refuse("placeholder", "A template of this Caddyfile reads files by "
                              "`placeholder \"file.…\"`.",
                              "Use `include`, which reads inside the site's root.")  # fmt: skip
        return _FILE.sub(lambda one: "{file." + self.files(one["path"]) + "}", value)

    def _secrets(self, policy: Json) -> None:
        path = f"{self.folder}/tls-secrets.log"
        stood = f"insecure_secrets_log {policy['insecure_secrets_log']}"
        policy["insecure_secrets_log"] = path
        self.note("tls", Verdict.REDIRECTED, stood, path, WRITES)

    def _default_root(self, config: Json) -> None:
        """Caddy would serve the folder that it runs in."""
        allowed = self.files.allowed
        root = self.files.bring(self.files.here) if self.files.here in allowed else self._empty()
        default = {"handle": [{"handler": "vars", "root": root}]}
        for server in config["apps"]["http"]["servers"].values():
            server.setdefault("routes", []).insert(0, default)

    def _empty(self) -> str:
        return f"{self.folder}/nothing"


WRITES = "A lab writes nothing outside of its own folder, and that is removed with it."
ASKS_NOBODY = "A lab asks no server on the network."
NO_NETWORK = "A lab talks to nobody but its own backends; leave it out."


def _log_file(guard: Guard, found: Part) -> None:
    stood = found.node["filename"]
    name = re.sub(r"[^\w.-]", "_", stood.strip("/"))[-80:] or "log"
    path = f"{guard.folder}/logs/{name}"
    found.holder[found.key] = rolled(path)
    guard.note(found.module, Verdict.REDIRECTED, f"output file {stood}", path, WRITES)


def rolled(path: str) -> Json:
    """A writer of a log that never takes much room."""
    return {
        "output": "file", "filename": path, "mode": "0600",
        "roll_size_mb": 16, "roll_keep": 1, "roll_compression": "none",
    }  # fmt: skip


def _log_net(guard: Guard, found: Part) -> None:
    stood, path = found.node.get("address", ""), f"{guard.folder}/logs/net"
    found.holder[found.key] = rolled(path)
    guard.note(found.module, Verdict.REDIRECTED, f"output net {stood}", path,
               "A lab sends its log to nobody.")  # fmt: skip


def _storage(guard: Guard, found: Part) -> None:
    stood = found.node.get("root", "")
    del found.holder[found.key]
    guard.note(found.module, Verdict.REDIRECTED, f"storage file_system {stood}",
               f"{guard.folder}", WRITES)  # fmt: skip


def _serve_root(guard: Guard, found: Part) -> None:
    guard.serve(found.node, "root")


def _templates(guard: Guard, found: Part) -> None:
    guard.serve(found.node, "file_root")


def _vars(guard: Guard, found: Part) -> None:
    guard.roots.append(found.node)


def _certificates(guard: Guard, found: Part) -> None:
    for pair in found.node:
        guard.read(pair, "certificate")
        guard.read(pair, "key")


def _folders(guard: Guard, found: Part) -> None:
    if isinstance(found.node, list):
        found.holder[found.key] = [guard.files(folder) for folder in found.node]


def _leaf_files(guard: Guard, found: Part) -> None:
    guard.read(found.node, "files" if "files" in found.node else "folders")


def _pki(guard: Guard, found: Part) -> None:
    for authority in (found.node or {}).get("certificate_authorities", {}).values():
        for pair in ("root", "intermediate"):
            if isinstance(authority, dict) and isinstance(authority.get(pair), dict):
                guard.read(authority[pair], "certificate")
                guard.read(authority[pair], "private_key")


def _expression(guard: Guard, found: Part) -> None:
    text = found.node if isinstance(found.node, str) else str(found.node.get("expr", ""))
    if match := _IN_AN_EXPRESSION.search(text):
        raise guard.refuse(match.group(), "This expression reads files of the machine.",
                           "Use the matcher `file` outside of an expression.")  # fmt: skip


def _issuer(guard: Guard, found: Part) -> None:
    name = found.module.rpartition(".")[2]
    guard.note(found.module, Verdict.REDIRECTED, name, "the lab's own authority",
               "A lab asks nobody for certificates.")  # fmt: skip


def _transport(guard: Guard, found: Part) -> None:
    if url := found.node.get("forward_proxy_url"):
        raise _proxy(guard, url)


def _network_proxy(guard: Guard, found: Part) -> None:
    raise _proxy(guard, found.node.get("url", "url"))


def _proxy(guard: Guard, url: str) -> CaddyfileError:
    return guard.refuse(url, f"`{url}` is a proxy outside of the lab, which would be sent every "
                        "request.", NO_NETWORK)  # fmt: skip


def _tracing(guard: Guard, found: Part) -> None:
    found.holder[found.key] = {"handler": "subroute"}
    guard.note(found.module, Verdict.LEFT_OUT, "tracing", "", "A lab sends nobody its traces.")


def _no_network(guard: Guard, found: Part) -> None:
    word = found.module.rpartition(".")[2]
    what = found.module.removeprefix("tls.")
    if guard.lenient:
        del found.holder[found.key]
        guard.note(found.module, Verdict.LEFT_OUT, what, "", ASKS_NOBODY)
        return
    raise guard.refuse(word, f"`{what}` asks a server on the network.", NO_NETWORK)


RULES: dict[str, Callable[[Guard, Part], None]] = {
    "caddy.logging.writers.file": _log_file,
    "caddy.logging.writers.net": _log_net,
    "caddy.network_proxy.url": _network_proxy,
    "caddy.storage.file_system": _storage,
    "http.handlers.file_server": _serve_root,
    "http.handlers.templates": _templates,
    "http.handlers.tracing": _tracing,
    "http.handlers.vars": _vars,
    "http.matchers.expression": _expression,
    "http.matchers.file": _serve_root,
    "http.reverse_proxy.transport.http": _transport,
    "pki": _pki,
    "tls.ca_pool.source.http": _no_network,
    "tls.certificates.load_files": _certificates,
    "tls.certificates.load_folders": _folders,
    "tls.issuance.acme": _issuer,
    "tls.issuance.zerossl": _issuer,
    "tls.leaf_cert_loader.file": _leaf_files,
    "tls.leaf_cert_loader.folder": _leaf_files,
}


def _fields_of(node: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Every value with what holds it and its key there, the inner ones first."""
    if isinstance(node, dict | list):
        places = node.items() if isinstance(node, dict) else enumerate(node)
        for key, value in places:
            yield from _fields_of(value)
            yield node, key, value
