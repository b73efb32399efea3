"""Which letter of a demo's question is right: what was measured decides, not who wrote the demo."""

from __future__ import annotations

from typing import Any

from caddylab._border import border
from caddylab._claims.choices import Choices, shown
from caddylab._claims.compared import Said
from caddylab._errors import ArgumentError


@border(ArgumentError)
def measured(value: Any, **letters: Any) -> None:
    """Say which answer to a question with letters has come true; on stage it is marked.

    Args:
        value: what was measured: a number, a text or a list.
        letters: what each answer stands for, as for `predict`: `A=0, B=range(1, 10), C=10`.
            Answers that no measurement could show are left out.

    Raises:
        ArgumentError: no answer could stand for it, or two answers do.
    """
    letter = Choices(letters, fewest=1).which(value)
    told = f"That is {letter}." if letter else "That is none of the answers."
    about = {"chosen": None, "came_true": letter, "measured": shown(value)}
    Said(f"Measured: {shown(value)}. {told}", about)
