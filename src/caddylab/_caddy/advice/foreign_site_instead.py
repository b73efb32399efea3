"""Words of a site elsewhere for which Caddy 2 has no word of the same meaning."""

from __future__ import annotations

from caddylab._caddy.advice.foreign_word import (
    APACHE,
    CADDY1,
    ENVOY,
    HAPROXY,
    NGINX,
    TRAEFIK,
    Foreign,
)

_BY_ITSELF = "Caddy 2 needs no such line"
_PLUGIN = "Caddy 2 does that with a plugin only"

_CHANGES = (
    Foreign({NGINX: "more_set_headers", HAPROXY: "http-after-response",
             TRAEFIK: "customResponseHeaders"}, "header X-Site caddy"),
    Foreign({HAPROXY: "reqadd http-request+set-header http-request+add-header",
             TRAEFIK: "customRequestHeaders"}, "request_header X-Site caddy"),
    Foreign({HAPROXY: "http-request+del-header reqdel", ENVOY: "request_headers_to_remove"},
            "request_header -X-User"),
    Foreign({HAPROXY: "rspdel http-response+del-header", ENVOY: "response_headers_to_remove"},
            "header -X-Powered-By"),
    Foreign({HAPROXY: "http-request+set-path http-request+set-uri"}, "rewrite * /new"),
    Foreign({HAPROXY: "reqrep reqirep http-request+replace-path http-request+replace-uri",
             ENVOY: "regex_rewrite"}, "uri path_regexp ^/old/ /new/"),
    Foreign({TRAEFIK: "stripPrefixRegex"}, 'uri path_regexp ^/v[0-9]+ ""'),
    Foreign({TRAEFIK: "redirectRegex"}, "redir /old /new 301"),
    Foreign({TRAEFIK: "passTLSClientCert"},
            "request_header X-Cert {tls_client_certificate_der_base64}"),
    Foreign({NGINX: "gzip_types gzip_min_length gzip_comp_level gzip_vary gzip_proxied",
             HAPROXY: "filter+compression", ENVOY: "compressor",
             APACHE: "SetOutputFilter AddOutputFilter AddOutputFilterByType"},
            "encode zstd gzip"),
    Foreign({NGINX: "charset default_type types", APACHE: "AddDefaultCharset AddType"},
            'header *.html Content-Type "text/html; charset=utf-8"'),
    Foreign({APACHE: "ExpiresActive ExpiresDefault ExpiresByType"},
            "header Cache-Control max-age=86400"),
    Foreign({APACHE: "LimitRequestBody", TRAEFIK: "maxRequestBodyBytes buffering",
             ENVOY: "buffer"}, "request_body {\nmax_size 5MB\n}"),
    Foreign({CADDY1: "request_id", HAPROXY: "unique-id-format unique-id-header"},
            "request_header X-Request-Id {uuid}"),
)  # fmt: skip

_PLACES = (
    Foreign({NGINX: "geo"}, "@office remote_ip 192.0.2.0/24",
            "a matcher, whose name then follows a directive"),
    Foreign({ENVOY: "routes match prefix"}, "handle /api/* {\nreverse_proxy backend1:8080\n}"),
    Foreign({ENVOY: "direct_response"}, "respond 404"),
    Foreign({HAPROXY: "monitor"}, "respond /up 200"),
    Foreign({HAPROXY: "errorloc errorloc302 errorloc303 http-error"},
            'handle_errors {\nrespond "{err.status_code}"\n}'),
    Foreign({ENVOY: "ext_authz", TRAEFIK: "forwardAuth"},
            "forward_auth backend1:8080 {\nuri /auth\n}"),
    Foreign({TRAEFIK: "basicAuth digestAuth"},
            "basic_auth {\nbob $2a$14$Zkx19XLiW6VYouLHR5NmfOFU0z2GTNmpkT/5qqR7hx4IjWJPDhjvG\n}",
            "`caddy hash-password` makes the hash"),
    Foreign({HAPROXY: "tcp-request"},
            "@strangers not remote_ip private_ranges\nrespond @strangers 403"),
    Foreign({NGINX: "ssl_client_certificate ssl_verify_client",
             APACHE: "SSLVerifyClient SSLCACertificateFile"},
            "https://shop.test {\ntls {\nclient_auth {\ntrust_pool file ca.pem\n}\n}\n}"),
    Foreign({APACHE: "SetEnv"}, "vars name value"),
    Foreign({APACHE: "LogFormat LogLevel", TRAEFIK: "accessLog",
             ENVOY: "access_log_path", HAPROXY: "capture"}, "log {\nformat json\n}"),
)  # fmt: skip

_NOTHING = (
    Foreign({NGINX: "large_client_header_buffers"}, "",
            "there is a global option, `servers { max_header_size 16KB }`"),
    Foreign({NGINX: "real_ip_recursive",
             APACHE: "RemoteIPHeader RemoteIPTrustedProxy RemoteIPInternalProxy"}, "",
            "whom to believe is a global option, `servers { trusted_proxies static … }`"),
    Foreign({APACHE: "KeepAliveTimeout MaxKeepAliveRequests"}, "",
            "for idle clients there is a global option, `servers { timeouts { idle 5m } }`"),
    Foreign({HAPROXY: "grace"}, "", "for a reload there is a global option, `grace_period 10s`"),
    Foreign({NGINX: "etag", APACHE: "FileETag"}, "", "`file_server` sends an ETag by itself"),
    Foreign({NGINX: "http3 quic", APACHE: "Protocols"}, "",
            "Caddy 2 speaks HTTP/1.1, HTTP/2 and HTTP/3 by itself where there is HTTPS"),
    Foreign({NGINX: "ssl_session_cache ssl_session_timeout ssl_session_tickets ssl_dhparam"
             " ssl_prefer_server_ciphers ssl_stapling ssl_stapling_verify ssl_ecdh_curve"
             " ssl_trusted_certificate", HAPROXY: "crt-list ssl-default-bind-options"
             " ssl-default-bind-ciphers", APACHE: "SSLHonorCipherOrder SSLCertificateChainFile"
             " SSLUseStapling"}, "", "a site with a name has HTTPS by itself"),
    Foreign({NGINX: "satisfy", APACHE: "Satisfy"}, "", "what is asked of a request stands in one"
            " matcher"),
    Foreign({NGINX: "break"}, "", "of several `handle` only the first that fits is used"),
    Foreign({TRAEFIK: "chain"}, "", "a snippet puts lines together: `(name) {`, `import name`"),
    Foreign({TRAEFIK: "priority"}, "", "`handle` goes by the path, the longest first"),
    Foreign({APACHE: "Define"}, "", "there are variables of the environment, `{$NAME}`"),
    Foreign({HAPROXY: "rate-limit", ENVOY: "rate_limits local_ratelimit"}, "",
            "without a plugin Caddy 2 limits no rates"),
    Foreign({NGINX: "split_clients post_action", CADDY1: "nobots authz forwardproxy",
             APACHE: "Substitute ScriptAlias Action", TRAEFIK: "plugin grpcWeb",
             ENVOY: "jwt_authn fault lua"}, "", _PLUGIN),
    Foreign({NGINX: "underscores_in_headers ignore_invalid_headers merge_slashes rewrite_log"
             " types_hash_max_size server_names_hash_bucket_size charset_types aio directio"
             " reset_timedout_connection open_file_cache worker_connections user pid daemon",
             HAPROXY: "declare description nbthread nbproc",
             APACHE: "RewriteBase ServerAdmin ServerSignature Options HostnameLookups SetHandler"
             " UseCanonicalName", TRAEFIK: "providers contentType api",
             ENVOY: "admin listener_filters cluster_header"}, "", _BY_ITSELF),
)  # fmt: skip

SITE = (*_CHANGES, *_PLACES, *_NOTHING)
