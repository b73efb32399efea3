"""The decision on each of Caddy's modules that reach farther than a lab."""

from __future__ import annotations

import re
from collections.abc import Callable

from caddylab._caddy.safety.decision import Verdict
from caddylab._caddy.safety.permits import Permits
from caddylab._caddy.safety.walk import Json, Part
from caddylab._errors import CaddyfileError

_IN_AN_EXPRESSION = re.compile(r"""\bfile\s*\([^)]*\broot\b|["'`]file\.""")
_LOOKED_UP = re.compile(r"\b(ph|caddyPlaceholder)\s*\(")
_BY_ITS_NAME = re.compile(r"""\s*\w+\s*,\s*(["'])[^"'`\\]*\1\s*\)""")

WRITES = "A lab writes nothing outside of its own folder, and that is removed with it."
ASKS_NOBODY = "A lab asks no server on the network."
NO_NETWORK = "A lab talks to nobody but its own backends; leave it out."


def _log_file(permits: Permits, found: Part) -> None:
    stood = found.node["filename"]
    name = re.sub(r"[^\w.-]", "_", stood.strip("/"))[-80:] or "log"
    path = f"{permits.folder}/logs/{name}"
    found.holder[found.key] = rolled(path)
    permits.note(found.module, Verdict.REDIRECTED, f"output file {stood}", path, WRITES)


def rolled(path: str) -> Json:
    """A log writer that never takes much room."""
    return {
        "output": "file", "filename": path, "mode": "0600",
        "roll_size_mb": 16, "roll_keep": 1, "roll_compression": "none",
    }  # fmt: skip


def _log_net(permits: Permits, found: Part) -> None:
    stood, path = found.node.get("address", ""), f"{permits.folder}/logs/net"
    found.holder[found.key] = rolled(path)
    permits.note(found.module, Verdict.REDIRECTED, f"output net {stood}", path,
               "A lab sends its log to nobody.")  # fmt: skip


def _storage(permits: Permits, found: Part) -> None:
    stood = found.node.get("root", "")
    del found.holder[found.key]
    permits.note(found.module, Verdict.REDIRECTED, f"storage file_system {stood}",
               f"{permits.folder}", WRITES)  # fmt: skip


def _serve_root(permits: Permits, found: Part) -> None:
    permits.serve(found.node, "root")


def _templates(permits: Permits, found: Part) -> None:
    permits.serve(found.node, "file_root")


def _vars(permits: Permits, found: Part) -> None:
    permits.roots.append(found.node)


def _certificates(permits: Permits, found: Part) -> None:
    for pair in found.node:
        permits.read(pair, "certificate")
        permits.read(pair, "key")


def _folders(permits: Permits, found: Part) -> None:
    if isinstance(found.node, list):
        found.holder[found.key] = [permits.files(folder) for folder in found.node]


def _leaf_files(permits: Permits, found: Part) -> None:
    permits.read(found.node, "files" if "files" in found.node else "folders")


def _pki(permits: Permits, found: Part) -> None:
    for authority in (found.node or {}).get("certificate_authorities", {}).values():
        for pair in ("root", "intermediate"):
            if isinstance(authority, dict) and isinstance(authority.get(pair), dict):
                permits.read(authority[pair], "certificate")
                permits.read(authority[pair], "private_key")


def _expression(permits: Permits, found: Part) -> None:
    text = found.node if isinstance(found.node, str) else str(found.node.get("expr", ""))
    if match := _IN_AN_EXPRESSION.search(text):
        raise permits.refuse(match.group(), "This expression reads files of the machine.",
                           "Use the matcher `file` outside of an expression.")  # fmt: skip
    for call in _LOOKED_UP.finditer(text):  # a name that is computed may be that of a file
        if not _BY_ITS_NAME.match(text, call.end()):
            raise permits.refuse(call.group(), "This expression computes which placeholder it "
                               "reads, and that may be a file of the machine.",
                               "Write its name out, such as `{query.x}`.")  # fmt: skip


def _issuer(permits: Permits, found: Part) -> None:
    name = found.module.rpartition(".")[2]
    permits.note(found.module, Verdict.REDIRECTED, name, "the lab's own authority",
               "A lab asks nobody for certificates.")  # fmt: skip


def _transport(permits: Permits, found: Part) -> None:
    if url := found.node.get("forward_proxy_url"):
        raise _proxy(permits, url)


def _network_proxy(permits: Permits, found: Part) -> None:
    raise _proxy(permits, found.node.get("url", "url"))


def _proxy(permits: Permits, url: str) -> CaddyfileError:
    return permits.refuse(url, f"`{url}` is a proxy outside of the lab, which would be sent every "
                        "request.", NO_NETWORK)  # fmt: skip


def _tracing(permits: Permits, found: Part) -> None:
    found.holder[found.key] = {"handler": "subroute"}
    permits.note(found.module, Verdict.LEFT_OUT, "tracing", "", "A lab sends nobody its traces.")


def _no_network(permits: Permits, found: Part) -> None:
    word = found.module.rpartition(".")[2]
    what = found.module.removeprefix("tls.")
    if permits.lenient:
        del found.holder[found.key]
        permits.note(found.module, Verdict.LEFT_OUT, what, "", ASKS_NOBODY)
        return
    raise permits.refuse(word, f"`{what}` asks a server on the network.", NO_NETWORK)


RULINGS: dict[str, Callable[[Permits, Part], None]] = {
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
