"""The smallest additions that mend each bad row, tried until chance is unlikely to explain it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field

from caddylab._trial.chance import Cost
from caddylab._trial.ladders import Step, apply, ladder
from caddylab._trial.reasons import reasons
from caddylab._trial.seen import Seen

Try = Callable[[str, str], Future[Seen]]
"""Tries a row, by its name, with a Caddyfile."""
Told = Callable[[str], None]
Chain = Generator[Sequence[Future[Seen]], None, None]
"""Work that resumes when the trials that it asked for are done."""
CONFIRMED = 2
"""How often an addition must help."""
AT_MOST = 4
"""How often it is tried where chance has a say."""
GLANCE = 0.1


@dataclass
class Mended:
    """What was found for one row.

    Args:
        row: its name.
        before: what users saw.
        step: the smallest additions that helped; none if nothing did.
        alone: what users saw with these alone.
        tries: how often these were tried.
        why: why Caddy cannot mend the rest of it; empty if nothing is left.
        chance: additions that helped once, but not when they were tried again.
    """

    row: str
    before: Seen
    step: Step = ()
    alone: Seen | None = None
    tries: int = 0
    why: list[str] = field(default_factory=list)
    chance: list[Step] = field(default_factory=list)


@dataclass
class Search:
    """Looks for additions to one `reverse_proxy`.

    Args:
        line: the line of the `reverse_proxy`.
        upstreams: how many upstreams it can choose from.
        checks: whether it can have active checks.
        attempt: tries a row with a Caddyfile.
        told: called with what is being tried.
    """

    line: int
    upstreams: int
    checks: bool
    attempt: Try
    told: Told = print

    def mend(self, text: str, rows: Iterable[Seen]) -> list[Mended]:
        """For each row that users feel, the smallest additions to `text` that help."""
        found = [Mended(seen.row, seen) for seen in rows if seen.sign in "◐✗"]
        drive(self._chain(text, mended) for mended in found)
        for mended in found:
            mended.why = reasons(mended.alone or mended.before, self.upstreams)
        return found

    def _chain(self, text: str, mended: Mended) -> Chain:
        best, of_best = text, [mended.before]
        for step in self._steps(text, mended.before):
            if not any(Cost.of(of_best).costs):
                return
            self.told(f"{mended.row}: {', '.join(str(a.option) for a in step)}")
            richer, runs = apply(text, self.line, step), list[Seen]()
            while (better := _verdict(runs, of_best)) is None:
                trials = [self.attempt(mended.row, richer)]
                if runs and len(of_best) < len(runs):
                    trials.append(self.attempt(mended.row, best))
                yield trials
                results = [trial.result() for trial in trials]
                runs.append(results[0])
                of_best += [seen for seen in results[1:] if not seen.trouble]
            if better:
                mended.step, mended.alone, mended.tries = step, runs[-1], len(runs)
                best, of_best = richer, runs
            elif len(runs) > 1:
                mended.chance.append(step)

    def _steps(self, text: str, seen: Seen) -> Iterable[Step]:
        tried = {text}
        for step in ladder(seen.row, seen.patience, self.upstreams, self.checks):
            if (added := apply(text, self.line, step)) not in tried:
                tried.add(added)
                yield step


def _verdict(runs: Sequence[Seen], before: Sequence[Seen]) -> bool | None:
    """Whether an addition helps; None where it has to be tried once more."""
    if not runs:
        return None
    if any(seen.trouble for seen in runs):
        return False
    now, then = Cost.of(runs), Cost.of(before)
    if [c * then.total for c in now.costs] >= [c * now.total for c in then.costs]:
        return False
    if len(runs) < CONFIRMED:
        return None
    return True if now.better(then) else False if len(runs) >= AT_MOST else None


def drive(chains: Iterable[Chain]) -> None:
    """Run all of them to their end, in parallel."""
    waiting = {chain: asked for chain in chains if (asked := next(chain, None)) is not None}
    while waiting:
        wait([trial for asked in waiting.values() for trial in asked], GLANCE, FIRST_COMPLETED)
        for chain, asked in list(waiting.items()):
            if all(trial.done() for trial in asked):
                further = next(chain, None)
                if further is None:
                    del waiting[chain]
                else:
                    waiting[chain] = further
