"""What a learner sees of a check: what was asked, what was seen, and hints."""

from __future__ import annotations

from dataclasses import dataclass

from caddylab._exercises.task import Finding, Task
from caddylab._look.counted import counted
from caddylab._look.html_table import LEFT, Markup, code, element
from caddylab._look.palette import COLOURS, ERROR
from caddylab._look.progress_bar import in_notebook, say

PASSED, NOT_YET = COLOURS[2], ERROR
ORDINALS = ("1st hint", "2nd hint", "3rd hint")


@dataclass(frozen=True)
class Advice:
    """Hints alone."""

    task: Task
    hints: tuple[str, ...]

    def __repr__(self) -> str:
        return "\n".join([*_plain_hints(self.hints), *self._end()])

    def _repr_html_(self) -> str:
        end = [f"<p style='margin:.4em 0 0'>{said}</p>" for said in self._end()]
        return _box(NOT_YET, _heading(self.task, "hints"), *_html_hints(self.hints), *end)

    def _end(self) -> list[str]:
        return ["That was the last hint."] * (len(self.hints) == len(ORDINALS))


@dataclass(frozen=True)
class Feedback:
    """What a check has found.

    Args:
        task: what was checked.
        findings: up to the first that does not hold, which ends a check.
        hints: what helps with that one.
        seed: the seed that decided what was left to chance.
        why: why the solution works; shown for a task that is passed.
        following: the next task; shown for the same.
    """

    task: Task
    findings: tuple[Finding, ...]
    hints: tuple[str, ...] = ()
    seed: int | None = None
    why: str = ""
    following: str = ""

    @property
    def passed(self) -> bool:
        """Whether everything holds."""
        return all(finding.holds for finding in self.findings)

    @property
    def decisive(self) -> Finding:
        """The finding that does not hold, or else the one with the longest run: its story."""
        if not self.passed:
            return self.findings[-1]
        return max(self.findings, key=lambda finding: len(finding.run or ()))

    def __repr__(self) -> str:
        findings = (f"{_mark(f)} {f.asked}\n    {f.observed}" for f in self.findings)
        told = [f"{label}: {said}" for label, said in self._onward()]
        hints = _plain_hints(self.hints)
        return "\n".join([self._verdict(), *findings, *hints, *told, *self._luck()])

    def _repr_html_(self) -> str:
        colour = PASSED if self.passed else NOT_YET
        rows = element("table", *map(_html_finding, self.findings), style="margin:0")
        luck = [
            f"<p style='margin:.4em 0 0'><small>{code(said)}</small></p>" for said in self._luck()
        ]
        heading = _heading(self.task, self._state())
        told = [
            f"<p style='margin:.4em 0 0'><b>{label}:</b> {code(said)}</p>"
            for label, said in self._onward()
        ]
        return _box(colour, heading, rows, *_html_hints(self.hints), *told, *luck)

    def _onward(self) -> list[tuple[str, str]]:
        """What is shown only to those who have passed."""
        told = [("Why it works", self.why), ("Next", self.following)]
        return [(label, said) for label, said in told if said and self.passed]

    def _luck(self) -> list[str]:
        if self.seed is None:
            return []
        return [
            "Which backend it meets is left to chance. To have this check once more: "
            f'`lab.check("{self.task.id}", …, seed={self.seed})`.'
        ]

    def _verdict(self) -> str:
        return f"{self.task.id} · {self.task.title}: {self._state()}"

    def _state(self) -> str:
        points = counted(self.task.points, "point")
        return f"✓ passed, {points}" if self.passed else "not yet"


def show(feedback: Feedback | Advice) -> None:
    """Show it in the notebook, with the picture of the run that decides; or print it."""
    if not in_notebook():
        say(str(feedback))
        return
    from IPython.display import display

    display(feedback)  # type: ignore[no-untyped-call]
    if isinstance(feedback, Feedback) and feedback.decisive.run:
        display(feedback.decisive.run.chart(feedback.decisive.chart))  # type: ignore[no-untyped-call]


def _mark(finding: Finding) -> str:
    return "✓" if finding.holds else "✗"


def _html_finding(finding: Finding) -> Markup:
    colour = PASSED if finding.holds else NOT_YET
    mark = element("td", _mark(finding), style=f"color:{colour};font-size:130%")
    asked, observed = element("b", code(finding.asked)), code(finding.observed)
    seen = element("td", asked, Markup("<br>"), observed, style=LEFT)
    return element("tr", mark, seen, style="background:none")


def _html_hints(hints: tuple[str, ...]) -> list[str]:
    return [
        f"<p style='margin:.4em 0 0'><i>{ordinal}:</i> {code(hint)}</p>"
        for ordinal, hint in zip(ORDINALS, hints, strict=False)
    ]


def _plain_hints(hints: tuple[str, ...]) -> list[str]:
    return [f"{ordinal}: {hint}" for ordinal, hint in zip(ORDINALS, hints, strict=False)]


def _heading(task: Task, state: str) -> str:
    return f"<p style='margin:0 0 .4em'><b>{task.id} · {code(task.title)}</b>: {state}</p>"


def _box(colour: str, *parts: str) -> str:
    style = f"border-left:5px solid {colour};padding:.2em 0 .2em 1em;margin:.3em 0"
    return f"<div style='{style}'>{''.join(parts)}</div>"
