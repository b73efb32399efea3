"""A question that the learner answers before the measurement."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ipywidgets

from caddylab._border import border
from caddylab._claims import notes
from caddylab._errors import ArgumentError
from caddylab._look.html_table import table
from caddylab._look.progress_bar import say

FILE = Path("predictions.json")
"""In the kernel's folder, which is the notebook's: question → answer, and nothing else."""

_asked: dict[str, Prediction] = {}


@border(ArgumentError)
class Prediction:
    """A choice between answers, shown as buttons; what was chosen once is chosen again.

    Args:
        question: what will be measured.
        options: the possible answers, at least two.

    Attributes:
        measured: what the measurement said; None before `compare`.
    """

    def __init__(self, question: str, options: Sequence[str]) -> None:
        if len(set(options)) < 2:
            raise ArgumentError(f"A prediction needs two different answers, not {list(options)}.")
        self.question, self.options = question, tuple(options)
        self.measured: str | None = None
        earlier = notes.read(FILE).get(question)
        self._buttons = ipywidgets.RadioButtons(
            options=self.options,
            value=earlier if earlier in self.options else None,
            layout={"width": "max-content"},
        )
        self._buttons.observe(self._keep, "value")
        text = ipywidgets.HTML(f"<b>Your prediction.</b> {question}")
        self._box = ipywidgets.VBox([text, self._buttons])

    @property
    def answer(self) -> str | None:
        """What the learner has chosen; None before."""
        chosen: str | None = self._buttons.value
        return chosen

    def choose(self, option: str) -> None:
        """Choose from code what a click would choose.

        Raises:
            ArgumentError: it is none of the options.
        """
        if option not in self.options:
            raise ArgumentError(f"{option!r} is none of the answers {list(self.options)}.")
        self._buttons.value = option

    def compare(self, measured: str) -> None:
        """Show the prediction beside what was measured."""
        self.measured = measured
        if self.answer is None:
            say(f"Measured: {measured}. (You made no prediction; next time, choose first.)")
        elif self.answer == measured:
            say(f"Measured: {measured}. That is what you predicted.")
        else:
            say(f"Measured: {measured}. You predicted: {self.answer}. Worth a second look!")

    def _keep(self, change: Any) -> None:
        if self.answer is not None:
            notes.update(FILE, {self.question: self.answer})

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return self._box._repr_mimebundle_(**kwargs) | {"text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"Your prediction. {self.question}\n" + "\n".join(f"  ( ) {o}" for o in self.options)


class Predictions(Sequence[Prediction]):
    """Predictions beside what was measured, as a table."""

    def __init__(self, made: Sequence[Prediction]) -> None:
        self._made = tuple(made)

    def __len__(self) -> int:
        return len(self._made)

    def __getitem__(self, index: Any) -> Any:
        return self._made[index]

    def __repr__(self) -> str:
        return "\n".join(
            f"{p.question}\n    you: {p.answer or '–'} | measured: {p.measured or '–'}"
            for p in self._made
        )

    def _repr_html_(self) -> str:
        return table(("Question", "You said", "Measured", ""), map(_cells, self._made))


def _cells(made: Prediction) -> tuple[str, ...]:
    mark = "✓" if made.answer == made.measured else "look again"
    agreed = mark if made.answer and made.measured else ""
    return made.question, made.answer or "–", made.measured or "–", agreed


@border(ArgumentError)
def predict(question: str, options: Sequence[str]) -> Prediction:
    """Ask the learner to commit to an answer before the measurement shows it.

    Args:
        question: what will be measured.
        options: the possible answers, at least two.
    """
    _asked[question] = made = Prediction(question, options)
    return made


def predictions() -> Predictions:
    """This notebook's predictions beside what was measured."""
    return Predictions(list(_asked.values()))
