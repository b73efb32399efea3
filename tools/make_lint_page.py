"""Makes docs/lint.md from the rules and the runs that prove them; tests compare them."""

from __future__ import annotations

from pathlib import Path

from lint_runs import RUNS, Run

from caddylab import Lab
from caddylab._caddy.advice.lint import RULES, Rule

PAGE = Path(__file__).parents[1] / "docs" / "lint.md"
HEAD = PAGE.with_name("lint-head.md")


def page(lab: Lab) -> str:
    """The page, with the rules in alphabetical order."""
    return "\n".join(
        [HEAD.read_text("utf-8"), *(entry(RULES[name], lab) for name in sorted(RULES))]
    )


def entry(rule: Rule, lab: Lab) -> str:
    """What a rule is about, and what was measured just now."""
    return f"{_about(rule)}\n{_proof(RUNS[rule.name], lab)}"


def _about(rule: Rule) -> str:
    return f"## {rule.name}\n\n**{rule.title}.** {rule.happens}\n\n*Instead:* {rule.write}\n"


def _proof(run: Run, lab: Lab) -> str:
    wrong, right = run.measured(lab)
    return (
        f"*The run:* {run.done}\n\n"
        f"```caddyfile\n{run.wrong}```\n\nMeasured: **{wrong}**. With the advice taken:\n\n"
        f"```caddyfile\n{run.right}```\n\nMeasured: **{right}**.\n"
    )


if __name__ == "__main__":
    with Lab(runtime="process") as lab:
        PAGE.write_text(page(lab), "utf-8")
