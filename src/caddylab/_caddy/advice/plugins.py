"""Words of a Caddyfile that belong to plugins, which no plain Caddy has."""

from __future__ import annotations

DIRECTIVES = {
    "appsec": "hslatman/caddy-crowdsec-bouncer",
    "authenticate": "greenpau/caddy-security",
    "authentication": "greenpau/caddy-security",
    "authorize": "greenpau/caddy-security",
    "authp": "greenpau/caddy-security",
    "cache": "caddyserver/cache-handler",
    "cgi": "aksdb/caddy-cgi",
    "coraza_waf": "corazawaf/coraza-caddy",
    "cors": "mjpitz/caddy-cors",
    "crowdsec": "hslatman/caddy-crowdsec-bouncer",
    "defender": "JasonLovesDoggo/caddy-defender",
    "dynamic_dns": "mholt/caddy-dynamicdns",
    "exec": "abiosoft/caddy-exec",
    "ext_auth": "RussellLuo/caddy-ext",
    "forward_proxy": "caddyserver/forwardproxy",
    "frankenphp": "dunglas/frankenphp",
    "geoip": "zhangjiayin/caddy-geoip2",
    "geoip2": "zhangjiayin/caddy-geoip2",
    "git": "greenpau/caddy-git",
    "jwtauth": "ggicci/caddy-jwt",
    "layer4": "mholt/caddy-l4",
    "mercure": "dunglas/mercure",
    "minify": "hacdias/caddy-v2-minify",
    "php": "dunglas/frankenphp",
    "php_server": "dunglas/frankenphp",
    "rate_limit": "mholt/caddy-ratelimit",
    "realip": "kirsch33/realip",
    "replace": "caddyserver/replace-response",
    "s3proxy": "lindenlab/caddy-s3-proxy",
    "sablier": "acouvreur/sablier",
    "security": "greenpau/caddy-security",
    "souin": "darkweak/souin",
    "supervisor": "baldinof/caddy-supervisor",
    "tailscale": "tailscale/caddy-tailscale",
    "tailscale_auth": "tailscale/caddy-tailscale",
    "trace": "greenpau/caddy-trace",
    "upload": "git001/caddyv2-upload",
    "vulcain": "dunglas/vulcain",
    "webdav": "mholt/caddy-webdav",
}
"""Directives and global options, each with the repository of its plugin."""

MODULES = {
    "caddy.listeners.tailscale": "tailscale/caddy-tailscale",
    "caddy.logging.encoders.formatted": "caddyserver/format-encoder",
    "caddy.logging.encoders.transform": "caddyserver/transform-encoder",
    "caddy.logging.writers.loki": "trea/caddy-loki-logger",
    "caddy.storage.": "a plugin for storage",
    "dns.providers.": "caddy-dns",
    "events.handlers.exec": "mholt/caddy-events-exec",
    "http.encoders.br": "ueffel/caddy-brotli",
    "http.ip_sources.": "a plugin for addresses",
    "http.matchers.geoip": "zhangjiayin/caddy-geoip2",
    "http.matchers.maxmind_geolocation": "porech/caddy-maxmind-geolocation",
    "http.reverse_proxy.transport.tailscale": "tailscale/caddy-tailscale",
    "http.reverse_proxy.upstreams.docker": "invzhi/caddy-docker-upstreams",
    "layer4.": "mholt/caddy-l4",
    "tls.get_certificate.": "a plugin for certificates",
    "tls.issuance.": "a plugin for certificates",
}
"""Modules by their names, or by how these begin."""


def of_directive(word: str) -> str:
    """The plugin that a directive or a global option is known to belong to; else nothing."""
    return DIRECTIVES.get(word, "")


def of_module(name: str) -> str:
    """The plugin that a module is known to belong to; else nothing."""
    whole = MODULES.get(name)
    begun = (
        plugin for start, plugin in MODULES.items() if start[-1] == "." and name.startswith(start)
    )
    plugin = whole or next(begun, "")
    return f"{plugin}/{name.rpartition('.')[2]}" if plugin == "caddy-dns" else plugin
