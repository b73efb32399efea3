"""The end of a game: what happened, what the learner did about it, and the points."""

from __future__ import annotations

import csv
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caddylab._border import border
from caddylab._errors import LabError
from caddylab._exercises import progress
from caddylab._gameday import score
from caddylab._gameday.incidents import Incident
from caddylab._gameday.score import Sample
from caddylab._gameday.status import Deed, reactions
from caddylab._look import progress_bar
from caddylab._look.html_table import LEFT, Markup, code, element, row
from caddylab._machine import files
from caddylab._machine.late import ensure

if TYPE_CHECKING:
    from caddylab._charts.parts.theme import Picture

TASK = "game-day"
NO_DEED = "you did and noted nothing that was not about what came before"
COLUMNS = (
    "at", "seed", "level", "seconds", "played", "points", "good", "noticed", "mended",
    "deeds", "incidents",
)  # fmt: skip


@border(LabError)
@dataclass(frozen=True)
class Report:
    """A game that is over. Its text is the result; `chart` is the picture.

    Attributes:
        incidents: what happened.
        deeds: what the learner did and noted.
        samples: what became of every request.
        played, seconds: how long it went on, and how long it was to last.
        budget: the share of the error budget that was left in the end.
    """

    seed: int
    level: int
    seconds: float
    played: float
    rate: float
    incidents: tuple[Incident, ...]
    deeds: tuple[Deed, ...]
    samples: tuple[Sample, ...]
    ended: float = field(default_factory=time.time)

    @property
    def allowed(self) -> float:
        """How many bad requests the budget was for."""
        return score.allowance(self.rate, self.seconds)

    @cached_property
    def budget(self) -> float:
        """What was left of the budget; below 0 = overdrawn."""
        rest = score.rest(self.samples, self.played, self.seconds, self.rate)
        return score.left(self.samples, self.allowed) - rest / self.allowed

    @property
    def met(self) -> list[Incident]:
        """What happened long enough before the end to be met."""
        return [i for i in self.incidents if score.seen(i.at, self.played, self.seconds)]

    @property
    def counts(self) -> bool:
        """Whether the game went on until there was something to be met."""
        return bool(self.met)

    @property
    def points(self) -> int:
        """0 to 100: the percentage of the error budget that was left.

        Of a game that was ended early, only the share that belongs to the incidents that were met.
        """
        return round(score.points(self.budget) * len(self.met) / len(self.incidents))

    @property
    def good(self) -> float:
        """The share of good requests."""
        return score.good_share(self.samples) or 0.0

    def reaction(self, incident: Incident) -> Deed | None:
        """What the learner first did or noted after an incident, if not after one before it.

        Who loads a Caddyfile every few seconds has not noticed anything by it.
        """
        spoken: list[Deed] = []
        for one in self.incidents:
            deeds = (deed for deed in reactions(self.deeds) if deed.at > one.at)
            after = [deed for deed in deeds if deed not in spoken]
            if one is incident:
                return after[0] if after else None
            spoken += after[:1]
        return None

    def noticed(self, incident: Incident) -> float | None:
        """How many seconds after an incident that was."""
        deed = self.reaction(incident)
        return deed.at - incident.at if deed else None

    def mended(self, incident: Incident) -> float | None:
        """How many seconds after an incident all was well again; None if it was not."""
        since = score.well_since(self.samples, incident.at, self.played)
        return None if since is None else since - incident.at

    @property
    def chart(self) -> Picture:
        """The game as a picture: good requests and budget over time, incidents and deeds."""
        ensure("caddylab._charts.gameday")
        from caddylab._charts.gameday import gameday

        happened = [(i.at, i.scenario.name) for i in self._happened()]
        return gameday(
            [(s.at, s.cost) for s in self.samples if s.counts],
            happened, [(deed.at, deed.what) for deed in self.deeds],
            allowed=self.allowed, seconds=self.played, title=self._headline(),
        )  # fmt: skip

    def record(self) -> dict[str, Any]:
        """The result as one row; see `COLUMNS`."""
        noticed, mended = self.noticed(self.incidents[0]), self.mended(self.incidents[0])
        return {
            "at": round(self.ended, 3), "seed": self.seed, "level": self.level,
            "seconds": self.seconds, "played": round(self.played, 1), "points": self.points,
            "good": round(self.good, 4),
            "noticed": None if noticed is None else round(noticed, 1),
            "mended": None if mended is None else round(mended, 1), "deeds": len(self.deeds),
            "incidents": " + ".join(i.scenario.name for i in self._happened()),
        }  # fmt: skip

    def remember(self) -> None:
        """Add the result to the progress file beside the notebook."""
        progress.note(TASK, **self.record())

    def save(self, path: str | Path) -> None:
        """Add the result as a line to a CSV file, which gets a heading if it is new.

        Raises:
            LabError: the file cannot be written.
        """
        try:
            self._append(Path(path))
        except (OSError, ValueError) as error:
            why = files.reason(error)
            raise LabError(f"The result could not be added to {path}: {why}.") from error

    def _append(self, path: Path) -> None:
        new = not path.exists()
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
            if new:
                writer.writeheader()
            writer.writerow(self.record())

    # --- as it is shown ------------------------------------------------------------------

    def __repr__(self) -> str:
        told = (f"{head}: {text}" for told in self._rows() for head, text in told)
        deeds = (f"{number}. {deed}" for number, deed in enumerate(self._deeds(), 1))
        return "\n".join([self._headline(), *told, *deeds])

    def _repr_html_(self) -> str:
        head = element("p", element("b", self._headline()), style="font-size:130%")
        return head + self._told_html()

    def _told_html(self) -> str:
        tables = "".join(element("table", *map(_told_row, told)) for told in self._rows())
        deeds = [element("li", code(deed)) for deed in self._deeds()]
        return tables + (element("ol", *deeds) if deeds else "")

    def _ipython_display_(self) -> None:
        if not progress_bar.in_notebook():
            progress_bar.say(str(self))
            return
        from IPython.display import display

        display(self.chart)  # type: ignore[no-untyped-call]
        told = {"text/html": self._told_html(), "text/plain": repr(self)}
        display(told, raw=True)  # type: ignore[no-untyped-call]

    def _happened(self) -> list[Incident]:
        return [incident for incident in self.incidents if incident.at < self.played]

    def _headline(self) -> str:
        if not self.counts:
            return "The game was ended before anything could be met: no points"
        spent = "all of the error budget is spent" if self.budget <= 0 else (
            f"{self.budget:.0%} of the error budget is left"
        )  # fmt: skip
        said = f"{self.points} points: {self.good:.1%} of the requests were good, {spent}"
        return f"{said}{self._early()}"

    def _early(self) -> str:
        """What an early end has cost."""
        if self.played >= self.seconds:
            return ""
        missed = len(self.incidents) - len(self.met)
        lost = f"; {missed} of {len(self.incidents)} incidents had still to come" if missed else ""
        return f", the rest counted as the last {score.RECENT:g} s{lost}"

    def _rows(self) -> list[list[tuple[str, str]]]:
        return [self._told(incident) for incident in self._happened()]

    def _told(self, incident: Incident) -> list[tuple[str, str]]:
        deed, mended = self.reaction(incident), self.mended(incident)
        reaction = f"{deed.at - incident.at:.0f} s later: {deed.what}" if deed else NO_DEED
        return [
            (f"At {incident.at:.0f} s", incident.told),
            ("Noticed", reaction),
            ("Mended", _mended(mended)),
            ("What helps", incident.remedy),
            ("Its chapter", str(incident.scenario.chapter)),
        ]

    def _deeds(self) -> list[str]:
        return [f"At {deed.at:.0f} s you {deed.what}" for deed in self.deeds]


def _mended(after: float | None) -> str:
    if after is None:
        return "not before the end"
    return f"after {after:.0f} s" if after > 0 else "it hurt hardly anybody"


def _told_row(told: tuple[str, str]) -> Markup:
    head, text = told
    left = f"{LEFT};vertical-align:top"
    return row([element("th", head, style=left), code(text)], style=left)
