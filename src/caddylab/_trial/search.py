"""The smallest additions that mend each bad row, tried until chance is unlikely to explain it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from caddylab._trial.chains import Chain, Choosing
from caddylab._trial.chance import LEFT, Cost
from caddylab._trial.edits import Option, value_of
from caddylab._trial.ladders import Step, apply, ladder
from caddylab._trial.reasons import reasons
from caddylab._trial.seen import Seen

Try = Callable[[str, str], Future[Seen]]
"""Tries a row, by its name, with a Caddyfile."""
Told = Callable[[str], None]
CONFIRMED = 2
"""How often an addition must help."""
AT_MOST = 4
"""How often it is tried where chance has a say."""
AT_ONCE = 2
"""How many steps of a ladder are tried side by side; the smallest one alone rarely mends."""


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
        more: what was found besides, with the additions for all rows written already.
    """

    row: str
    before: Seen
    step: Step = ()
    alone: Seen | None = None
    tries: int = 0
    why: list[str] = field(default_factory=list)
    chance: list[Step] = field(default_factory=list)
    more: Mended | None = None

    @property
    def additions(self) -> Step:
        """All that the row needs."""
        return (*self.step, *(self.more.step if self.more else ()))


@dataclass(eq=False)
class Rung:
    """A Caddyfile with some additions, and what users saw with them.

    Args:
        step: the additions; none for the Caddyfile as it is.
        text: with them.
        runs: what users saw, run by run.
    """

    step: Step
    text: str
    runs: list[Seen] = field(default_factory=list)

    @property
    def cost(self) -> Cost:
        """What all runs cost the users."""
        return Cost.of(self.runs)

    @property
    def mends(self) -> bool:
        """Whether it leaves nothing to mend; a single user of a run may still have bad luck."""
        well = not any(seen.trouble for seen in self.runs)
        return well and sum(self.cost.costs) <= LEFT * len(self.runs)

    @property
    def fails(self) -> bool:
        """Whether anybody went without a good answer, or lost a session, in any of its runs."""
        return any(self.cost.costs[:2])

    def behind(self, other: Rung) -> list[Rung]:
        """This one, if it has been tried less often than another."""
        return [self] if len(self.runs) < len(other.runs) else []


@dataclass
class Search:
    """Looks for additions to one `reverse_proxy`.

    Args:
        line: the line of the `reverse_proxy`.
        upstreams: how many upstreams it can choose from.
        checks: whether it can have active checks.
        fastcgi: whether it speaks FastCGI.
        attempt: tries a row with a Caddyfile.
        told: called with what is being tried.
    """

    line: int
    upstreams: int
    checks: bool
    attempt: Try
    told: Told = print
    fastcgi: bool = False

    def chain(self, text: str, row: Future[Seen], found: list[Mended]) -> Chain:
        """Find the smallest additions to `text` that help in a row, if users feel it at all."""
        yield [row]
        seen = row.result()
        if seen.sign not in "◐✗":
            return
        mended = Mended(seen.row, seen)
        found.append(mended)
        yield from self._look(text, mended)
        mended.why = reasons(mended.alone or seen, self.upstreams)

    def _look(self, text: str, mended: Mended) -> Chain:
        plain = Rung((), text, [mended.before])
        if not any(plain.cost.costs):
            return
        rungs = list(self._rungs(text, mended.before))
        mending = yield from self._smallest_that_mends(mended, rungs, plain)
        best = mending or (yield from self._best_of(mended, rungs, plain))
        if best is not plain:
            worst = max(best.runs, key=lambda seen: seen.cost)
            mended.step, mended.alone, mended.tries = best.step, worst, len(best.runs)

    def _smallest_that_mends(
        self, mended: Mended, rungs: Sequence[Rung], plain: Rung
    ) -> Choosing[Rung | None]:
        """The first that leaves nothing to mend, or a smaller one that may be as good. Others need
        not be told from chance: they may help, but not enough."""
        row = mended.row
        for n in range(0, len(rungs), AT_ONCE):
            pair = rungs[n : n + AT_ONCE]
            self.told(f"{row}: {', '.join(str(a.option) for a in pair[-1].step)}")
            yield from self._again(row, *pair)
            for rung in pair:
                while rung.mends and (better := _verdict(rung, plain)) is None:
                    yield from self._again(row, rung, *plain.behind(rung))
                if rung.mends and better:
                    at = rungs.index(rung)
                    if flawless := (yield from self._flawless(row, rung, rungs[at + 1 :])):
                        return flawless
                    return (yield from self._as_good(row, rungs[:at], rung, plain))
                if rung.mends:  # it may be chance that users felt anything
                    mended.chance.append(rung.step)
                    return plain
        return None

    def _as_good(
        self, row: str, smaller: Sequence[Rung], mending: Rung, plain: Rung
    ) -> Choosing[Rung]:
        """The smallest of some that cannot be told from one that mends; else that one."""

        def worse(rung: Rung) -> bool:
            return (rung.fails and not mending.fails) or mending.cost.better(rung.cost)

        for rung in smaller:
            while len(rung.runs) < CONFIRMED and not worse(rung):
                yield from self._again(row, rung)
            if rung.cost.better(plain.cost) and not worse(rung):
                return rung
        return mending

    def _flawless(self, row: str, mending: Rung, larger: Sequence[Rung]) -> Choosing[Rung | None]:
        """A larger one that leaves no failure at all, where one that mends leaves single ones."""
        for rung in larger if mending.fails else ():
            while rung.mends and not rung.fails and len(rung.runs) < len(mending.runs):
                yield from self._again(row, rung)
            if rung.mends and not rung.fails:
                return rung
        return None

    def _best_of(self, mended: Mended, rungs: Sequence[Rung], plain: Rung) -> Choosing[Rung]:
        """The last of which each has helped more than the one before, and not by chance."""
        best = plain
        for rung in rungs:
            while (better := _verdict(rung, best)) is None:
                yield from self._again(mended.row, rung, *best.behind(rung))
            if better:
                best = rung
            elif len(rung.runs) > 1:
                mended.chance.append(rung.step)
        return best

    def _again(self, row: str, *rungs: Rung) -> Chain:
        trials = [self.attempt(row, rung.text) for rung in rungs]
        yield trials
        for rung, trial in zip(rungs, trials, strict=True):
            if rung.step or not trial.result().trouble:
                rung.runs.append(trial.result())

    def _rungs(self, text: str, seen: Seen) -> Iterable[Rung]:
        tried = {text}
        there = value_of(text, self.line, Option("max_fails")) or ""
        failures = int(there) if there.isdigit() else 1
        pool = (self.upstreams, self.checks, self.fastcgi, failures)
        for step in ladder(seen.row, seen.patience, *pool):
            if (added := apply(text, self.line, step)) not in tried:
                tried.add(added)
                yield Rung(step, added)


def _verdict(rung: Rung, best: Rung) -> bool | None:
    """Whether one helps more than another; None where it has to be tried once more."""
    now, then = rung.cost, best.cost
    if any(seen.trouble for seen in rung.runs):
        return False
    if [c * then.total for c in now.costs] >= [c * now.total for c in then.costs]:
        return False
    if len(rung.runs) < CONFIRMED:
        return None
    return True if now.better(then) else False if len(rung.runs) >= AT_MOST else None
