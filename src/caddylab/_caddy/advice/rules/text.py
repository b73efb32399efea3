"""Rules about sites and braces."""

from __future__ import annotations

from difflib import get_close_matches

from caddylab._caddy.adapted.flow import Json
from caddylab._caddy.advice.rules.registry import RULES, Findings, Remark, rule
from caddylab._caddy.advice.rules.subject import Subject


@rule(
    "brace-not-closed",
    "A `{` without its `}`",
    write="Give every `{` its `}`, each `}` on a line of its own.",
)
def unclosed(subject: Subject) -> Findings:
    """Caddy closes what is still open at the end of the file: what follows belongs to the block."""
    if line := subject.outline.unclosed:
        message = "The `{` of this line is never closed; Caddy closes it at the end of the file."
        yield Remark(line, message)


@rule(
    "no-such-rule",
    "A comment that ignores a rule that is none",
    write="The name of a rule stands at the end of its warning; docs/lint.md has them all.",
)
def no_such_rule(subject: Subject) -> Findings:
    """`# lint: ignore NAME` keeps a rule silent about a Caddyfile; any other name does nothing."""
    for name, line in subject.ignored.items():
        if name not in RULES:
            near = get_close_matches(name, RULES, 1)
            help = f"Did you mean `{near[0]}`?" if near else ""
            yield Remark(line, f"There is no rule called `{name}`.", help)


@rule(
    "port-as-host",
    "A site's port without its colon",
    write="A port has a colon: `:80`.",
)
def port_as_host(subject: Subject) -> Findings:
    """Caddy takes a number for the name of a host, and serves it by HTTPS."""
    for server in subject.servers:
        listen = " and ".join(server.get("listen", []))
        how = f"by HTTPS on {listen}" if listen == ":443" else f"on {listen}"
        for port in sorted(_numeric_hosts(server)):
            line = next((site.line for site in subject.outline.sites(port)), None)
            message = f"`{port}` is taken for the name of a host, which Caddy serves {how}."
            yield Remark(line, message, f"For port {port} write `:{port}`.")


def _numeric_hosts(server: Json) -> set[str]:
    matchers = [m for route in server.get("routes") or [] for m in route.get("match") or []]
    return {host for matcher in matchers for host in matcher.get("host", []) if host.isdigit()}
