"""A question that the learner answers before the measurement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ipywidgets

from caddylab._border import border
from caddylab._claims import notes
from caddylab._claims.choices import Choices
from caddylab._claims.compared import Said
from caddylab._errors import ArgumentError
from caddylab._look import last_state
from caddylab._look.html_table import code, table

FILE = Path("predictions.json")
"""In the kernel's folder, which is the notebook's: question → answer, and nothing else."""
AGAIN = "To choose, run this cell."

MIME = "application/vnd.caddylab.asked+json"
"""The question and its answers, for pages, which have no widgets."""

_asked: dict[str, Prediction] = {}


@border(ArgumentError)
class Prediction:
    """A choice between answers, shown as buttons; what was chosen once is chosen again.

    Args:
        question: what will be measured.
        options, unit: as for `predict`.

    Attributes:
        measured: what the measurement said, in words; None before `compare`.
        came_true: the answer that the measurement stands for; None if it is none of them.

    Raises:
        ArgumentError: as for `predict`.
    """

    def __init__(
        self, question: str, options: Mapping[str, Any] | Sequence[str], unit: str = ""
    ) -> None:
        self._answers = Choices(options, unit=unit)
        self.question, self.options = question, self._answers.texts
        self.measured: str | None = None
        self._said: Said | None = None
        self._late = False
        self.came_true: str | None = None
        earlier = notes.read(FILE).get(question)
        self._buttons = ipywidgets.RadioButtons(
            options=self.options,
            value=earlier if earlier in self.options else None,
            layout={"width": "max-content"},
        )
        self._buttons.observe(self._keep, "value")
        self._still = last_state.StillPicture(self._as_it_is())
        said = f"<b>Your prediction.</b> {code(question)}"
        text = ipywidgets.HTML(f'<div style="line-height: 1.5">{said}</div>')
        self._box = ipywidgets.VBox([text, self._buttons, self._still])

    @property
    def answer(self) -> str | None:
        """What the learner has predicted; None before that, or if they chose after the fact."""
        return None if self._late else self._chosen

    @property
    def _chosen(self) -> str | None:
        chosen: str | None = self._buttons.value
        return chosen

    def choose(self, option: str) -> None:
        """Choose the answer `option` from code, as a click would.

        Raises:
            ArgumentError: it is not one of the options.
        """
        if option not in self.options:
            raise ArgumentError(f"{option!r} is none of the answers {list(self.options)}.")
        self._buttons.value = option

    def compare(self, measured: Any = None, *, fewest: Mapping[str, Any] | None = None) -> None:
        """Show the prediction beside what was measured, and find which answer that is.

        Args:
            measured: the value: a number, a text or a list, as the answers' values are.
            fewest: in place of `measured`, a number for each answer: the smallest decides.

        Raises:
            ArgumentError: no answer could stand for it.
        """
        if fewest:
            measured = min(fewest, key=fewest.__getitem__)
        self.came_true = self._answers.which(measured)
        self.measured = self._answers.said(measured)
        self._late = self._chosen is None
        self._said = Said(self._verdict(), self._about())

    def _verdict(self) -> str:
        if self.answer is None:
            late = "chose after that" if self._chosen else "made no prediction"
            return f"Measured: {self.measured}. (You {late}; next time, choose first.)"
        if self.answer == self.came_true:
            return f"Measured: {self.measured}. That is what you predicted."
        return f"Measured: {self.measured}. You predicted: {self.answer}. Worth a second look!"

    def _about(self) -> dict[str, str | None]:
        return {"chosen": self._chosen, "came_true": self.came_true, "measured": self.measured}

    def _keep(self, change: Any) -> None:
        self._still.keep(self._as_it_is())
        if self.answer is not None:
            notes.update(FILE, {self.question: self.answer})
        if self._said:
            self._said.change(self._verdict(), self._about())

    def _as_it_is(self) -> str:
        """The question and what was chosen, for where nothing can be chosen."""
        chosen = f"chose: <b>{code(self._chosen)}</b>" if self._chosen else "have not chosen yet."
        answers = "".join(f"<li>{code(option)}</li>" for option in self.options)
        return (
            f"<p><b>Your prediction.</b> {code(self.question)}</p>"
            f"<ul>{answers}</ul><p>You {chosen}</p>"
        )

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        asked = {"question": self.question, "options": list(self.options)}
        told = {"text/plain": repr(self), MIME: asked}
        bundle = self._box._repr_mimebundle_(**kwargs) | told
        return last_state.bundle(bundle, self._still.still, AGAIN)

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


def _cells(made: Prediction) -> tuple[object, ...]:
    mark = "✓" if made.answer == made.came_true else "look again"
    agreed = mark if made.answer and made.measured else ""
    said, measured = code(made.answer or "–"), code(made.measured or "–")
    return code(made.question), said, measured, agreed


@border(ArgumentError)
def predict(
    question: str, options: Mapping[str, Any] | Sequence[str], *, unit: str = ""
) -> Prediction:
    """Ask the learner to commit to an answer before the measurement shows it.

    Args:
        question: what will be measured.
        options: at least two answers, each with the value that it stands for:
            `{"none": 0, "some": range(1, 10), "all ten": 10}`. A value is a number, a range of
            them, a text, or a list; None stands for whatever no other answer stands for. Choices
            without values (a list of texts) stand for themselves.
        unit: of what is measured, such as "ms" or "%".

    Raises:
        ArgumentError: there are fewer than two answers, two stand for the same measurement, or
            between two ranges there is a hole.
    """
    _asked[question] = made = Prediction(question, options, unit)
    return made


def predictions() -> Predictions:
    """This notebook's predictions beside what was measured."""
    return Predictions(list(_asked.values()))
