"""docs/lint.md from the rules themselves; a test compares the two."""

from __future__ import annotations

from pathlib import Path

from caddylab._caddy.advice.lint import RULES, Rule

PAGE = Path(__file__).parents[1] / "docs" / "lint.md"
HEAD = """# What Caddy accepts in silence

`lab.load` and the panel's Apply warn about what Caddy accepts though it is hardly meant;
`lab.lint(text)` tells it without loading anything. Each warning ends with the name of its rule. The
rules judge what Caddy makes of a Caddyfile (its JSON), so it makes no difference how that is spelt.

Where something is meant as it is, a comment anywhere in the Caddyfile keeps a rule silent, or
several: `# lint: ignore pool-without-failover`.

This page is made by `make lint-page` from the rules in `caddylab/_caddy/advice/rules`.
"""


def page() -> str:
    """The page, rules in the order of their names."""
    return "\n".join([HEAD, *(_entry(RULES[name]) for name in sorted(RULES))])


def _entry(rule: Rule) -> str:
    return f"## {rule.name}\n\n**{rule.title}.** {rule.happens}\n\n*Instead:* {rule.write}\n"


if __name__ == "__main__":
    PAGE.write_text(page())
