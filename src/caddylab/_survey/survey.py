"""Every fault against every strategy, and what the clients saw."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from caddylab._border import Between, border
from caddylab._errors import FaultError, LabError
from caddylab._look.progress_bar import Bar
from caddylab._machine.waiting import poll
from caddylab._rig.rig import Rig
from caddylab._survey import table as _survey_table
from caddylab._survey.faults import FAULTS, LOAD_PATH, Break
from caddylab._survey.trial import Trial

if TYPE_CHECKING:
    from caddylab._traffic.traffic import Traffic

WAVES = 3
"""How many requests every client sends under load, one after the other."""


@border(LabError)
class Survey:
    """A table of trials: each row a fault, each column a strategy (a Caddyfile).

    A trial loads the Caddyfile, so that Caddy knows nothing yet of the fault; lets all clients
    ask at once; and keeps what each of them saw. Afterwards every backend is restored.

    Args:
        lab: the lab to try them in. All faults of its backends are mended.
        pool: the numbers of the backends that share the requests; the last of them gets the
            fault ("all down" kills them all). Others are left alone: a backup, for instance.
            By default, all of the lab's.
        faults: the rows: names of `Survey.FAULTS`; by default, all.
        clients: how many ask at once.
        patience: seconds after which a client gives up.

    Raises:
        FaultError: there is no such fault.
        LabError: there is no such backend.
    """

    def __init__(
        self,
        lab: Rig,
        pool: Collection[int] = (),
        faults: Iterable[str] = (),
        *,
        clients: Annotated[int, Between(1, 1000)] = 8,
        patience: Annotated[float, Between(0.01, 600)] = 1.5,
    ) -> None:
        self._lab, self.clients, self.patience = lab, clients, patience
        self.faults = tuple(faults) or self.FAULTS
        if unknown := set(self.faults) - set(FAULTS):
            raise FaultError(f"There is no fault {min(unknown)!r}: expected {', '.join(FAULTS)}.")
        self._pool = [lab.backend(number) for number in pool] or lab.backends
        if len(self._pool) < 2:
            raise LabError("A survey breaks one of several backends: its pool needs two or more.")
        self._columns: dict[str, dict[str, Trial]] = {}

    @property
    def strategies(self) -> tuple[str, ...]:
        """The names of the columns, in the order of their first `add`."""
        return tuple(self._columns)

    def add(self, name: str, caddyfile: str | Path) -> Survey:
        """Try one strategy against every fault: one more column (or the same one anew).

        The Caddyfile that was loaded before is loaded again afterwards.

        Args:
            name: the column's heading.
            caddyfile: a name of `lab.caddyfiles`, a path, or the text itself.

        Raises:
            CaddyfileError: Caddy refuses it; nothing has been added.
        """
        before, column = self._lab.caddyfile, dict[str, Trial]()
        try:
            self._lab.restore()
            with Bar() as bar:
                for done, fault in enumerate(self.faults):
                    bar.show(done / len(self.faults), f"{name}: {fault}")
                    column[fault] = self._try(FAULTS[fault], caddyfile)
        finally:
            self._lab.restore()
            self._lab.load(before)
        self._columns[name] = column
        return self

    def __getitem__(self, place: tuple[str, str]) -> Trial:
        """One trial, by the names of fault and strategy.

        Raises:
            FaultError: the fault was not tried.
            LabError: the strategy was not.
        """
        fault, strategy = place
        column = self._column(strategy)
        if fault not in column:
            raise FaultError(f"{fault!r} was not tried: expected {', '.join(column)}.")
        return column[fault]

    def served(self, strategy: str) -> list[str]:
        """The faults with which every client of `strategy` got a good answer, however late.

        Raises:
            LabError: there is no such strategy.
        """
        trials = self._column(strategy).items()
        return [fault for fault, trial in trials if trial.good == trial.total]

    def cured(self, strategy: str) -> list[str]:
        """The faults with which every client of `strategy` got a good answer quickly.

        Raises:
            LabError: there is no such strategy.
        """
        trials = self._column(strategy).items()
        return [fault for fault, trial in trials if trial.sign == "✓"]

    def _column(self, strategy: str) -> dict[str, Trial]:
        if strategy not in self._columns:
            known = ", ".join(self._columns) or "none yet: survey.add(name, caddyfile) tries one"
            raise LabError(f"There is no strategy {strategy!r}: expected {known}.")
        return self._columns[strategy]

    def _try(self, fault: Break, caddyfile: str | Path) -> Trial:
        self._lab.restore()
        if fault.under_load:
            self._lab.load(caddyfile)
            return Trial(self._under_load(fault), self.patience)
        fault.make(self._pool, self.patience)
        self._lab.load(caddyfile)
        traffic = self._lab.fire(self.clients, concurrency=self.clients, timeout=self.patience)
        return Trial(traffic, self.patience)

    def _under_load(self, fault: Break) -> Traffic:
        """Break the backend when it has requests under way and more will come."""
        count = WAVES * self.clients
        traffic = self._lab.fire(
            count, concurrency=self.clients, timeout=self.patience, path=LOAD_PATH, background=True
        )
        try:
            victim = self._pool[-1]
            poll(lambda: len(traffic) >= self.clients and victim.in_flight > 0, self.patience)
            fault.make(self._pool, self.patience)
        except BaseException:
            traffic.stop()
            raise
        return traffic.wait()

    def __repr__(self) -> str:
        return _survey_table.text(self.faults, self._columns)

    def _repr_html_(self) -> str:
        return _survey_table.html(self.faults, self._columns, self._caption())

    def _caption(self) -> str:
        return (
            f"What {self.clients} clients saw who asked at once and wait up to {self.patience:g} s"
        )

    FAULTS: tuple[str, ...]
    """All faults, from the loudest to the quietest."""


Survey.FAULTS = tuple(FAULTS)
