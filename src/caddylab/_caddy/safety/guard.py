"""Keeps a configuration within its lab: a decision is made on each module that reaches farther.

Writing goes to the lab's folder, certificates come from the lab, reading is for the Caddyfile's
own folder, and nothing is sent to anybody.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from caddylab._caddy.safety.decision import Decision, Verdict
from caddylab._caddy.safety.files import OUTSIDE
from caddylab._caddy.safety.https import Https
from caddylab._caddy.safety.modules import MODULES
from caddylab._caddy.safety.permits import NO_PAGES, Permits
from caddylab._caddy.safety.rootless import rootless
from caddylab._caddy.safety.rulings import RULINGS, WRITES
from caddylab._caddy.safety.walk import Json, Part, modules
from caddylab._errors import CaddyfileError

INVENTED = "invented"
"""What is taken for the content of a file that may not be read."""
ALLOWED = "CADDYLAB_ALLOW_MODULES"
"""Environment variable: modules of plugins that may run, divided by blanks."""
_FILE = re.compile(r"(?<!\\)\{file\.(?P<path>[^}]*)\}")
_IN_A_TEMPLATE = re.compile(r"\{\{.*\bfile\.", re.DOTALL)
READ = {  # fields that name files, wherever they occur
    "client_certificate_file", "client_certificate_key_file", "pem_files", "root_ca_pem_files",
    "template_file", "trusted_ca_certs_pem_files",
}  # fmt: skip


class Guard(Permits):
    """Decides on each part of one configuration, and changes it accordingly.

    Attributes:
        certificates: the files of certificates that the Caddyfile brings along.
    """

    certificates: list[Path]

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
            if ruling := RULINGS.get(found.module):
                ruling(self, found)
        self._fields(config)
        if self.serves:
            for root in self.roots:  # without anything that serves it, a root is only a word
                self.read_root(root, "root")
            self._default_root(config)
        return self.decisions

    def _known(self, found: Part) -> None:
        if found.module in MODULES:
            return
        if found.module in os.environ.get(ALLOWED, "").split():
            why = "You answer for what it does to this machine: the lab does not know it."
            self.note(found.module, Verdict.ALLOWED, found.module, "run, as you allow it", why)
            return
        raise self.refuse(
            found.module.rpartition(".")[2],
            f"The lab does not know Caddy's module `{found.module}`, nor what it does to "
            "this machine.",
            "It knows the modules that come with Caddy; leave this one out, or answer for it: "
            f"`caddylab test --allow-modules {found.module}`, or its name in {ALLOWED}.",
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
        return _FILE.sub(self._content, value)

    def _content(self, placeholder: re.Match[str]) -> str:
        """A placeholder for what a file holds; where it may not be read, something invented."""
        path = placeholder["path"]
        try:
            return "{file." + self.files(path) + "}"
        except CaddyfileError:
            if not self.lenient or "{" in path:
                raise
            why = OUTSIDE if self.files.exists(path) else "There is no such file here."
            self.note("placeholder", Verdict.REDIRECTED, placeholder[0], f"`{INVENTED}`", why)
            return INVENTED

    def _secrets(self, policy: Json) -> None:
        path = f"{self.folder}/tls-secrets.log"
        stood = f"insecure_secrets_log {policy['insecure_secrets_log']}"
        policy["insecure_secrets_log"] = path
        self.note("tls", Verdict.REDIRECTED, stood, path, WRITES)

    def _default_root(self, config: Json) -> None:
        """Caddy would serve the folder that it runs in."""
        servers = config["apps"]["http"]["servers"].values()
        told = any(rootless(server.get("routes", [])) for server in servers)
        root = self._default_pages(told)
        default = {"handle": [{"handler": "vars", "root": root}]}
        for server in servers:
            server.setdefault("routes", []).insert(0, default)

    def _default_pages(self, told: bool) -> str:
        here = self.files.here
        own = here in self.files.allowed
        if self.stand_in and self.lenient and not (own and any(here.glob("index.*"))):
            if told:
                self.note(
                    "http.handlers.file_server", Verdict.REDIRECTED,
                    "the folder that Caddy runs in", "a folder with a stand-in page",
                    NO_PAGES,
                )  # fmt: skip
            return self.files.bring(self.stand_in)
        return self.files.bring(here) if own else f"{self.folder}/nothing"


def _fields_of(node: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Every value with its container and its key there, the inner ones first."""
    if isinstance(node, dict | list):
        places = node.items() if isinstance(node, dict) else enumerate(node)
        for key, value in places:
            yield from _fields_of(value)
            yield node, key, value
