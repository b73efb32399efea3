"""The words of a Caddyfile that Caddy 2.11 knows, each option with an example of its use."""

from __future__ import annotations

OPTIONS = {
    "to": "to backend1:8080 backend2:8080",
    "dynamic": "dynamic a backend 8080",
    "lb_policy": "lb_policy round_robin",
    "lb_retries": "lb_retries 1",
    "lb_try_duration": "lb_try_duration 5s",
    "lb_try_interval": "lb_try_interval 250ms",
    "lb_retry_match": "lb_retry_match method GET POST",
    "health_uri": "health_uri /",
    "health_upstream": "health_upstream backend1:8080",
    "health_port": "health_port 8080",
    "health_interval": "health_interval 30s",
    "health_timeout": "health_timeout 5s",
    "health_passes": "health_passes 2",
    "health_fails": "health_fails 2",
    "health_status": "health_status 200",
    "health_body": "health_body ok",
    "health_method": "health_method GET",
    "health_request_body": "health_request_body ping",
    "health_follow_redirects": "health_follow_redirects",
    "health_headers": "health_headers {\n\tHost example.com\n}",
    "fail_duration": "fail_duration 10s",
    "max_fails": "max_fails 3",
    "unhealthy_status": "unhealthy_status 5xx",
    "unhealthy_latency": "unhealthy_latency 2s",
    "unhealthy_request_count": "unhealthy_request_count 10",
    "header_up": "header_up X-Site caddy",
    "header_down": "header_down X-Site caddy",
    "transport": "transport http",
    "trusted_proxies": "trusted_proxies 192.0.2.1",
    "flush_interval": "flush_interval 100ms",
    "request_buffers": "request_buffers 1MiB",
    "response_buffers": "response_buffers 1MiB",
    "stream_timeout": "stream_timeout 1h",
    "stream_close_delay": "stream_close_delay 5s",
    "handle_response": "handle_response {\n\trespond gone\n}",
    "replace_status": "replace_status 503",
    "method": "method GET",
    "rewrite": "rewrite /",
    "verbose_logs": "verbose_logs",
}
"""What may stand inside the braces of `reverse_proxy`."""

TRANSPORT = {
    "dial_timeout": "dial_timeout 500ms",
    "dial_fallback_delay": "dial_fallback_delay 300ms",
    "response_header_timeout": "response_header_timeout 2s",
    "expect_continue_timeout": "expect_continue_timeout 1s",
    "read_timeout": "read_timeout 10s",
    "write_timeout": "write_timeout 10s",
    "read_buffer": "read_buffer 4KiB",
    "write_buffer": "write_buffer 4KiB",
    "max_response_header": "max_response_header 64KiB",
    "resolvers": "resolvers 192.0.2.1",
    "tls": "tls",
    "tls_insecure_skip_verify": "tls_insecure_skip_verify",
    "tls_server_name": "tls_server_name example.com",
    "tls_timeout": "tls_timeout 5s",
    "keepalive": "keepalive 30s",
    "keepalive_interval": "keepalive_interval 30s",
    "keepalive_idle_conns": "keepalive_idle_conns 100",
    "keepalive_idle_conns_per_host": "keepalive_idle_conns_per_host 32",
    "versions": "versions 1.1",
    "compression": "compression off",
    "max_conns_per_host": "max_conns_per_host 100",
    "proxy_protocol": "proxy_protocol v2",
    "local_address": "local_address 127.0.0.1",
}
"""What may stand inside the braces of `transport http`."""

POLICIES = {
    "random": "lb_policy random",
    "random_choose": "lb_policy random_choose 2",
    "first": "lb_policy first",
    "round_robin": "lb_policy round_robin",
    "weighted_round_robin": "lb_policy weighted_round_robin 3 1",
    "least_conn": "lb_policy least_conn",
    "ip_hash": "lb_policy ip_hash",
    "client_ip_hash": "lb_policy client_ip_hash",
    "uri_hash": "lb_policy uri_hash",
    "header": "lb_policy header X-User",
    "query": "lb_policy query user",
    "cookie": "lb_policy cookie lb",
}

DIRECTIVES = tuple(
    word
    for line in (
        "abort basic_auth bind copy_response encode error file_server forward_auth fs handle",
        "handle_errors handle_path header import intercept invoke log log_append log_name log_skip",
        "map method metrics php_fastcgi push redir request_body request_header respond",
        "reverse_proxy rewrite root route templates timeouts tls tracing try_files uri vars",
    )
    for word in line.split()
)
"""What a line of a site may begin with."""

MATCHERS = (
    *("client_ip", "expression", "file", "header", "header_regexp", "host", "method", "not"),
    *("path", "path_regexp", "protocol", "query", "remote_ip", "vars", "vars_regexp"),
)

LOG = ("output", "format", "level", "include", "exclude", "hostnames", "sampling", "no_hostname")
ROLLED = ("roll_size", "roll_keep", "roll_keep_for", "roll_disabled", "roll_uncompressed", "mode")
TLS = (
    *("alpn", "ca", "ca_root", "ciphers", "client_auth", "curves", "dns"),
    *(
        "dns_challenge_override_domain",
        "dns_ttl",
        "eab",
        "get_certificate",
        "insecure_secrets_log",
        "issuer",
        "key_type",
        "load",
    ),
    *("on_demand", "propagation_delay", "propagation_timeout", "protocols", "resolvers"),
    *("reuse_private_keys",),
)
WRITERS = ("stdout", "stderr", "discard", "file", "net")
ENCODERS = ("console", "json", "filter", "append")
GLOBAL_OPTIONS = (
    *("admin", "auto_https", "debug", "default_bind", "default_sni", "email", "grace_period"),
    *("http_port", "https_port", "local_certs", "log", "metrics", "order", "persist_config"),
    *("servers", "shutdown_delay", "skip_install_trust", "storage"),
)
