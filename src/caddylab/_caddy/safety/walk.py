"""Where modules stand in Caddy's JSON.

Caddy finds a module by the place of its JSON: in the list `handle` stands `http.handlers.` and
what `handler` says. The places are those that Caddy's own structures are tagged with.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

_NAMED = {  # a dictionary, or a list of them, in which one key names the module
    "handle": ("http.handlers", "handler"),
    "transport": ("http.reverse_proxy.transport", "protocol"),
    "circuit_breaker": ("http.reverse_proxy.circuit_breakers", "type"),
    "dynamic_upstreams": ("http.reverse_proxy.upstreams", "source"),
    "selection_policy": ("http.reverse_proxy.selection_policies", "policy"),
    "fallback": ("http.reverse_proxy.selection_policies", "policy"),
    "network_proxy": ("caddy.network_proxy", "from"),
    "hash": ("http.authentication.hashes", "algorithm"),
    "listener_wrappers": ("caddy.listeners", "wrapper"),
    "packet_conn_wrappers": ("caddy.packetconns", "wrapper"),
    "trusted_proxies": ("http.ip_sources", "source"),
    "storage": ("caddy.storage", "module"),
    "handlers": ("events.handlers", "handler"),
    "file_system": ("caddy.fs", "backend"),
    "handshake_context": ("tls.context", "module"),
    "ca": ("tls.ca_pool.source", "provider"),
    "verifiers": ("tls.client_auth.verifier", "verifier"),
    "leaf_certs_loaders": ("tls.leaf_cert_loader", "loader"),
    "key_source": ("tls.stek", "provider"),
    "issuers": ("tls.issuance", "module"),
    "get_certificate": ("tls.get_certificate", "via"),
    "permission": ("tls.permission", "module"),
    "dns": ("dns.providers", "name"),
    "provider": ("dns.providers", "name"),
    "wrap": ("caddy.logging.encoders", "format"),
    "encoder": ("caddy.logging.encoders", "format"),
    "writer": ("caddy.logging.writers", "output"),
    "core": ("caddy.logging.cores", "module"),
    "load": ("caddy.config_loaders", "module"),
}
_SOURCES = {  # what `sources` holds depends on the module around it
    "http.reverse_proxy.upstreams.multi": ("http.reverse_proxy.upstreams", "source"),
    "tls.ca_pool.source.combined": ("tls.ca_pool.source", "provider"),
}
_KEYED = {  # a dictionary whose keys are the names of modules
    "providers": "http.authentication.providers",
    "precompressed": "http.precompressed",
    "encodings": "http.encoders",
    "publishers": "tls.ech.publishers",
    "certificates": "tls.certificates",
}
_MATCHERS = ("match", "retry_match", "not")


@dataclass
class Part:
    """A module in a configuration: its name, its part of the JSON, and the JSON around that."""

    module: str
    node: Any
    holder: Any
    key: str | int


def modules(config: Json) -> Iterator[Part]:
    """Every module of a configuration, the outer ones before those inside."""
    apps = config.get("apps") or {}
    for name, app in apps.items():
        yield Part(name, app, apps, name)
    yield from _inside(config, "", "")


def _inside(node: Any, module: str, parent: str) -> Iterator[Part]:
    if isinstance(node, list):
        for value in node:
            yield from _inside(value, module, parent)
    elif isinstance(node, dict):
        for key, value in node.items():
            found = list(_at(node, key, module, parent))
            yield from found
            names = {id(each.node): each.module for each in found}
            for part in value if isinstance(value, list) else [value]:
                yield from _inside(part, names.get(id(part), module), key)


def _at(node: Json, key: str, module: str, parent: str) -> Iterator[Part]:
    value = node[key]
    named = _SOURCES.get(module) if key == "sources" else _NAMED.get(key)
    if named:
        yield from _named(node, key, *named)
    elif key in _MATCHERS and isinstance(value, list):
        for matchers in value:
            yield from _keyed(matchers, "http.matchers")
    elif key == "match" and parent == "tls_connection_policies":
        yield from _keyed(value, "tls.handshake_match")
    elif key == "fields" and module == "caddy.logging.encoders.filter":
        for name in value or {}:
            yield from _named(value, name, "caddy.logging.encoders.filter", "filter")
    elif key in _KEYED:
        yield from _keyed(value, _KEYED[key])


def _named(holder: Json, key: str, namespace: str, inline: str) -> Iterator[Part]:
    value = holder[key]
    places: list[tuple[Any, str | int]] = (
        [(value, n) for n in range(len(value))] if isinstance(value, list) else [(holder, key)]
    )
    for where, place in places:
        node = where[place]
        if isinstance(node, dict) and isinstance(node.get(inline), str):
            yield Part(f"{namespace}.{node[inline]}", node, where, place)


def _keyed(value: Any, namespace: str) -> Iterator[Part]:
    for name in value if isinstance(value, dict) else ():
        yield Part(f"{namespace}.{name}", value[name], value, name)
