"""Checking a task: a fresh lab, what the task does to it, a verdict."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Any, TypeVar

import psutil

from caddylab._errors import LabError, NotYet
from caddylab._exercises import feedback, progress, strangers
from caddylab._exercises.alike import treats_alike
from caddylab._exercises.bench import Bench
from caddylab._exercises.chapters.calm import UNWELL
from caddylab._exercises.feedback import Advice, Feedback
from caddylab._exercises.task import Finding, Hints, Task, find
from caddylab._exercises.why import WHY, next_task
from caddylab._look.progress_bar import Bar
from caddylab._records import Answerer
from caddylab._traffic.traffic import Traffic

LIMIT, BUSY_LIMIT = 25.0, 50.0
"""Seconds after which a check gives up, and on a busy machine; nbgrader gives a cell 60 here."""

BUSY = 90.0
"""The percentage of all cores in use from which on a machine counts as busy."""

PASSES_NOTHING_ON = "Your Caddyfile passes nothing on yet: no request came to a backend."

WHICHEVER = "It is so whichever backend it happens to."
TRIED = "Your Caddyfile may treat the backends differently, so it was tried with each of them."

ANOTHER_PAGE = Hints(
    "another page",
    "Compare what the clients wanted with what the backends were asked for: "
    "`lab.backend(1).requests()`.",
    "A backend's answer to another question helps nobody. What a client wants has to be done as "
    "it was asked.",
    "Look at every `rewrite`, `uri` and `method`.",
)

T = TypeVar("T")

_last: dict[str, Hints] = {}
"""The hints that fit what the last check of a task has seen."""


def check(id: str, caddyfile: Any, answer: Any, runtime: str, seed: int | None = None) -> None:
    """Check, remember and show; see `Lab.check`."""
    task = find(id)
    submission = _submission(task, caddyfile, answer)

    def examine(bench: Bench) -> tuple[list[Finding], int | None]:
        return judge(task, bench, submission), bench.seed if bench.lots else None

    findings, luck = _attended(task, runtime, examine, seed)
    failed = next((finding for finding in findings if not finding.holds), None)
    if failed is None:
        progress.note(task.id, passed=True)
        _last.pop(task.id, None)
        told = WHY.get(task.id, ""), next_task(task)
        feedback.show(Feedback(task, tuple(findings), (), luck, *told))
        return
    progress.note(task.id, passed=False, symptom=failed.hints.symptom)
    _last[task.id] = failed.hints
    feedback.show(Feedback(task, tuple(findings), _hints(task), luck))
    raise NotYet(f"{task.id} “{task.title}” is not passed yet: see above.")


def judge(task: Task, bench: Bench, submission: Any) -> list[Finding]:
    """Findings up to the first one that does not hold.

    Where the Caddyfile treats backends differently, luck must not decide: what chance did to one of
    them happens to each, one after the other.
    """
    found = _undisturbed(task, bench, submission)
    plain = task.reads is None and bool(bench.victims)
    if found and found[-1].holds and plain and not _alike(task, bench, submission):
        for turn in range(1, bench.victims):
            bench.turn(turn)
            last = _judged(task, bench, submission)[-1]
            if not last.holds:
                return [*found, last]
        found.append(replace(found[-1], asked=WHICHEVER, observed=TRIED, run=None))
    return found


def _undisturbed(task: Task, bench: Bench, submission: Any) -> list[Finding]:
    """Findings; other ones if clients had errors though all was well, for want of a processor."""
    before = psutil.cpu_times()
    found = _judged(task, bench, submission)
    unwell = bool(found) and not found[-1].holds and found[-1].hints.symptom == UNWELL.symptom
    if unwell and _used_since(before) >= BUSY:
        return _judged(task, bench, submission)
    return found


def _used_since(before: Any) -> float:
    """The percentage of all cores that has been in use since these times."""
    now = psutil.cpu_times()
    passed = sum(now) - sum(before)
    return 100 * (1 - (now.idle - before.idle) / passed) if passed else 0.0


def _alike(task: Task, bench: Bench, submission: Any) -> bool:
    """Whether the Caddyfile treats all backends alike; a learner's own site has other ones, too."""
    return not task.own and treats_alike(bench.adapt(submission), task.backends)


def _judged(task: Task, bench: Bench, submission: Any) -> list[Finding]:
    found = []
    plain = task.reads is None and not task.own  # a site of one's own may rewrite
    with contextlib.closing(task.findings(bench, submission)) as findings:
        against = strangers.refused(bench, guarded=task.guarded) if plain else None
        for finding in findings:
            found.append(finding)
            if not finding.holds:
                break
    if found and found[-1].holds and against:
        found.append(against)
    if found and found[-1].holds and plain and bench.rewritten:
        found.append(_another_page(bench.rewritten))
    runs = (bench.first, bench.last)
    if found and not found[-1].holds and task.reads is None and all(map(passes_nothing_on, runs)):
        found[-1] = replace(found[-1], observed=f"{PASSES_NOTHING_ON} {found[-1].observed}")
    return found


def _another_page(rewritten: list[str]) -> Finding:
    seen = f"A backend was asked for {rewritten[0]}."
    asked = "Backends are asked for what the clients want."
    return Finding(asked, False, seen, ANOTHER_PAGE)


def passes_nothing_on(run: Traffic | None) -> bool:
    """Whether Caddy answered a whole run by itself, without an attempt at any backend."""
    own = {Answerer.CADDY, Answerer.NOBODY}
    return (
        run is not None
        and len(run) > 0
        and not any(request.attempts for request in run.requests)
        and set(run.answerers) <= own
    )


def hint(id: str) -> None:
    """Show one more hint on what the last check found; see `Lab.hint`."""
    task = find(id)
    if task.id not in _last:
        raise LabError(
            f"A hint on {task.id} is about what a check has seen, and none has failed since this "
            "kernel was started. Run the task's check first."
        )
    progress.note(task.id, hint=_last[task.id].symptom)
    feedback.show(Advice(task, _hints(task)))


def _hints(task: Task) -> tuple[str, ...]:
    """The hints that have been earned for what the last check has seen."""
    hints = _last[task.id]
    return hints.shown(progress.level(task.id, hints.symptom))


def case(id: str, runtime: str) -> Traffic:
    """Play what the task asks about; see `Lab.case`."""
    task = find(id)
    if task.case is None:
        raise LabError(f"Task {task.id} “{task.title}” is not about a case.")
    traffic = _attended(task, runtime, task.case)
    traffic.hide_faults()
    return traffic


def _submission(task: Task, caddyfile: Any, answer: Any) -> Any:
    """What the learner hands in.

    Raises:
        NotYet: it is empty, or not an answer to the question.
    """
    wanted, given = ("answer", answer) if task.reads else ("Caddyfile", caddyfile)
    if given is None or given is ... or (isinstance(given, str) and not given.strip()):
        raise NotYet(f"{task.id} “{task.title}” has no {wanted} yet: write it, then check again.")
    if task.reads is None:
        return given
    try:
        return task.reads(given)
    except ValueError as error:
        raise NotYet(
            f"{task.id} “{task.title}”: your answer {given!r} cannot be read. Expected {error}."
        ) from None


def _attended(task: Task, runtime: str, work: Callable[[Bench], T], seed: int | None = None) -> T:
    """Do the work in a lab of its own and a thread of its own, with a progress bar here."""
    benches: list[Bench] = []

    def do() -> T:
        with Bench(runtime, task.backends, seed) as bench:
            benches.append(bench)
            return work(bench)

    with ThreadPoolExecutor(1, "caddylab-check") as pool:
        future = pool.submit(do)
        try:
            _watch(task, future)
        except BaseException:  # Stop, or too slow: closing the lab ends everything in it
            while not future.done():
                for bench in benches:
                    bench.close()
                wait([future], 0.1)
            raise
        return future.result()


def _watch(task: Task, future: Future[Any]) -> None:
    began, limit = time.monotonic(), LIMIT
    psutil.cpu_percent()  # from now on
    with Bar() as bar:
        while not wait([future], 0.05).done:
            passed = time.monotonic() - began
            bar.show(passed / limit, f"task {task.id} in a lab of its own: {passed:.0f} s")
            if passed <= limit:
                continue
            used = psutil.cpu_percent()
            if used < BUSY or limit == BUSY_LIMIT:
                late = f"The check of {task.id} was not over after {limit:g} s"
                raise LabError(f"{late}: {why_slow(used)}")
            limit = BUSY_LIMIT


def why_slow(used: float) -> str:
    """Why a check takes too long, from the percentage of all cores that were in use meanwhile."""
    if used >= BUSY:
        return f"this machine is busy ({used:.0f} % of its cores). Run the cell once more."
    return (
        f"this machine is not busy ({used:.0f} % of its cores), so the Caddyfile keeps the "
        "requests waiting. Fire some at it yourself, and look at their latencies."
    )
