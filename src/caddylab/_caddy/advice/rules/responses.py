"""A rule about what Caddy answers by itself."""

from __future__ import annotations

import re

from caddylab._caddy.adapted.placing import line_of
from caddylab._caddy.advice.rules.registry import Findings, Remark, rule
from caddylab._caddy.advice.rules.subject import Subject

_STATUS = re.compile(r"[1-5]\d\d")
_SAID_IN = {"static_response": ("respond", "body"), "error": ("error", "error")}
"""Handlers with a status: the directive, and what stands before the status in it."""


@rule(
    "status-not-a-number",
    "Words where the status belongs",
    write='The text stands before the status: `respond "not allowed" 403`.',
)
def status(subject: Subject) -> Findings:
    """Behind the text of `respond` and `error` stands the status. If that is no number, Caddy
    answers 500 without a text.
    """
    written = {word for statement in subject.outline.walk() for word in statement.words}
    for step in (step for step in subject.steps if step.name in _SAID_IN):
        directive, key = _SAID_IN[step.name]
        code, text = str(step.handler.get("status_code", "")), str(step.handler.get(key, ""))
        if code and code in written and "{" not in code and not code.isdigit():
            message = f"`{code}` is taken for the status, which is no number: Caddy answers 500."
            swapped = _STATUS.fullmatch(text) and "\n" not in code
            help = f'Write the status last: `{directive} "{code}" {text}`.' if swapped else ""
            yield Remark(line_of(subject.outline, (directive,), step), message, help)
