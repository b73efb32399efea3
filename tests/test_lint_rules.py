"""Each rule of the lint on Caddyfiles that deserve it, and on some that nearly do."""

from __future__ import annotations

from pathlib import Path

import pytest
from admin_caddy import AdminCaddy, admin_caddy, site

from caddylab._caddy.advice.lint import RULES, lint

ROOT = Path(__file__).parents[1]
ONE = "backend1:8080"
THREE = "backend1:8080 backend2:8080 backend3:8080"
ONCE = ("lb_retries 1", "fail_duration 10s")
SLOW = ("transport http {", "response_header_timeout 1s", "}")
BY_STATUS = ("lb_retry_match {", "expression `{rp.status_code} >= 500`", "}")
BY_BOTH = (
    "lb_retry_match {",
    "method GET",
    "expression `{rp.is_transport_error} || {rp.status_code} >= 500`",
    "}",
)
GETS = ("lb_retry_match {", "method GET", "}")
TRUSTING = ("{", "servers {", "trusted_proxies static 192.0.2.0/24", "}", "}")


@pytest.fixture(scope="module")
def caddy():
    with admin_caddy() as caddy:
        yield caddy


def lines(*lines: str) -> str:
    return "\n".join([*lines, ""])


def web(*directives: str) -> str:
    """A Caddyfile with one site, its directives from line 2 on."""
    return lines(":80 {", *directives, "}")


def headed(head: tuple[str, ...], text: str) -> str:
    return lines(*head) + text


DESERVED = {
    # --- the environment -----------------------------------------------------------------
    "variable-not-set": [
        (web("header X-A {$CADDYLAB_NOBODY_SETS_THIS}", f"reverse_proxy {ONE}"), 2),
        (lines("{$CADDYLAB_NOBODY_SETS_THIS}:80 {", f"reverse_proxy {ONE}", "}"), 1),
    ],
    # --- addresses and matchers ----------------------------------------------------------
    "caddy-warns": [
        (lines("http://0.0.0.0:8080 {", "respond x", "}"), 1),
        (lines("http://a.test, [::]:82 {", "respond x", "}"), 1),
        (lines("http://a.test/map {", "respond x", "}"), 1),
        (lines("http://a.test {", "respond x", "}", "http://a.test/old* {", "respond y", "}"), 4),
        (lines("http://a.test/ {", "reverse_proxy app:80", "}"), 1),
        (lines(":80/map {", "respond x", "}"), 1),
        (lines("http://{$CADDYLAB_NOBODY_SETS:0.0.0.0} {", "respond x", "}"), 1),
    ],
    "comma-in-matcher": [
        (lines("http://a.test, http://b.test {", "@a host a.test, b.test", "respond @a x", "}"), 2),
        (web("@a host a.test,b.test", "respond @a x"), 2),
        (web("respond y", "@a path /a, /b", "respond @a x"), 3),
        (web("@a {", "path *.jpg,*.png", "}", "respond @a x"), 3),
        (web("respond /a,/b x"), 2),
        (web("@a not path /a, /b", "respond @a x"), 2),
        (web("@a method GET, HEAD", "respond @a x"), 2),
        (web("@a query b=1, a=2", "respond @a x"), 2),
        (web("@a vars {vars.a} x, y", "respond @a x"), 2),
        (web("try_files {path}, /index.html", "file_server"), 2),
        (site(*ONCE, "lb_retry_match method GET, HEAD"), 5),
    ],
    # --- policies ------------------------------------------------------------------------
    "policy-block-dropped": [
        (site("lb_policy least_conn {", "header cookie", "}", *ONCE), 4),
        (site("lb_policy ip_hash {", "fallback first", "}", *ONCE), 4),
        (site("lb_policy cookie lb {", "fallback ip_hash {", "max_age 1h", "}", "}", *ONCE), 5),
        (
            lines("(lb) {", "lb_policy first {", "fallback random", "}", "}")
            + site("import lb", *ONCE),
            3,
        ),
    ],
    "checks-of-dynamic-upstreams": [
        (web("reverse_proxy {", "dynamic a app 3000", "lb_policy first", "health_uri /", "}"), 5),
        (web("reverse_proxy {", "dynamic srv app.internal", "health_port 9000", *ONCE, "}"), 4),
        (web("reverse_proxy {", "dynamic a app 80", "health_interval 1s", "health_uri /", "}"), 4),
    ],
    "policy-without-choice": [
        (site("lb_policy round_robin", upstreams=ONE), 3),
        (web("reverse_proxy {", "to app:3000", "lb_policy cookie lb", "}"), 4),
        (web("reverse_proxy {env.APP} {", "lb_policy first", "}"), 3),
    ],
    "ip-hash-behind-proxy": [
        (headed(TRUSTING, site("lb_policy ip_hash", *ONCE)), 8),
        (headed(TRUSTING, site("lb_policy cookie lb {", "fallback ip_hash", "}", *ONCE)), 8),
        (site("lb_policy ip_hash", "trusted_proxies private_ranges", *ONCE), 3),
    ],
    # --- trying again --------------------------------------------------------------------
    "retry-without-body": [
        (site(*ONCE, "lb_retry_match {", "path /pay", "}"), 5),
        (site(*ONCE, *BY_STATUS), 5),
        (site(*ONCE, "lb_retry_match {", "method GET PATCH", "}"), 5),
        (site(*ONCE, "lb_retry_match {", "expression `{method} == 'POST'`", "}"), 5),
        (site(*ONCE, *GETS, "lb_retry_match {", "not method PUT", "}"), 5),
        (site(*ONCE, "lb_retry_match {", "header X-Again *", "}"), 5),
    ],
    "retries-end-before-max-fails": [
        (site("lb_policy first", "lb_retries 1", "fail_duration 10s", "max_fails 5"), 4),
        (site("lb_policy ip_hash", "lb_retries 1", "fail_duration 10s", "max_fails 2"), 4),
        (site("lb_policy cookie lb", "max_fails 5", "lb_try_duration 1s", "fail_duration 10s"), 4),
    ],
    "retry-match-order": [
        (site(*ONCE, *BY_STATUS, *GETS, "request_buffers 1MiB"), 5),
        (
            site(*ONCE, "lb_retry_match expression `{rp.header.X-Again}.startsWith('y')`", *GETS,
                 "request_buffers 1MiB"),
            5,
        ),
        (
            site(*ONCE, "lb_retry_match expression `{method} == 'GET' && {rp.status_code} >= 500`",
                 *GETS),
            5,
        ),
    ],
    "timeout-not-retried": [
        (site(*ONCE, *BY_STATUS, *SLOW, "request_buffers 1MiB", "max_fails 3"), 5),
        (
            site(*ONCE, "lb_retry_match expression `{rp.status_code} == 503`", *SLOW,
                 "request_buffers 1MiB", "max_fails 3"),
            5,
        ),
    ],
    "one-request-fails-all": [
        (site(*ONCE, *SLOW), 4),
        (site("lb_retries 2", "fail_duration 10s", *SLOW, upstreams=THREE), 4),
        (site("lb_retries 1", "fail_duration 10s", *SLOW, upstreams=THREE), 4),
        (site(*ONCE, "lb_policy first", *SLOW), 4),
        (site(*ONCE, "lb_retry_match method POST", "request_buffers 1MiB", *SLOW), 4),
        (site("lb_retries 3", "fail_duration 10s", "max_fails 2", *SLOW), 4),
        (site("fail_duration 10s", "lb_try_duration 5s", "max_fails 2", *SLOW), 3),
        (site(*ONCE, *BY_BOTH, "unhealthy_status 5xx"), 4),
        (site(*ONCE, *BY_BOTH, "unhealthy_latency 500ms"), 4),
        (site(*ONCE, "transport http {", "read_timeout 2s", "}"), 4),
    ],
    "bad-status-not-retried": [
        (site(*ONCE, "unhealthy_status 5xx"), 5),
        (site("fail_duration 10s", "unhealthy_status 500 502"), 4),
        (site("lb_policy cookie lb", *ONCE, "unhealthy_status 503", upstreams=THREE), 6),
        (site("lb_try_duration 2s", "fail_duration 10s", "unhealthy_status 5xx", *GETS), 5),
        (site(*ONCE, "unhealthy_status 5xx", "max_fails 1", "health_uri /"), 5),
    ],
    # --- memory and failover -------------------------------------------------------------
    "memory-with-one-upstream": [
        (site("fail_duration 10s", "lb_try_duration 5s", upstreams=ONE), 3),
        (site("fail_duration 10s", upstreams=ONE), 3),
        (site(*ONCE, upstreams=ONE), 4),
        (site("max_fails 3", "fail_duration 30s", "lb_try_duration 30s", upstreams=ONE), 4),
    ],
    "memory-without-retry": [
        (site("fail_duration 10s", "max_fails 3"), 4),
        (site("fail_duration 10s", "max_fails 2", "health_uri /"), 4),
    ],
    "checks-without-failover": [
        (site("health_uri /", "health_interval 2s"), 3),
        (site("lb_policy first", "health_port 8080"), 4),
    ],
    "pool-without-failover": [
        (web("reverse_proxy backend1:8080 backend2:8080"), 2),
        (site("lb_policy first"), 2),
        (site("unhealthy_request_count 10"), 2),
        (site("header_up X-Site shop", *SLOW), 2),
        (web("php_fastcgi backend1:9000 backend2:9000"), 2),
        (web("reverse_proxy backend1:8080-8082"), 2),
    ],
    # --- active checks -------------------------------------------------------------------
    "check-slower-than-interval": [
        (site("health_uri /", "health_interval 2s", "health_timeout 5s", *ONCE), 5),
        (site("health_uri /", "health_timeout 40s", *ONCE), 4),
    ],
    "deprecated-health-path": [(site("health_path /health", *ONCE), 3)],
    "request-placeholder-in-check": [
        (site("health_uri /", "health_headers {", "X-From {client_ip}", "}", *ONCE), 4),
        (site("health_uri /", "health_headers {", "X-Id {http.request.uuid}", "}", *ONCE), 4),
        (site("health_uri /up?{query}", *ONCE), 3),
        (site("health_uri /", "health_request_body {host}", *ONCE), 4),
    ],
    # --- upstreams -----------------------------------------------------------------------
    "parameter-as-upstream": [
        (site(*ONCE, upstreams="backend1:8080 weight=3 backend2:8080"), 2),
        (web("reverse_proxy {", "to backend1:8080", "to backend2:8080 backup", *ONCE, "}"), 4),
        (web("reverse_proxy backend1:8080 check inter 2s"), 2),
    ],
    "port-forgotten": [
        (site(*ONCE, upstreams="app1:3000 app2"), 2),
        (web("reverse_proxy backend1"), 2),
    ],
    "upstream-from-client": [
        (web("reverse_proxy localhost:{query.port}"), 2),
        (web("reverse_proxy {header.X-Target}"), 2),
        (web("reverse_proxy /go/* {path.1}:8080"), 2),
        (web("reverse_proxy {host}:8080"), 2),
        (web("reverse_proxy {labels.1}:8080"), 2),
        (web("@app header_regexp app Host ^(\\w+)[.]x", "reverse_proxy @app {re.app.1}:80"), 3),
        (web("@app header_regexp X-App (?i)^(?:v1-)?(.+)$", "reverse_proxy @app {re.1}:80"), 3),
        (web("@app path_regexp ^/(a|b)/(?P<port>[0-9]+)", "reverse_proxy @app app:{re.2}"), 3),
        (web("vars port {query.port}", "reverse_proxy localhost:{vars.port}"), 3),
        (web("reverse_proxy {", "dynamic a {", "name {query.app}", "port 80", "}", "}"), 2),
    ],
    # --- headers and URLs ----------------------------------------------------------------
    "nginx-variable": [
        (site("header_up Host $host", upstreams=ONE), 3),
        (web("reverse_proxy app:80 {", "header_up X-Real-IP $remote_addr", "}"), 3),
        (web("redir https://$server_name{uri}"), 2),
        (web("header X-Agent $http_user_agent"), 2),
        (web("try_files $uri /index.html", "file_server"), 2),
        (lines("(up) {", "header_up Host {args[0]}", "}") + site("import up $host", upstreams=ONE),
         6),
    ],
    "foreign-variable": [
        (site("header_up Host %{HTTP_HOST}", upstreams=ONE), 3),
        (web("redir https://%{SERVER_NAME}{uri}"), 2),
        (web("header X-Client %[src]", "respond x"), 2),
        (web("reverse_proxy app:80 {", "header_up X-User %[req.hdr(X-User)]", "}"), 3),
        (web("reverse_proxy app:80 {", "header_up X-Real-IP %{REMOTE_ADDR}s", "}"), 3),
        (web("reverse_proxy app:80 {", "header_up X-Host %REQ(:AUTHORITY)%", "}"), 3),
        (web("rewrite * /sites/%{HTTP_HOST}{uri}", "reverse_proxy app:80"), 2),
    ],
    "line-break-in-header": [
        (web('header X-A "', 'a;', 'b;', '"', "respond x"), 2),
        (web("header {", "X-A a", 'x-b "a;', 'b;"', "}", "respond x"), 4),
        (web("header >X-A <<END", "a", "b", "END", "respond x"), 2),
        (web('header X-A a "b', 'c"', "respond x"), 2),
        (site('header_up X-A "a', 'b"', upstreams=ONE), 3),
        (site("header_up X-B a", 'header_down X-A "a', 'b"', upstreams=ONE), 4),
        (web('request_header X-A "a', 'b"', f"reverse_proxy {ONE}"), 2),
        (web('redir "https://a.test', '/"'), 2),
    ],
    "status-not-a-number": [
        (web('respond /x 403 "Downloads are not allowed"'), 2),
        (web("respond /y 403", "respond 404 gone"), 3),
        (web('respond "not found" 40x'), 2),
        (web('error /x 404 "no such page"', 'error /y "no such page" 404'), 2),
        (web("handle_errors {", 'respond 500 "sorry"', "}", "error 404"), 3),
        (lines("(deny) {", "respond {args[0]} {args[1]}", "}") + web('import deny 403 "go away"'),
         2),
    ],
    "rewrite-to-another-host": [
        (web("rewrite * https://example.com{uri}", "reverse_proxy app:80"), 2),
        (web("rewrite /old http://example.com/new", "reverse_proxy app:80"), 2),
        (site("rewrite https://example.com{uri}", upstreams=ONE), 3),
        (web("rewrite * //example.com{uri}", "reverse_proxy app:80"), 2),
    ],
    "log-name-like-a-file": [
        (web("log /var/log/site.log", "respond x"), 2),
        (web("respond x", "log access.log"), 3),
        (web("log stdout", "respond x"), 2),
        (lines("http://a.test {", "log logs/a", "respond x", "}"), 2),
        (lines("http://a.test {", "log", "respond x", "}", "http://b.test {", "log b.log {",
               "format json", "}", "respond x", "}"), 6),
    ],
    "redirect-to-a-status": [
        (web("handle /app {", "redir /app/ 301", "}", "handle /app/* {", "abort", "}"), 3),
        (web("redir / 308", f"reverse_proxy {ONE}"), 2),
    ],
    # --- routes --------------------------------------------------------------------------
    "never-reached": [
        (web("respond hello", "reverse_proxy app:80"), 3),
        (web("reverse_proxy app:80", "respond hello"), 2),
        (web("redir https://example.com{uri}", "reverse_proxy app:80"), 3),
        (web("root /srv", "file_server", "reverse_proxy app:80"), 3),
        (web("respond /api/* no", "reverse_proxy /api/v1/* app:80"), 3),
        (web("handle {", "respond hello", "}", "reverse_proxy app:80"), 5),
        (web("route {", "respond hello", "reverse_proxy app:80", "}"), 4),
        (web("error 404", "reverse_proxy app:80"), 3),
        (lines("http://a.test {", "reverse_proxy app:80", "root /srv", "file_server", "}",
               "http://b.test {", "reverse_proxy /api/* app:80", "root /srv", "file_server", "}"),
         4),
        (web("respond /admin/* 403", "handle {", "reverse_proxy app:80", "}"), 2),
        (web("@no method POST", "respond @no 405", "handle {", "root /srv", "file_server", "}"), 3),
        (web("@bots header User-Agent *bot*", "abort @bots", "route {", "reverse_proxy app:80",
             "}"), 3),
        (web("error /x* 404", "handle /a {", "respond a", "}", "handle {", "respond b", "}"), 2),
        (web("handle {", "reverse_proxy app:80", "}", "metrics /metrics"), 5),
        (web("route {", "reverse_proxy app:80", "redir /old /new", "}"), 4),
        (lines("http://a.test {", "respond /a 403", "reverse_proxy app:80", "}", "http://b.test {",
               "respond /a 403", "handle {", "reverse_proxy app:80", "}", "}"), 6),
    ],
    "named-route-cut": [
        (lines("&(app) {", "header X-Site shop", "reverse_proxy a:80", "}") + web("invoke app"), 1),
        (lines("&(app) {", "root /srv", "file_server", "}") + web("invoke app"), 1),
    ],
    "only-the-root": [
        (web("reverse_proxy / web:3000"), 2),
        (web("handle / {", "reverse_proxy web:3000", "}"), 2),
        (web("@home path /", "reverse_proxy @home web:3000", "encode gzip"), 3),
    ],
    "path-changed-before-match": [
        (web("uri strip_prefix /api", "reverse_proxy /api/* app:80", "reverse_proxy web:80"), 2),
        (web("handle_path /api/* {", "reverse_proxy /api/v1/* app:80", "}"), None),
        (web("rewrite * /v2{uri}", "handle /api/* {", "reverse_proxy app:80", "}"), 2),
        (web("rewrite * /index.php?{query}", "reverse_proxy /api/* app:80"), 2),
    ],
    "fallback-file-before-api": [
        (
            web("root /srv", "try_files {path} /index.html", "handle_path /api* {",
                "reverse_proxy app:80", "}", "handle {", "file_server", "}"),
            3,
        ),
        (
            web("root /srv", "try_files {path} /index.html", "reverse_proxy /api/* app:80",
                "file_server"),
            3,
        ),
        (
            web("root /srv", "@missing not file", "rewrite @missing /index.html",
                "reverse_proxy /api/* app:80", "file_server"),
            4,
        ),
    ],
    # --- trust ---------------------------------------------------------------------------
    "every-proxy-trusted": [
        (headed(("{", "servers {", "trusted_proxies static 0.0.0.0/0 ::/0", "}", "}"),
                web("reverse_proxy app:80")), 3),
        (site("trusted_proxies 0.0.0.0/0", upstreams=ONE), 3),
        (headed(("{", "servers {", "listener_wrappers {", "proxy_protocol {", "allow 0.0.0.0/0",
                 "}", "}", "}", "}"), web("reverse_proxy app:80")), 5),
        (site("trusted_proxies 0.0.0.0/1 128.0.0.0/1", upstreams=ONE), 3),
        (headed(("{", "servers {", "trusted_proxies static {$CADDYLAB_NOBODY_SETS:0.0.0.0/0 ::/0}",
                 "}", "}"), web("reverse_proxy app:80")), 3),
        (site("trusted_proxies {$CADDYLAB_NOBODY_SETS:0.0.0.0/0}", upstreams=ONE), 3),
    ],
    # --- placeholders --------------------------------------------------------------------
    "unknown-placeholder": [
        (web("log_append who {user}", "reverse_proxy app:80"), 2),
        (lines("(who) {", "log_append a {args[0]}", "}") + web("import who {user}", "abort"), 5),
        (web("rewrite /a/{hostpart}", "reverse_proxy app:80"), 2),
        (web("reverse_proxy {ip}:8080"), 2),
        (web("reverse_proxy {", "to {upstreams}", "}"), 3),
        (web("vars hosts abc", "reverse_proxy app:80 {", "header_up X-A {hosts}", "}"), 4),
        (web("reverse_proxy app:80 {", "header_up X-A {rp.active.target}", "}"), 3),
        (web("header X-A {client.ip}", "reverse_proxy app:80"), 2),
        (web("header X-A {http.request.hst}", "reverse_proxy app:80"), 2),
        (web("header X-A {headers.X-Who}", "reverse_proxy app:80"), 2),
        (site("header_up X-Port {server_port}", upstreams=ONE), 3),
        (site("header_up X-Real-IP {http.request.X-Real-IP}", upstreams=ONE), 3),
        (web("header X-A {http.request.cookies.who}", "reverse_proxy app:80"), 2),
        (web("header X-A {http.upgrade}", "respond x"), 2),
        (site("header_up X-A {http.nosuch.thing}", upstreams=ONE), 3),
        (web("header X-A {http.request.remote.name}", "respond x"), 2),
        (web("header X-A {http.vars}", "respond x"), 2),
        (web("header X-A {http.reqest.header.X-A}", "respond x"), 2),
    ],
    "placeholder-too-early": [
        (web("header X-Up {rp.upstream.hostport}", f"reverse_proxy {ONE}"), 2),
        (web("header X-Up {http.reverse_proxy.retries}", f"reverse_proxy {ONE}"), 2),
        (web("request_header X-Up {rp.upstream.host}", f"reverse_proxy {ONE}"), 2),
        (site("header_up X-Was {rp.status_code}", upstreams=ONE), 3),
        (site("header_down X-Tries {rp.retries}", upstreams=ONE), 3),
    ],
    "placeholder-not-expanded": [
        (site("header_up Cookie {cookie.*}", upstreams=ONE), 3),
        (site("header_up X-All {header.*}", upstreams=ONE), 3),
        (site("header_up Upgrade {>Upgrade}", upstreams=ONE), 3),
        (site("header_up X-All {http.request.header.*}", upstreams=ONE), 3),
        (site("header_up X-Page {query.page.size}", upstreams=ONE), 3),
        (web("log_append page {query.page.size}", "reverse_proxy app:80"), 2),
        (web("log_append up {rp.upstream.host}:{rp.upstream.port}", "reverse_proxy app:80"), 2),
        (web("log_append tries n={rp.retries}", "reverse_proxy app:80"), 2),
    ],
    "blank-in-placeholder": [
        (site('header_up Host "{ upstream_hostport }"', upstreams=ONE), 3),
        (site('header_up X-A "{ http.request.host }"', upstreams=ONE), 3),
        (web('redir "https://{host }/{ uri}"'), 2),
    ],
}  # fmt: skip
CASES = [(name, *case) for name, cases in DESERVED.items() for case in cases]


@pytest.mark.parametrize(("name", "text", "line"), CASES, ids=[case[0] for case in CASES])
def test_a_rule_tells_what_deserves_it(caddy: AdminCaddy, name, text, line):
    found = [note for note in lint(text, caddy.adapt(text)) if note.rule == name]

    assert found
    assert found[0].line == line
    assert found[0].message.endswith(".")
    assert found[0].help.endswith((".", "?"))


def test_what_becomes_of_a_placeholder_depends_on_its_place(caddy: AdminCaddy):
    text = web(
        "reverse_proxy /a {cookie.*}:80 {", "header_up X {>X}", "}",
        "reverse_proxy {header.*}:80 {", "header_up Cookie {query.*}", "}",
    )  # fmt: skip
    found = {note.line: note.message for note in lint(text, caddy.adapt(text))}
    kept = {line: "stays there as plain text" in message for line, message in found.items()}
    assert kept == {2: False, 3: True, 5: False, 6: True}
    assert "no such address can be dialled" in found[2]


NEARLY = {
    # --- addresses and matchers ----------------------------------------------------------
    "an address to listen at": web("bind 0.0.0.0", "respond x"),
    "an address and paths in a site": lines(
        "http://a.test:8080 {", "handle /map {", "respond x", "}", "respond /old* y", "}"
    ),
    "a host of the kind in a matcher": web("@a host 0.0.0.0", "respond @a x", "respond y"),
    "sites with commas between them": lines("http://a.test, http://b.test {", "respond x", "}"),
    "a program in a page": web("respond <<END", "if (x) {http.send}", "else {http.get}", "END"),
    "stars with a comma between them": web("@a path /@*,*", "respond @a x"),
    "paths with commas inside": web("@a path /maps/@1,2 /a,b*", "respond @a x", "respond /c, y"),
    "a query with a comma": web("@a query sort=name,", "respond @a x"),
    "a header with a comma": web("@a header Accept *html,*", "respond @a x"),
    "an expression with commas": web("@a `path('/a', '/b')`", "respond @a x"),
    # --- the environment -----------------------------------------------------------------
    "a variable with a default": web("header A {$CADDYLAB_NOBODY_SETS:b}", f"reverse_proxy {ONE}"),
    "a variable that is set": web("header X-A {$PATH}", f"reverse_proxy {ONE}"),
    "a variable in a comment": web("# {$CADDYLAB_NOBODY_SETS_THIS}", f"reverse_proxy {ONE}"),
    "a variable at run time": web("header X-A {env.HOME}", f"reverse_proxy {ONE}"),
    # --- policies ------------------------------------------------------------------------
    "a cookie's block": site("lb_policy cookie lb {", "fallback first", "max_age 1h", "}", *ONCE),
    "an empty block": site("lb_policy least_conn {", "}", *ONCE),
    "a fallback that is no policy's": headed(
        ("{", "servers {", "listener_wrappers {", "proxy_protocol {", "fallback_policy skip",
         "}", "}", "}", "}"),
        web("reverse_proxy app:80"),
    ),
    "a policy among addresses of one name": web(
        "reverse_proxy {", "dynamic a app 3000", "lb_policy first", "lb_retries 1",
        "fail_duration 10s", "}"
    ),
    "a log's name": web("log site", "respond x"),
    "a log's name, and its file": web(
        "log site.log {", "output file /var/log/site.log", "}", "respond x"
    ),
    "a log that is written elsewhere": headed(
        ("{", "log files {", "output stdout", "include http.log.access.stdout", "}", "}"),
        web("log stdout", "respond x"),
    ),
    "a log of all": web("log", "respond x"),
    "a log's file alone": web("log {", "output file /var/log/site.log", "}", "respond x"),
    "ip_hash and nobody in front": site("lb_policy ip_hash", *ONCE),
    "client_ip_hash behind a proxy": headed(TRUSTING, site("lb_policy client_ip_hash", *ONCE)),
    # --- trying again --------------------------------------------------------------------
    "a POST kept": site(*ONCE, *BY_STATUS, "request_buffers 1MiB"),
    "GETs with a path": site(*ONCE, "lb_retry_match {", "method GET", "path /api/*", "}"),
    "an expression about GETs": site(
        *ONCE, "lb_retry_match {", "expression `{method} == 'GET' && {rp.status_code} >= 500`", "}"
    ),
    "no POST": site(*ONCE, "lb_retry_match {", "not method POST PUT PATCH", "}"),
    "a retry of POSTs that never happens twice": site(
        "lb_retries 1", "lb_retry_match {", "path /pay", "}", upstreams=ONE
    ),
    "as many retries as fails": site(
        "lb_policy first", "lb_retries 2", "fail_duration 10s", "max_fails 2"
    ),
    "time enough for all fails": site(
        "lb_policy first", "lb_try_duration 5s", "fail_duration 10s", "max_fails 3"
    ),
    "turns need no more retries": site(
        "lb_policy round_robin", "lb_retries 1", "fail_duration 10s", "max_fails 5"
    ),
    "the status last": site(*ONCE, *GETS, *BY_STATUS, "request_buffers 1MiB"),
    "a status that is asked for by `==`": site(
        *ONCE, "lb_retry_match expression `{rp.status_code} in [502, 503]`", *GETS,
        "request_buffers 1MiB",
    ),
    "a method that decides before the status": site(
        *ONCE, "lb_retry_match expression `{method} == 'GET' || {rp.status_code} >= 500`", *GETS,
        "request_buffers 1MiB",
    ),
    "what a file holds": site("header_up X-Token {file.token.txt}", upstreams="backend1:8080"),
    "status and error in one block": site(*ONCE, *BY_BOTH, *SLOW, "max_fails 3"),
    "slow, and more fails than retries": site(*ONCE, "max_fails 2", *SLOW),
    "slow, and one upstream at most fails": site(
        "lb_policy first", "lb_retries 2", "fail_duration 10s", "max_fails 2", *SLOW
    ),
    "a status that counts but is not retried": site(*ONCE, "unhealthy_status 5xx", "max_fails 3"),
    "a status that counts, of one upstream": site(
        "unhealthy_status 5xx", "fail_duration 1s", "lb_try_duration 5s", upstreams=ONE
    ),
    "a status that is retried but does not count": site(*ONCE, *BY_BOTH),
    "a DELETE is retried, a slow page is not": site(
        *ONCE, "lb_retry_match {", "method DELETE", "}", *SLOW
    ),
    # --- memory and failover -------------------------------------------------------------
    "one upstream, waited for": site("lb_try_duration 5s", upstreams=ONE),
    "one upstream, waited for longer than remembered": site(
        "lb_try_duration 5s", "fail_duration 1s", upstreams=ONE
    ),
    "max_fails and a retry": site("fail_duration 10s", "max_fails 3", "lb_retries 1"),
    "one upstream, waited for shortly": site("lb_try_duration 2s", *SLOW, upstreams=ONE),
    "checks and a memory": site("health_uri /", "fail_duration 10s"),
    "checks of one": site("health_uri /", upstreams=ONE),
    "a pool with a spare for its errors": web(
        "reverse_proxy backend1:8080 backend2:8080",
        "handle_errors {", "reverse_proxy spare:80", "}",
    ),
    "a pool whose second is drained": site("lb_policy weighted_round_robin 1 0"),
    # --- active checks -------------------------------------------------------------------
    "a timeout as long as the interval": site(
        "health_uri /", "health_interval 2s", "health_timeout 2s", *ONCE
    ),
    "placeholders that a check knows": site(
        "health_uri /",
        "health_headers {",
        "Host {http.reverse_proxy.active.target_upstream}",
        "X-Up {rp.active.target_upstream}",
        "X-Home {env.HOME}",
        "X-Year {time.now.year}",
        "}",
        *ONCE,
    ),
    # --- upstreams -----------------------------------------------------------------------
    "port 80 by address": web("reverse_proxy 192.0.2.7"),
    "port 80 by name": web("reverse_proxy www.example.com"),
    "port 80 for all": site(*ONCE, upstreams="app1 app2"),
    "hosts that are called like parameters": site(*ONCE, upstreams="web:80 backup:80"),
    "a host that is called backup": site(*ONCE, upstreams="web backup"),
    "port 80 with and without": site(*ONCE, upstreams="app1:80 app2"),
    "a network before the address": web("reverse_proxy tcp/localhost:3000"),
    "h2c by a socket": web("reverse_proxy unix+h2c//run/app.sock"),
    "an upstream from a map": web(
        "map {query.shard} {shard} {", "a app1:80", "default app2:80", "}", "reverse_proxy {shard}"
    ),
    "an upstream of the server's own": web("reverse_proxy {env.APP}:{vars.port}"),
    "a host that is matched": lines("http://*.example.com {", "reverse_proxy {host}:8080", "}"),
    "a query that is matched": web("@p query port=3000", "reverse_proxy @p localhost:{query.port}"),
    # --- headers and URLs ----------------------------------------------------------------
    "a group of a regular expression": web("header Location (?P<host>.*) https://$host/"),
    "a price": web("header X-Price $5", "respond \"costs $host\""),
    "an environment variable": web("header X-Home {$HOME}"),
    "a redirection with a status": web("redir * /app/ 301", "redir /old /new 308"),
    "a rewrite with a URL in the query": web("rewrite * /go?to=https://example.com", "file_server"),
    "line breaks in a request that Caddy answers": web('request_header X-A "a', 'b"', "respond x"),
    "line breaks in a variable of FastCGI": web(
        "php_fastcgi app:9000 {", 'header_up X-A "a', 'b"', "}"
    ),
    "one line in quotes": web('header X-A "a; b"', "header X-B `a\\nb`", "respond x"),
    "a heredoc of one line": web("header X-A <<END", "a; b", "END", "respond x"),
    "a page of many lines": web("respond <<END", "a", "b", "END"),
    "the text before the status": web(
        'respond /x "no" 403', 'error /y "no" 404', 'respond "404" 404'
    ),
    "an empty word somewhere": web('header X-A ""', "respond x", 'respond /y "" 204'),
    "a status alone": web("respond /x 403", "respond /y 204", "error /z 500"),
    "a status from elsewhere": web("respond /x no {vars.code}", 'respond 403 {', "close", "}"),
    "a status that is not set": web("respond no {$HOME:404}"),
    # --- routes --------------------------------------------------------------------------
    "a page for the rest": web("handle {", "reverse_proxy app:80", "}", "respond 404"),
    "a page for the rest, by its path": web("handle {", "reverse_proxy app:80", "}", "error * 404"),
    "a redirection, which comes first": web(
        "handle {", "reverse_proxy app:80", "}", "redir /old /new"
    ),
    "a handle that passes on": web("handle {", "header X-A b", "}", "respond /admin/* 403"),
    "a handle for some that passes on": web(
        "handle /x {", "header X-A b", "}", "handle {", "reverse_proxy app:80", "}",
        "respond /x/a 403",
    ),
    "what is denied in the handle": web(
        "handle {", "respond /admin/* 403", "reverse_proxy app:80", "}"
    ),
    "what is denied in a handle of its own": web(
        "handle /admin/* {", "respond 403", "}", "handle {", "reverse_proxy app:80", "}"
    ),
    "what is denied behind a handle for others": web(
        "handle /api/* {", "reverse_proxy app:80", "}", "respond /admin/* 403"
    ),
    "a page for the rest of another site": lines(
        "http://a.test {", "handle {", "reverse_proxy a:80", "}", "respond 404", "}",
        "http://b.test {", "respond 404", "}",
    ),
    "respond with a path": web("respond /health ok", "reverse_proxy app:80"),
    "respond by handles": web(
        "handle /a {", "respond a", "}", "handle {", "reverse_proxy b:80", "}"
    ),
    "early hints": web("respond 103 {", "}", "reverse_proxy app:80"),
    "a redirection of some": web(
        "@old host old.test", "redir @old https://x", "reverse_proxy app:80"
    ),
    "a file server that passes on": web(
        "route {", "file_server {", "pass_thru", "}", "reverse_proxy app:80", "}"
    ),
    "a response that is handled": web(
        "reverse_proxy app:80 {", "@no status 404", "handle_response @no {", "file_server", "}", "}"
    ),
    "two sites on one port": lines(
        "http://a.test {", "respond a", "}", "http://b.test {", "reverse_proxy b:80", "}"
    ),
    "a longer path first": web("respond /api/v1/* old", "reverse_proxy /api/* app:80"),
    "a prefix that is stripped from what was taken": web(
        "handle_path /api/* {", "reverse_proxy app:80", "}", "reverse_proxy web:80"
    ),
    "a prefix stripped in a handle": web(
        "handle /api/* {", "uri strip_prefix /api", "reverse_proxy app:80", "}"
    ),
    "a route that looks first": web(
        "route {", "reverse_proxy /api/* app:80", "uri strip_prefix /api", "file_server", "}"
    ),
    "another prefix": web("uri strip_prefix /v1", "reverse_proxy /api/* app:80"),
    "a prefix that is put before": web(
        "rewrite * /api{uri}", "reverse_proxy /api/* app:80", "reverse_proxy /api/v1/* b:80"
    ),
    "some paths that are rewritten": web("rewrite /old/* /new", "reverse_proxy /api/* app:80"),
    "a page for all, and its handler": web("rewrite * /index.php", "php_fastcgi app:9000"),
    "a named route in one piece": lines(
        "&(app) {", "route {", "header X-Site shop", "reverse_proxy a:80", "}", "}"
    ) + web("invoke app"),
    "a named route with a matcher": lines(
        "&(app) {", "header /a X-Site shop", "reverse_proxy a:80", "}"
    ) + web("invoke app"),
    "the root, and the rest": web("reverse_proxy / home:80", "reverse_proxy app:80"),
    "the root, and files": web("reverse_proxy / home:80", "file_server"),
    "the root, and a page for the rest": web(
        "handle / {", "reverse_proxy home:80", "}", "handle {", "respond no 404", "}"
    ),
    "all below the root": web("reverse_proxy /* app:80"),
    "try_files beside the API": web(
        "handle /api/* {", "reverse_proxy app:80", "}",
        "handle {", "try_files {path} /index.html", "file_server", "}",
    ),
    "try_files but for the API": web(
        "@page not path /api/*", "rewrite @page /index.html", "reverse_proxy /api/* app:80",
        "file_server",
    ),
    "try_files without a fallback": web(
        "try_files {path} {path}.html", "reverse_proxy /api/* app:80", "file_server"
    ),
    "try_files and the app for the rest": web(
        "try_files {path} /index.php", "reverse_proxy app:80"
    ),
    # --- trust ---------------------------------------------------------------------------
    "some networks by the PROXY line": headed(
        ("{", "servers {", "listener_wrappers {", "proxy_protocol {", "allow 192.0.2.0/24",
         "}", "}", "}", "}"),
        web("reverse_proxy app:80"),
    ),
    "a port of the server's own": web("vars port 3000", "reverse_proxy localhost:{vars.port}"),
    "some networks": headed(TRUSTING, web("reverse_proxy app:80")),
    "private networks": site("trusted_proxies private_ranges", upstreams=ONE),
    # --- placeholders --------------------------------------------------------------------
    "what a map defines": web(
        "map {host} {hosts} {", "default x", "}", "log_append a {hosts}", "reverse_proxy {hosts}:80"
    ),
    "what vars define": web(
        "vars hosts x", "header X-A {vars.hosts}", "header X-B {http.vars.hosts}"
    ),
    "a snippet that nobody imports": lines("(old) {", "respond {hostpart}", "}") + web("respond x"),
    "what a proxy has done, later": web(
        "header >X-Up {rp.upstream.hostport}", "log_append tries {rp.retries}",
        "reverse_proxy backend1:8080 {", "header_up X-Up {rp.upstream.address}",
        "header_down X-Took {rp.upstream.latency_ms}", "header_down X-Was {rp.status_code}", "}",
    ),
    "what a proxy has done, of an error": web(
        f"reverse_proxy {ONE}", "handle_errors {", "header X-Tries {rp.retries}", "respond x", "}"
    ),
    "members of what has many": web(
        "header X-A {http.request.tls.server_name}{http.request.orig_uri.path.0}",
        "header X-B {http.request.remote.host}{http.request.duration_ms}{http.request.body}",
        "header X-C {http.request.local.port}{http.request.host.labels.1}{http.auth.user.id}",
        "header X-D {http.request.uri_escaped}{geoip.country}{system.hostname}{file.size}",
        "reverse_proxy app:80",
    ),
    "files that are not there, but for the API": web(
        "@page {", "not file", "not path /api/*", "}", "rewrite @page /index.html",
        "reverse_proxy /api/* app:80", "file_server"
    ),
    "a label of a host that is matched": lines(
        "http://*.example.com {", "reverse_proxy {labels.2}:8080", "}"
    ),
    "a group that lists its words": lines(
        ":80 {", "@app path_regexp app ^/(blue|green-2)/", "reverse_proxy @app {re.app.1}:80", "}",
    ),
    "a listed group beside an open one": web(
        "@app header_regexp Host ^(?:www|(api|shop\\.eu))\\.(.+)$", "reverse_proxy @app {re.1}:80",
    ),
    "what a plugin may define": web(
        "header X-A {http.auth.user.id}{http.matchers.file.relative}{http.shutting_down}",
        "header X-B {http.response.header.X-A}{http.intercept.status_code}", "respond x"
    ),
    "one cookie": site("header_up X-Session {cookie.session}", upstreams=ONE),
    "the long form of a dotted key": site(
        "header_up X-P {http.request.uri.query.a.b}", upstreams=ONE
    ),
    "a group of a regular expression, by name": web(
        "@a path_regexp who ^/(.*)$", "rewrite @a /{re.who.1}", "file_server"
    ),
    "braces of JSON": web('respond `{ "host": "x" }`'),
    "braces of a style sheet": web("respond <<CSS", "body { color }", "{ path }", "CSS"),
}  # fmt: skip


@pytest.mark.parametrize("text", NEARLY.values(), ids=NEARLY)
def test_nothing_is_said_about_what_is_nearly_a_mistake(caddy: AdminCaddy, text):
    assert lint(text, caddy.adapt(text)) == []


# --- what is meant as it is -------------------------------------------------------------------


def test_a_comment_keeps_rules_silent(caddy: AdminCaddy):
    text = web("reverse_proxy / app:1/path # lint: ignore only-the-root path-in-upstream")
    config = caddy.adapt(text)
    spoken = lint(text.replace("ignore", "heed"), config)
    assert {note.rule for note in spoken} == {"only-the-root", "path-in-upstream"}
    assert lint(text, config) == []
    assert lint(text.replace("#", "x#"), config) == spoken  # no comment: a word with a # in it


def test_a_comment_about_no_rule_is_told(caddy: AdminCaddy):
    text = web("# lint: ignore pool-without-fallover", "respond x")
    [note] = lint(text, caddy.adapt(text))
    assert (note.rule, note.line) == ("no-such-rule", 2)
    assert note.help == "Did you mean `pool-without-failover`?"


# --- the list of rules ------------------------------------------------------------------------


def test_every_rule_can_be_listed():
    for name, rule in RULES.items():
        assert rule.name == name
        assert name.replace("-", "").isalpha()
        assert name.islower()
        assert rule.title
        assert rule.happens.endswith(".")
        assert rule.write.endswith(".")
        assert rule.anchor == f"docs/lint.md#{name}"
