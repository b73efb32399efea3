"""What stands in a site, or around it, in the Caddyfiles of Caddy 1 and elsewhere."""

from __future__ import annotations

from caddylab._caddy.advice import foreign_apache_envoy as apache_envoy
from caddylab._caddy.advice import foreign_site_instead as instead
from caddylab._caddy.advice.foreign_word import (
    APACHE,
    CADDY1,
    HAPROXY,
    IN_SITE,
    NGINX,
    TRAEFIK,
    Foreign,
)

_MATCHER = "a matcher, whose name then follows a directive"
ADDRESS = "a site begins with its address"
CLIENTS = "for clients there is a global option, `servers { timeouts { read_header 5s } }`"
PAIR = "reverse_proxy backend1:8080 backend2:8080"

OUTSIDE = (
    Foreign({CADDY1: "without"}, "uri strip_prefix /api", IN_SITE),
    Foreign({CADDY1: "except"},
            "@proxied not path /static/*\nreverse_proxy @proxied backend1:8080", IN_SITE),
)  # fmt: skip
"""What stands in a proxy elsewhere, and beside it in Caddy 2."""

SITE = (
    Foreign({CADDY1: "proxy", HAPROXY: "backend default_backend use_backend",
             TRAEFIK: "loadBalancer services routers middlewares entryPoints"}, PAIR),
    Foreign({NGINX: "proxy_pass"}, "reverse_proxy backend1:8080"),
    Foreign({NGINX: "upstream"}, PAIR, "upstreams stand where they are used"),
    Foreign({NGINX: "listen", APACHE: "Listen"}, f":80 {{\n{PAIR}\n}}", ADDRESS),
    Foreign({NGINX: "server server_name", HAPROXY: "frontend"},
            f"http://shop.test {{\n{PAIR}\n}}", ADDRESS),
    Foreign({NGINX: "location"}, "handle /api/* {\nreverse_proxy backend1:8080\n}"),
    Foreign({HAPROXY: "acl"}, "@api path /api/*", _MATCHER),
    Foreign({CADDY1: "gzip", NGINX: "gzip brotli", HAPROXY: "compression", TRAEFIK: "compress"},
            "encode zstd gzip"),
    Foreign({CADDY1: "errors", NGINX: "error_page"},
            "handle_errors {\nrespond \"{err.status_code}\"\n}"),
    Foreign({CADDY1: "ext"}, "try_files {path}.html {path}"),
    Foreign({CADDY1: "fastcgi", NGINX: "fastcgi_pass"}, "php_fastcgi backend1:9000"),
    Foreign({CADDY1: "limits", NGINX: "client_max_body_size"},
            "request_body {\nmax_size 5MB\n}"),
    Foreign({CADDY1: "browse", NGINX: "autoindex"}, "file_server browse"),
    Foreign({CADDY1: "index", NGINX: "index"}, "file_server {\nindex index.html\n}"),
    Foreign({CADDY1: "status", NGINX: "return"}, "respond 404",
            "or `redir https://shop.test{uri}`"),
    Foreign({NGINX: "proxy_set_header"},
            "reverse_proxy backend1:8080 {\nheader_up X-Site caddy\n}"),
    Foreign({NGINX: "add_header"}, "header X-Site caddy"),
    Foreign({NGINX: "expires"}, "header Cache-Control max-age=86400"),
    Foreign({NGINX: "ssl_certificate ssl_certificate_key"},
            "https://shop.test {\ntls cert.pem key.pem\n}"),
    Foreign({NGINX: "access_log error_log"}, "log"),
    Foreign({CADDY1: "if", NGINX: "if"}, "@mobile header User-Agent *Mobile*", _MATCHER),
    Foreign({NGINX: "set"}, "vars name value"),
    Foreign({NGINX: "allow deny", APACHE: "Allow Deny"},
            "@strangers not remote_ip private_ranges\nrespond @strangers 403"),
    Foreign({NGINX: "stub_status"}, "metrics"),
    Foreign({NGINX: "limit_req limit_conn", CADDY1: "ratelimit", TRAEFIK: "rateLimit"}, "",
            "without a plugin Caddy 2 limits no rates"),
    Foreign({CADDY1: "startup shutdown on"}, "", "Caddy 2 starts no other programs"),
    Foreign({CADDY1: "internal", NGINX: "internal"}, "respond /private/* 404"),
    Foreign({NGINX: "include", APACHE: "Include"}, "import snippets/*.caddy"),
    Foreign({NGINX: "auth_basic auth_basic_user_file"},
            "basic_auth {\nbob $2a$14$Zkx19XLiW6VYouLHR5NmfOFU0z2GTNmpkT/5qqR7hx4IjWJPDhjvG\n}",
            "`caddy hash-password` makes the hash"),
    Foreign({NGINX: "keepalive_timeout"}, "",
            "for idle clients there is a global option, `servers { timeouts { idle 5m } }`"),
    Foreign({NGINX: "resolver"}, "reverse_proxy backend1:8080 {\ntransport http {\n"
            "resolvers 192.0.2.1\n}\n}"),
    Foreign({NGINX: "alias", APACHE: "Alias"},
            "handle_path /static/* {\nroot /srv\nfile_server\n}"),
    Foreign({NGINX: "grpc_pass"}, "reverse_proxy h2c://backend1:8080"),
    Foreign({NGINX: "uwsgi_pass scgi_pass"}, "", "Caddy 2 speaks HTTP and FastCGI to upstreams"),
    Foreign({NGINX: "auth_request"}, "forward_auth backend1:8080 {\nuri /auth\n}"),
    Foreign({NGINX: "log_format", HAPROXY: "log-format"}, "log {\nformat json\n}"),
    Foreign({NGINX: "ssl ssl_protocols ssl_ciphers", TRAEFIK: "certResolver"}, "",
            "a site with a name has HTTPS by itself"),
    Foreign({NGINX: "http2 sendfile tcp_nopush tcp_nodelay server_tokens worker_processes",
             HAPROXY: "option"}, "", "Caddy 2 needs no such line"),
    Foreign({NGINX: "sub_filter limit_rate mirror"}, "", "Caddy 2 does that with a plugin only"),
    Foreign({NGINX: "client_body_timeout client_header_timeout send_timeout"}, "", CLIENTS),
    Foreign({NGINX: "set_real_ip_from real_ip_header"}, "",
            "whom to believe is a global option, `servers { trusted_proxies static … }`"),
    Foreign({HAPROXY: "http-request+deny"}, "respond 403"),
    Foreign({HAPROXY: "http-request+redirect redirect+scheme", TRAEFIK: "redirectScheme"},
            "redir https://{host}{uri}"),
    Foreign({HAPROXY: "http-request"}, "",
            "Caddy 2 has directives for what it does: `request_header`, `rewrite`, `respond`"),
    Foreign({HAPROXY: "http-response rspadd", TRAEFIK: "headers"}, "header X-Site caddy"),
    Foreign({HAPROXY: "errorfile"}, "handle_errors {\nrespond \"{err.status_code}\"\n}"),
    Foreign({HAPROXY: "stats"}, "metrics"),
    Foreign({HAPROXY: "monitor-uri"}, "respond /up 200"),
    Foreign({TRAEFIK: "stripPrefix"}, "uri strip_prefix /api"),
    Foreign({TRAEFIK: "addPrefix"}, "rewrite * /app{uri}"),
    Foreign({TRAEFIK: "replacePath"}, "rewrite * /new"),
    Foreign({TRAEFIK: "replacePathRegex"}, "uri path_regexp ^/old/ /new/"),
    Foreign({TRAEFIK: "rule"}, "@api path /api/*", _MATCHER),
    Foreign({TRAEFIK: "ipWhiteList ipAllowList"},
            "@strangers not remote_ip private_ranges\nrespond @strangers 403"),
    Foreign({CADDY1: "git upload webdav minify markdown jwt ipfilter filter cors realip"}, "",
            "Caddy 2 does that with a plugin or in another way"),
    Foreign({CADDY1: "expvar pprof"}, "", "Caddy 2 has both at its admin endpoint"),
    *apache_envoy.SITE,
    *instead.SITE,
    *OUTSIDE,
    Foreign({CADDY1: "mime"}, "header *.wasm Content-Type application/wasm"),
)  # fmt: skip
"""What stands in a site, or around it, elsewhere."""
