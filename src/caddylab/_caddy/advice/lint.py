"""What Caddy accepts without a word, though it is hardly what was meant."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from caddylab._caddy.advice.rules import RULES, Note, Rule
from caddylab._caddy.advice.rules.subject import Subject
from caddylab._caddy.text.tokens import Outline, parse
from caddylab._machine.environ import inherited

__all__ = ["RULES", "Note", "Rule", "judge", "lint"]


def lint(text: str, config: dict[str, Any] | None = None) -> list[Note]:
    """Find what Caddy accepts in silence though it is hardly meant.

    A comment `# lint: ignore NAME` in the Caddyfile silences the rule of that name.

    Args:
        text: the Caddyfile.
        config: the JSON that Caddy made of it. Without it only the text itself is judged.

    Returns:
        The warnings in the order of their lines; none for a Caddyfile without such mistakes.
    """
    return judge(parse(text), config, inherited())


def judge(
    outline: Outline, config: dict[str, Any] | None, environment: Mapping[str, str]
) -> list[Note]:
    """The same for a Caddyfile that has been read already.

    Args:
        outline: the Caddyfile.
        config: as above.
        environment: the variables that its `{$NAME}` may name.
    """
    subject = Subject(outline, config, environment)
    asked = [rule for name, rule in RULES.items() if name not in subject.ignored]
    notes = [note for rule in asked for note in rule.notes(subject)]
    return sorted(dict.fromkeys(notes), key=lambda note: (note.line is None, note.line or 0))
