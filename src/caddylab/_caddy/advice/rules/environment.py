"""A rule about what the environment should have given."""

from __future__ import annotations

from caddylab._caddy.advice.rules.registry import Findings, Remark, rule
from caddylab._caddy.advice.rules.subject import Subject
from caddylab._caddy.text.variables import unset_in


@rule(
    "variable-not-set",
    "An environment variable without a value",
    write="Set it, or give it a default: `{$NAME:default}`.",
)
def variable_not_set(subject: Subject) -> Findings:
    """Caddy puts nothing in the place of `{$NAME}` where the variable is not set, and goes on: an
    upstream, a header or a whole line may be missing.
    """
    words = ((s.line, word) for s in subject.written.walk() for word in s.words)
    for variable in unset_in(words, subject.environment):
        message = f"The environment variable `{variable.name}` is not set here: its place is empty."
        yield Remark(variable.line, message, variable.help)
