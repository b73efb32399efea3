"""What a lab offers to those who do its exercises.

The modules are imported late: they know `Lab`, and most labs are never asked to check anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from caddylab._border import border
from caddylab._errors import LabError
from caddylab._runtimes.base import Runtime

if TYPE_CHECKING:
    from caddylab._exercises.board import Board
    from caddylab._traffic.traffic import Traffic


@border(LabError)
class Exercises:
    """The part of a `Lab` that checks exercises, each in a fresh lab of the same runtime."""

    _runtime: Runtime

    def check(
        self,
        task: str,
        caddyfile: Any = None,
        *,
        answer: Any = None,
        seed: int | None = None,
    ) -> None:
        """Check an exercise in a fresh lab of its own; this lab is left alone.

        Shows what was asked, what was seen, and hints: one more with each try that shows the
        same symptom.

        Args:
            task: its id, such as "02.1".
            caddyfile: the solution of a task that wants a Caddyfile; as for `load`.
            answer: the solution of a task that asks a question.
            seed: which backends break is left to chance; the same seed chooses the same ones.

        Raises:
            NotYet: it is not passed yet; what was seen is shown before.
            CaddyfileError: Caddy refuses the Caddyfile; this is not counted as a try.
            LabError: there is no such task, or the check took too long.
        """
        from caddylab._exercises import check as checks

        checks.check(task, caddyfile, answer, self._runtime.name, seed)

    def hint(self, task: str) -> None:
        """Show one hint more on what the last check of a task has seen.

        Raises:
            LabError: there is no such task, or no check of it has failed.
        """
        from caddylab._exercises import check as checks

        checks.hint(task)

    def case(self, task: str) -> Traffic:
        """Let happen, in a fresh lab, what a task asks about; its faults are not told.

        Raises:
            LabError: there is no such task, or it is not about a case.
        """
        from caddylab._exercises import check as checks

        return checks.case(task, self._runtime.name)

    def progress(self) -> Board:
        """Every exercise: tried, passed, points."""
        from caddylab._exercises import board, progress

        return board.Board(progress.of_notebook())
