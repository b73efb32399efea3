"""What Caddy accepts in silence though it is hardly meant: one rule for each kind, by theme."""

from caddylab._caddy.advice.rules import (
    environment,
    headers,
    health,
    logs,
    memory,
    order,
    parameters,
    placeholders,
    poison,
    policy,
    retry,
    routing,
    text,
    trust,
    upstreams,
    variables,
)
from caddylab._caddy.advice.rules.registry import RULES, Note, Rule

__all__ = [
    "RULES",
    "Note",
    "Rule",
    "environment",
    "headers",
    "health",
    "logs",
    "memory",
    "order",
    "parameters",
    "placeholders",
    "poison",
    "policy",
    "retry",
    "routing",
    "text",
    "trust",
    "upstreams",
    "variables",
]
