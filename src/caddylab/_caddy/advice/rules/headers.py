"""Rules about URLs that are set."""

from __future__ import annotations

import re

from caddylab._caddy.advice.rules.registry import Findings, Remark, rule
from caddylab._caddy.advice.rules.subject import Subject

_ABSOLUTE = re.compile(r"(?:https?:)?//", re.IGNORECASE)


@rule(
    "rewrite-to-another-host",
    "A rewrite to a whole URL",
    write="To send clients there: `redir https://…`; to pass requests on: `reverse_proxy https://…`.",
)
def absolute_rewrite(subject: Subject) -> Findings:
    """A rewrite changes path and query, never the host: the request goes to the same upstreams,
    with the whole URL in the place of its path.
    """
    for step in subject.steps:
        if step.name == "rewrite":
            uri = str(step.handler.get("uri", ""))
        else:
            uri = str((step.handler.get("rewrite") or {}).get("uri", ""))
        if step.name in ("rewrite", "reverse_proxy") and (scheme := _ABSOLUTE.match(uri)):
            host = re.split(r"[/{?]", uri[scheme.end() :])[0]
            message = (
                f"A rewrite does not lead to another host: the upstreams stay the same, and get"
                f" `{scheme[0]}{host}…` as the path."
            )
            yield Remark(subject.line_of(f"{scheme[0]}{host}"), message)


@rule(
    "redirect-to-a-status",
    "A redirection whose target is a number",
    write="Write all three, the matcher, the target and the status: `redir * /app/ 301`.",
)
def redirect_to_status(subject: Subject) -> Findings:
    """Caddy takes a path behind `redir` for a matcher if anything follows it, so the status is
    where the redirection leads to.
    """
    for step in subject.steps:
        targets = (step.handler.get("headers") or {}).get("Location") or []
        if step.name == "static_response" and targets and str(targets[0]).isdigit():
            status = str(targets[0])
            written = [s for s in subject.statements("redir") if s.words[2:3] == [status]]
            path = written[0].words[1] if written else "/"
            message = (
                f"`{path}` is taken for the matcher, and the redirection leads to `{status}`:"
                f" only a request for `{path}` gets it."
            )
            help = f"Write the matcher, too: `redir * {path} {status}`."
            yield Remark(written[0].line if written else None, message, help)
