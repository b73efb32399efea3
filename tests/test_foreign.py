"""Words of other programs, and of Caddy 1: their meaning comes before their spelling."""

from __future__ import annotations

import pytest
from admin_caddy import AdminCaddy, admin_caddy, site

from caddylab._caddy.advice import foreign
from caddylab._caddy.advice.explain import refuse
from caddylab._caddy.completion.skipping import unknown


@pytest.fixture(scope="module")
def caddy():
    with admin_caddy() as caddy:
        yield caddy


def in_site(*lines: str) -> str:
    return "\n".join([":80 {", *lines, "}", ""])


@pytest.mark.parametrize(
    ("line", "write"),
    {
        "fail_timeout 10s": "fail_duration 10s",
        "health_check /": "health_uri /",
        "header_upstream Host {host}": "header_up",
        "timeout 5s": "response_header_timeout 5s",
        "proxy_connect_timeout 2s": "dial_timeout 2s",
        "proxy_connect_timeout 2": "dial_timeout 1s",
        "timeout connect 5s": "`transport http { ⏎ dial_timeout 5s ⏎ }`",
        "option redispatch": "lb_retries 1",
        "stick-table type ip": "lb_policy client_ip_hash",
        "balance leastconn": "`lb_policy least_conn`",
        "balance source": "`lb_policy client_ip_hash`",
        "policy header X-User": "`lb_policy header X-User`",
        "header_downstream -Server": "`header_down -Server`",
        "health_check /up": "`health_uri /up`",
        "try_duration 3s": "`lb_try_duration 3s`",
        "loadBalancer.sticky true": "lb_policy cookie lb",
        "loadbalancer.healthcheck.path /up": "health_uri /up",
        "circuitBreaker {\n}": "fail_duration 10s",
        "proxy_next_upstream error timeout": "lb_retries 1",
        "policy least_conn": "`lb_policy least_conn`",
        "balance roundrobin": "lb_policy round_robin",
        "retries 3": "`lb_retries 3`",
        "backup": "lb_policy first",
        "lb_policy source": "lb_policy client_ip_hash",
        "lb_policy leastconn": "lb_policy least_conn",
        "lb_policy failover": "lb_policy first",
        "BalancerMember http://app1:8080": "to backend1:8080 backend2:8080",
        "lbmethod bybusyness": "`lb_policy least_conn`",
        "stickysession JSESSIONID": "lb_policy cookie lb",
        "ProxyTimeout 5": "response_header_timeout 5s",
        "hcuri /up": "`health_uri /up`",
        "unhealthy_threshold 4": "`health_fails 4`",
        "interval 5s": "`health_interval 5s`",
        "num_retries 3": "`lb_retries 3`",
        "outlier_detection {\n}": "fail_duration 10s",
        "keepalive_timeout 65s": "`transport http { ⏎ keepalive 65s ⏎ }`",
        "timeout tunnel 1h": "`stream_timeout 1h`",
        "timeout client 5s": "global option",
        "http-check expect status 200": "health_status 200",
        "lb_policy RING_HASH": "lb_policy client_ip_hash",
        "lb_policy MAGLEV": "lb_policy client_ip_hash",
        "lb_policy byrequests": "lb_policy round_robin",
        "lbmethod=bybusyness": "`lb_policy least_conn`",
        "ProxySet lbmethod=bybusyness": "`lb_policy least_conn`",
        "ProxySet stickysession=ROUTEID": "lb_policy cookie lb",
        "retry=60": "fail_duration 10s",
        "status=+H": "lb_policy first",
        "proxy_next_upstream error timeout non_idempotent": "lb_retry_match method GET`",
        "resolver 10.0.0.2": "`transport http { ⏎ resolvers 192.0.2.1 ⏎ }`",
        "resolve": "dynamic a backend1 8080",
        "least_time header": "lb_policy least_conn",
        "proxy_method POST": "`method POST`",
        "proxy_ssl_certificate client.pem": "tls_client_auth cert.pem key.pem",
        "proxy_socket_keepalive on": "keepalive_interval 30s",
        "match status 200": "health_status 200",
        "check inter 2s fall 3 rise 2": "health_uri /",
        "option httpchk GET /up": "`health_uri /up`",
        "send-proxy-v2": "proxy_protocol v2",
        "ssl verify none": "`transport http { ⏎ tls ⏎ }`",
        "verify none": "tls_insecure_skip_verify",
        "ca-file ca.pem": "tls_trust_pool file ca.pem",
        "http-send-name-header X-Server": "header_up X-Server {upstream_hostport}",
        "errorfile 503 sorry.http": "handle_errors",
        "loadBalancer.healthCheck.headers": "health_headers",
        "loadBalancer.healthCheck.followRedirects": "health_follow_redirects",
        "loadBalancer.responseForwarding.flushInterval 200ms": "`flush_interval 200ms`",
        "initialInterval 100ms": "`lb_try_interval 100ms`",
        "failover {\n}": "lb_policy first",
        "disablereuse on": "keepalive off",
        "failonstatus 500,503": "unhealthy_status 5xx",
        "ProxyErrorOverride On": "handle_response",
        "base_ejection_time 45s": "`fail_duration 45s`",
        "consecutive_5xx 5": "unhealthy_status 5xx",
        "max_connections 50": "max_conns_per_host 50",
        "retry_host_predicate {\n}": "fail_duration 10s",
        "retriable_status_codes 503": "{rp.status_code} == 503",
        "stateful_session {\n}": "lb_policy cookie lb",
        "dns_lookup_family V4_ONLY": "versions ipv4",
        "proxy_wondrous on": "looks like a word of nginx",
    }.items(),
)
def test_a_foreign_word_in_a_proxy_gets_the_line_to_write(caddy: AdminCaddy, line, write):
    error = refuse(caddy.refusal(site(line)), site(line))

    assert error.line == 3
    assert write in error.help


@pytest.mark.parametrize(
    "word",
    [
        "transparent",
        "websocket",
        "slow_start 30s",
        "down",
        "keepalive_requests 100",
        "proxy_cache_bypass 1",
        "hash-type consistent",
        "on-marked-down shutdown-sessions",
        "nofailover On",
        "forcerecovery On",
        "max_ejection_percent 50",
        "healthy_panic_threshold 50",
        "slow_start_config {\n}",
        "loadBalancer.healthCheck.scheme http",
        "preset transparent",
    ],
)
def test_a_word_that_needs_nothing_is_to_be_taken_away(caddy: AdminCaddy, word):
    error = refuse(caddy.refusal(site(word)), site(word))

    assert "take it away" in error.help


@pytest.mark.parametrize(
    ("line", "write"),
    {
        "proxy / backend1:8080": "reverse_proxy backend1:8080",
        "proxy_pass http://backend1:8080": "reverse_proxy backend1:8080",
        "gzip on": "encode zstd gzip",
        "ProxyPass / http://backend1:8080/": "reverse_proxy",
        "<Location /api>": "handle /api/*",
        "ServerName shop.test": "http://shop.test {",
        "Header set X-Site caddy": "header X-Site caddy",
        "Require all granted": "remote_ip",
        "Order deny,allow": "remote_ip",
        "Redirect permanent /old /new": "redir /old /new 301",
        "RewriteRule ^/old /new": "rewrite /old /new",
        "clusters:": "reverse_proxy",
        "http-request deny": "respond 403",
        "redirect scheme https": "redir https://{host}{uri}",
        "stripPrefix /api": "uri strip_prefix /api",
        "auth_request /auth": "forward_auth",
        "expvar": "admin endpoint",
        "log / stdout": "`log { ⏎ output stdout ⏎ }`",
        'log / /var/log/site.log "{combined}"': "`log { ⏎ output file /var/log/site.log ⏎ }`",
        "return 404": "respond 404",
        "proxy_read_timeout 5s": "response_header_timeout 5s",
        "default_backend web": "reverse_proxy",
        "location /api/ {\n}": "handle /api/*",
        "internal /private": "respond /private/* 404",
        "include snippets/tls.conf": "import",
        "basicauth / bob pass": "basic_auth { ⏎ bob HASH ⏎ }",
        "rewrite {\nto {path} /index.php\n}": "try_files",
        "rewrite ^/old/(.*)$ /new/$1 permanent": "uri path_regexp",
        "http-request set-path /new": "rewrite * /new",
        "http-request del-header X-User": "request_header -X-User",
        "http-request track-sc0 src": "directives for what it does",
        "timeout client 5s": "take it away: for clients there is a global option",
        "option redispatch": "lb_retries 1",
        "balance leastconn": "`lb_policy least_conn` (between the braces of `reverse_proxy`)",
        "compression algo gzip": "encode zstd gzip",
        "gzip_types text/css": "encode zstd gzip",
        "SetOutputFilter DEFLATE": "encode zstd gzip",
        "LimitRequestBody 1000": "request_body { ⏎ max_size 5MB ⏎ }",
        "RemoteIPHeader X-Forwarded-For": "trusted_proxies",
        "geo $office": "remote_ip",
        "more_set_headers X-A": "header X-Site caddy",
        "ssl_verify_client on": "client_auth",
        "ext_authz {\n}": "forward_auth",
        "direct_response {\n}": "respond 404",
        "routes {\n}": "handle /api/*",
        "regex_rewrite {\n}": "uri path_regexp",
        "redirectRegex {\n}": "redir /old /new 301",
        "digestAuth x": "basic_auth",
        "redir 301 /old /new": "redir /old /new 301",
        "SSLHonorCipherOrder on": "HTTPS by itself",
        "TimeOut 60": "Apache's word",
    }.items(),
)
def test_a_foreign_word_in_a_site_gets_the_line_to_write(caddy: AdminCaddy, line, write):
    text = in_site(line)

    error = refuse(caddy.refusal(text), text)

    assert error.line == 2
    assert write in error.help


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("upstream app {\n\tserver app1:80;\n}\nserver {\n\tlisten 80;\n}\n", 1, "upstream"),
        ("backend web\n\tbalance roundrobin\n\tserver s1 app1:80 check\n", 1, "backend"),
        ("frontend web {\n\tdefault_backend app\n}\n", 1, "frontend"),
        ("http:\n  services:\n    app:\n", 1, "http:"),
        ("static_resources:\n  clusters:\n    app:\n", 1, "static_resources:"),
        ("<VirtualHost *:80>\n\tProxyPass / http://app1/\n</VirtualHost>\n", 1, "<VirtualHost"),
    ],
)
def test_a_foreign_block_at_the_top_is_told_by_its_own_word(caddy: AdminCaddy, text, line, word):
    error = refuse(caddy.refusal(text), text)

    assert error.line == line
    assert error.help.startswith(f"`{word}` is ")


@pytest.mark.parametrize("name", ["failover", "power_of_two", "sticky", "least_connections"])
def test_a_policy_of_another_program_is_no_plugin(name):
    text = site(f"lb_policy {name}")
    message = f"module not registered: http.reverse_proxy.selection_policies.{name}, at Caddyfile:3"
    assert unknown(message, refuse(message, text), text, 3) is None


def test_what_is_right_by_its_spelling_is_still_guessed(caddy: AdminCaddy):
    for text, near in ((site("lb_retrys 1"), "lb_retries"), (site("health_url /"), "health_uri")):
        assert f"Did you mean `{near}`?" in refuse(caddy.refusal(text), text).help


# --- what we recommend is right ------------------------------------------------------------


@pytest.mark.parametrize(
    "entry",
    [
        entry
        for entry in (*foreign.PROXY, *foreign.POLICIES, *foreign.PARAMETERS)
        if entry.write and entry not in foreign.SITE
    ],
)
def test_caddy_takes_what_is_to_be_written_in_a_proxy(caddy: AdminCaddy, entry):
    caddy.adapt(site(*entry.lines()))


@pytest.mark.parametrize("entry", [e for e in foreign.SITE if e.write])
def test_caddy_takes_what_is_to_be_written_for_a_site(caddy: AdminCaddy, entry):
    whole_site = entry.lines()[0].startswith((":", "http"))
    caddy.adapt("\n".join([*entry.lines(), ""]) if whole_site else in_site(*entry.lines()))


def test_caddy_knows_none_of_the_foreign_words(caddy: AdminCaddy):
    for table, place, refused in (
        (foreign.PROXY, site, "unrecognized subdirective"),
        (foreign.SITE, in_site, "unrecognized directive"),
        (foreign.POLICIES, lambda word: site(f"lb_policy {word}"), "module not registered"),
    ):
        words = [w for entry in table for of_one in entry.words.values() for w in of_one.split()]
        accepted = [word for word in words if refused not in caddy.opinion(place(f"{word} x"))]
        assert accepted == []


@pytest.mark.parametrize("table", [foreign.PROXY, foreign.SITE, foreign.POLICIES])
def test_no_word_has_two_meanings(table):
    words = [w for entry in table for w in {w for x in entry.words.values() for w in x.split()}]

    assert sorted(words) == sorted(set(words))
