"""The lab, as a notebook uses it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from caddylab._border import Seconds, Speed, border
from caddylab._errors import LabError
from caddylab._look import progress_bar
from caddylab._look.caddyfile_text import CaddyfileText
from caddylab._look.counted import counted
from caddylab._look.projector import wanted
from caddylab._machine.late import begin, ensure
from caddylab._notebook import magic
from caddylab._rig.rig import Rig
from caddylab._rig.site.loaded import Loaded
from caddylab._traffic.traffic import Traffic

if TYPE_CHECKING:
    from caddylab._exercises.board import Board
    from caddylab._panel.panel import Panel
    from caddylab._trial.table import Table
    from caddylab._view.dock import Docked
    from caddylab._view.view import View

PLACES = {"podman": "in Podman containers", "process": "in local processes"}


@border(LabError)
class Lab(Rig):
    """A real Caddy in front of real backends, ready when this returns.

    Args:
        runtime: "podman" (containers), "process" (local processes), or "auto": containers
            where Podman works, else processes.
        backends: how many backends, 1 to 16; they are backend1:8080, backend2:8080, ...

    Raises:
        RuntimeUnavailable: this machine cannot run the runtime that was asked for.
        StartFailed: something did not become ready; nothing is left running.
        LabError: there cannot be so many backends.
    """

    # --- speech --------------------------------------------------------------------------

    def _started(self) -> None:
        magic.adopt(self)
        if progress_bar.in_notebook():
            begin("caddylab._charts")  # seconds on a busy machine: meanwhile the learner reads
        lines = [f"{self!r}, ready in {self.stack.took:.1f} s"]
        progress_bar.say("\n".join([*lines, self.stack.reason] if self.stack.reason else lines))

    def _introduce(self, loaded: Loaded) -> None:
        progress_bar.show(loaded)
        if routes := "\n".join(f"  {route}" for route in self.routes):
            progress_bar.say(f"Routes:\n{routes}")

    def _ended(self) -> None:
        magic.dismiss(self)

    def _await(self, traffic: Traffic) -> Traffic:
        total = traffic.run.planned_total
        with progress_bar.Bar() as bar:
            while not traffic.run.done.wait(0.05):
                waiting = traffic.run.in_flight
                bar.show((len(traffic) - waiting) / total, _progress(len(traffic), waiting, total))
        return traffic.wait()

    def _wait(self, condition: Callable[[], object], timeout: Seconds, what: str) -> bool:
        return progress_bar.countdown(condition, timeout, what)

    def __repr__(self) -> str:
        if hasattr(self, "_finalizer") and self.closed:
            return "<Lab, closed>"
        backends = counted(len(self.backends), "backend")
        place = PLACES[self.runtime]
        return f"<Lab: Caddy and {backends} {place}, {self.url}>"

    @property
    def caddyfile(self) -> CaddyfileText:
        """The text of the Caddyfile that is loaded; a notebook shows it in colours."""
        return CaddyfileText(super().caddyfile)

    def with_lines(self, caddyfile: str, upstream: str, *lines: str) -> CaddyfileText:
        """A Caddyfile with more options in the block of one `reverse_proxy`; loads nothing.

        A notebook shows it with a mark at each of these lines.

        Args:
            caddyfile: its text.
            upstream: an upstream of the `reverse_proxy`, as written there, such as "app:3000".
            lines: the options, such as "lb_retries 1"; one that exists already is changed.

        Raises:
            LabError: no `reverse_proxy` has that upstream, or a line is not a single option.
        """
        from caddylab._trial.added import added

        return CaddyfileText(added(caddyfile, upstream, lines)).since(caddyfile)

    # --- widgets -------------------------------------------------------------------------

    def view(
        self, *, dock: bool = False, projector: bool | None = None, speed: Speed = 1.0
    ) -> View | Docked:
        """A live picture: every request on its way through Caddy, as it happens.

        Args:
            dock: beside the notebook, where it stays in sight; each notebook has one such place,
                and its latest view has it. Else in the cell's output.
            projector: large, to be read from the back of a room; else as `projector()` says.
            speed: the speed of the clock in the picture, such as 0.05 for slow motion.
        """
        self._need_open()
        ensure("caddylab._view.view")
        from caddylab._view.view import View

        runs = [traffic.run for traffic in self.stack.sender.under_way]
        large = wanted(projector)
        view = View(self.stack.feed, runs, len(self.backends), projector=large, speed=speed)
        if not dock:
            return view
        ensure("caddylab._view.dock")
        from caddylab._view import dock as docking

        return docking.dock(view)

    def panel(self) -> Panel:
        """The control panel: load, fire, break and mend by clicking, each click shown as a call.

        There is one panel a lab, however often it is shown. It is for a notebook; without a
        browser it does nothing.
        """
        ensure("caddylab._panel.panel")
        from caddylab._panel.panel import panel_of

        self._need_open()
        return panel_of(self)

    def survey(self, *rows: str, patience: Seconds = 1.5, seed: int = 1) -> Table:
        """What the users of the Caddyfile in force see of each failure, tried in this lab.

        Each row's records can be looked at: `lab.survey("hung")["hung"].runs[0].chart()`.

        Args:
            rows: the names of the rows, as `caddylab test` prints them; all if there is none.
            patience: seconds after which users give up.
            seed: decides which backend suffers; with 1 it is the last.

        Raises:
            FaultError: there is no such row.
            CaddyfileError: the Caddyfile in force passes nothing on.
        """
        from caddylab._trial.survey import survey

        self._need_open()
        return survey(self, rows, patience, seed)

    # --- exercises (imported late: most labs are never asked to check anything) ----------

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
            NotYet: it is not passed yet; what was seen has been shown.
            CaddyfileError: Caddy refuses the Caddyfile; this is not counted as a try.
            LabError: there is no such task, or the check took too long.
        """
        from caddylab._exercises import check as checks

        checks.check(task, caddyfile, answer, self.runtime, seed)

    def hint(self, task: str) -> None:
        """Show one hint more on what the last check of a task has seen.

        Raises:
            LabError: there is no such task, or no check of it has failed.
        """
        from caddylab._exercises import check as checks

        checks.hint(task)

    def case(self, task: str) -> Traffic:
        """Play the case that a task asks about, in a fresh lab; its faults are not revealed.

        Raises:
            LabError: there is no such task, or it is not about a case.
        """
        from caddylab._exercises import check as checks

        return checks.case(task, self.runtime)

    def progress(self) -> Board:
        """Every exercise: tried, passed, points."""
        from caddylab._exercises import board, progress

        return board.Board(progress.of_notebook())


def _progress(sent: int, waiting: int, total: int) -> str:
    return f"{sent - waiting:,} of {total:,} requests answered, {waiting:,} waiting"
