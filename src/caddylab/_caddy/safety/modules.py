"""Every module of Caddy 2.11.7, and what it may touch besides its own lab.

A test holds this table against `caddy list-modules`. A module that is not here is refused: nobody
has looked at what it does.
"""

from __future__ import annotations

from enum import StrEnum


class Touch(StrEnum):
    """The farthest that a module reaches."""

    NOTHING = "nothing"
    READS = "reads files"
    WRITES = "writes files"
    NETWORK = "talks to the network"
    MACHINE = "changes the machine"


_TABLE = {
    Touch.NOTHING: """
        admin.api.load admin.api.metrics admin.api.pki admin.api.reverse_proxy
        caddy.filesystems
        caddy.listeners.http_redirect caddy.listeners.proxy_protocol caddy.listeners.tls
        caddy.logging.cores.mock
        caddy.logging.encoders.append caddy.logging.encoders.console caddy.logging.encoders.filter
        caddy.logging.encoders.filter.cookie caddy.logging.encoders.filter.delete
        caddy.logging.encoders.filter.hash caddy.logging.encoders.filter.ip_mask
        caddy.logging.encoders.filter.multi_regexp caddy.logging.encoders.filter.query
        caddy.logging.encoders.filter.regexp caddy.logging.encoders.filter.rename
        caddy.logging.encoders.filter.replace caddy.logging.encoders.filter.set_cookie
        caddy.logging.encoders.journald caddy.logging.encoders.json
        caddy.logging.writers.discard
        caddy.network_proxy.none
        events http
        http.authentication.hashes.argon2id http.authentication.hashes.bcrypt
        http.authentication.providers.http_basic
        http.encoders.gzip http.encoders.zstd
        http.handlers.authentication http.handlers.copy_response
        http.handlers.copy_response_headers http.handlers.encode http.handlers.error
        http.handlers.headers http.handlers.intercept http.handlers.invoke
        http.handlers.log_append http.handlers.map http.handlers.metrics http.handlers.push
        http.handlers.request_body http.handlers.rewrite http.handlers.static_response
        http.handlers.subroute http.handlers.timeouts
        http.ip_sources.static
        http.matchers.client_ip http.matchers.header
        http.matchers.header_regexp http.matchers.host http.matchers.method http.matchers.not
        http.matchers.path http.matchers.path_regexp http.matchers.protocol http.matchers.query
        http.matchers.remote_ip http.matchers.tls http.matchers.url_pattern http.matchers.vars
        http.matchers.vars_regexp
        http.precompressed.br http.precompressed.gzip http.precompressed.zstd
        http.reverse_proxy.selection_policies.client_ip_hash
        http.reverse_proxy.selection_policies.cookie http.reverse_proxy.selection_policies.first
        http.reverse_proxy.selection_policies.header http.reverse_proxy.selection_policies.ip_hash
        http.reverse_proxy.selection_policies.least_conn
        http.reverse_proxy.selection_policies.query http.reverse_proxy.selection_policies.random
        http.reverse_proxy.selection_policies.random_choose
        http.reverse_proxy.selection_policies.round_robin
        http.reverse_proxy.selection_policies.uri_hash
        http.reverse_proxy.selection_policies.weighted_round_robin
        tls.ca_pool.source.combined tls.ca_pool.source.inline tls.ca_pool.source.pki_intermediate
        tls.ca_pool.source.pki_root tls.ca_pool.source.storage tls.ca_pool.source.system
        tls.certificates.automate tls.certificates.load_pem tls.certificates.load_storage
        tls.client_auth.verifier.leaf
        tls.handshake_match.local_ip tls.handshake_match.remote_ip tls.handshake_match.sni
        tls.handshake_match.sni_regexp
        tls.issuance.internal
        tls.leaf_cert_loader.pem tls.leaf_cert_loader.storage
        tls.stek.distributed tls.stek.standard
    """,
    Touch.READS: """
        caddy.adapters.caddyfile
        http.handlers.file_server http.handlers.templates http.handlers.vars
        http.matchers.expression http.matchers.file
        tls.ca_pool.source.file tls.certificates.load_files tls.certificates.load_folders
        tls.leaf_cert_loader.file tls.leaf_cert_loader.folder
    """,
    Touch.WRITES: """
        caddy.logging.writers.file caddy.logging.writers.stderr caddy.logging.writers.stdout
        caddy.storage.file_system
        http.handlers.acme_server tls
    """,
    Touch.NETWORK: """
        caddy.config_loaders.http caddy.logging.writers.net caddy.network_proxy.url
        http.handlers.reverse_proxy http.handlers.tracing
        http.reverse_proxy.transport.fastcgi http.reverse_proxy.transport.http
        http.reverse_proxy.upstreams.a http.reverse_proxy.upstreams.multi
        http.reverse_proxy.upstreams.srv
        tls.ca_pool.source.http tls.ech.publishers.dns tls.get_certificate.http
        tls.get_certificate.tailscale tls.issuance.acme tls.issuance.zerossl tls.permission.http
    """,
    Touch.MACHINE: """
        pki
    """,
}

MODULES: dict[str, Touch] = {
    module: touch for touch, modules in _TABLE.items() for module in modules.split()
}
