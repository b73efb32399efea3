"""Findings of several tasks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from caddylab._exercises.bench import Bench
from caddylab._exercises.task import Finding, Hints


def all_right(
    title: str, answer: Mapping[str, Any], true: Mapping[str, Any], hints: Hints
) -> Finding:
    """Whether each named answer of a question is what was measured."""
    right = sum(answer[name] == value for name, value in true.items())
    return Finding(title, right == len(true), f"Right: {right} of your {len(true)} answers.", hints)


def has_work_again(bench: Bench, server: int, seconds: float, hints: Hints) -> Finding:
    """Whether Caddy gives a server requests within so many seconds from now."""
    took = bench.soon(lambda: bench.fire(12).shares[server] > 0, seconds)
    return Finding(
        f"The server has work again within {seconds:g} s.",
        took is not None,
        f"After {seconds:g} s it had none." if took is None else f"It took {took:.1f} s.",
        hints,
        bench.last,
    )
