"""A question that the learner answers before the measurement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ipywidgets


class Prediction:
    """A choice between answers, shown as buttons; `answer` is None until one is chosen.

    Args:
        question: what will be measured.
        options: the possible answers, at least two.
    """

    def __init__(self, question: str, options: Sequence[str]) -> None:
        if len(set(options)) < 2:
            raise ValueError(f"A prediction needs two different answers, not {list(options)}.")
        self.question, self.options = question, tuple(options)
        self._buttons = ipywidgets.RadioButtons(
            options=self.options, value=None, layout={"width": "max-content"}
        )
        text = ipywidgets.HTML(f"<b>Your prediction.</b> {question}")
        self._box = ipywidgets.VBox([text, self._buttons])

    @property
    def answer(self) -> str | None:
        """What the learner has chosen."""
        chosen: str | None = self._buttons.value
        return chosen

    def choose(self, option: str) -> None:
        """Choose from code what a click would choose."""
        self._buttons.value = option

    def compare(self, measured: str) -> None:
        """Show the prediction beside what was measured."""
        if self.answer is None:
            print(f"Measured: {measured}. (You made no prediction; next time, choose first.)")
        elif self.answer == measured:
            print(f"Measured: {measured}. That is what you predicted.")
        else:
            print(f"Measured: {measured}. You predicted: {self.answer}. Worth a second look!")

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return self._box._repr_mimebundle_(**kwargs)

    def __repr__(self) -> str:
        return f"Your prediction. {self.question}\n" + "\n".join(f"  ( ) {o}" for o in self.options)


def predict(question: str, options: Sequence[str]) -> Prediction:
    """Ask the learner to commit to an answer before the measurement shows it.

    Args:
        question: what will be measured.
        options: the possible answers, at least two.
    """
    return Prediction(question, options)
