"""Measure what one Caddy does: verdicts, the survey's table, the lint's runs and the findings.

    CADDYLAB_CADDY=/path/to/caddy python tools/version_runs.py FILE [REFERENCE]

`FILE`, which is JSON, keeps the results one by one; what is already there and was measured by the
same code is not measured again. What differs from `REFERENCE` is measured up to three times, since
chance and a busy machine affect much of it. For the reference itself, everything is measured once.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from threading import Lock
from typing import Any

import nbformat
from finding_runs import BACKENDS, CHANGES, FINDINGS
from lint_runs import RUNS, Run

from caddylab import CaddylabError, Lab
from caddylab._caddy.running import program
from caddylab._claims import verify
from caddylab._machine import files

ROUNDS = 3
AT_ONCE = 2
MISSING, NOT_RUN = "not judged", "not run"
SURVEY = "08-fallback-strategies"
"""The chapter that has the survey's table."""
ALL = FINDINGS | CHANGES
MARK = "survey: "
TOLD = "CADDYLAB_TOLD"
TELL = f"""import json, os, pathlib
pathlib.Path(os.environ[{TOLD!r}]).write_text(json.dumps(
    {{f"{MARK}{{fault}} | {{name}}": repr(table[fault, name])
     for fault in table.faults for name in table.strategies}}))"""
Values = dict[str, str]
"""Results, by the name of what was judged."""


@dataclass(frozen=True)
class Thing:
    """Something to measure; `code` is what it depends on."""

    kind: str
    name: str
    code: str
    measure: Callable[[], Values]

    @property
    def digest(self) -> str:
        """A hash that changes with the code."""
        return hashlib.sha256(self.code.encode()).hexdigest()[:12]


class Kept:
    """What has been measured with a Caddy, in a file that is complete at any time."""

    def __init__(self, path: Path) -> None:
        self._path, self._lock = path, Lock()
        self.content: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}

    def rounds(self, thing: Thing) -> list[Values]:
        """The results so far; none if other code was measured."""
        entry = self.content.get(thing.kind, {}).get(thing.name, {})
        return list(entry.get("rounds", [])) if entry.get("code") == thing.digest else []

    def add(self, thing: Thing, values: Values) -> None:
        """Keep another result."""
        with self._lock:
            rounds = [*self.rounds(thing), values]
            entry = {"code": thing.digest, "rounds": rounds}
            self.content.setdefault(thing.kind, {})[thing.name] = entry
            self.note()

    def note(self, **facts: str) -> None:
        """Keep facts about the whole file."""
        self.content |= facts
        text = json.dumps(self.content, ensure_ascii=False, indent=1, sort_keys=True)
        files.write(self._path, f"{text}\n".encode())


# --- what there is to measure -----------------------------------------------------------------


def chapters() -> Iterator[Thing]:
    """Each chapter with claims; the survey's chapter also yields its table."""
    claimed = verify.record()["chapters"]
    for path in verify.chapters():
        if path.stem in claimed:
            yield Thing("verdicts", path.stem, _code(path), lambda path=path: _judged(path))


def _code(path: Path) -> str:
    cells = nbformat.read(path, as_version=4).cells
    return "\n".join(cell.source for cell in cells if cell.cell_type == "code")


def _judged(path: Path) -> Values:
    """The verdicts on a chapter's claims, or why it stopped; and the survey's table, if any.

    Nothing is judged after a cell that failed: the next cells would measure an earlier state.
    """
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "told.json"
        nbformat.write(_telling(path), copy := Path(folder) / path.name)
        try:
            executed = verify.run(copy, {"CADDYLAB_RUNTIME": "process", TOLD: str(told)})
            found = {
                claim.text: f"{claim.verdict}: {claim.evidence}"
                for claim in verify.claims(executed)
            }
        except verify.ChapterFailed as error:
            found = {"": why(error.__cause__ or error)}
        return found | (json.loads(told.read_text("utf-8")) if told.exists() else {})


def _telling(path: Path) -> Any:
    """The chapter; the survey's gets one more cell, after its last strategy."""
    notebook = nbformat.read(path, as_version=4)
    if path.stem == SURVEY:
        last = max(n for n, cell in enumerate(notebook.cells) if "table.add(" in cell.source)
        notebook.cells.insert(last + 1, nbformat.v4.new_code_cell(TELL))
    return notebook


def why(error: BaseException) -> str:
    """The error in one line; for an error in a cell, without the traceback."""
    said = getattr(error, "evalue", "") or str(error) or type(error).__name__
    return said.strip().splitlines()[0]


def small(lab: Lab) -> Iterator[Thing]:
    """What one lab measures, one thing after another: the findings and each rule's run."""
    for name, found in ALL.items():
        code = f"{found.caddyfile}{found.done}"
        yield Thing(
            "findings", name, code, lambda f=found: {"": said(lab, lambda: f.measured(lab))}
        )
    yield from rules(lab)


def rules(lab: Lab | None) -> Iterator[Thing]:
    """Each rule's run; without a lab, only to look up what is known."""
    for name, run in sorted(RUNS.items()):
        code = "\n".join([run.done, run.wrong, run.right])
        yield Thing("lint", name, code, lambda run=run: _proved(run, lab))


def _proved(run: Run, lab: Lab) -> Values:
    return {
        "wrong": said(lab, lambda: run.measure(lab, run.wrong)),
        "right": said(lab, lambda: run.measure(lab, run.right)),
    }


def said(lab: Lab, measure: Callable[[], str]) -> str:
    """What was measured, or why it could not be."""
    try:
        return measure()
    except Exception as error:  # another Caddy may answer whatever it likes
        return f"{NOT_RUN}: {why(error)}"
    finally:
        with suppress(CaddylabError):
            lab.restore()


# --- measuring --------------------------------------------------------------------------------


def measure(thing: Thing, kept: Kept, reference: Kept | None) -> None:
    """Measure until it agrees with the reference once, or three times."""
    known = reference.rounds(thing) if reference else []
    while len(found := kept.rounds(thing)) < ROUNDS and not (found and same(thing, found, known)):
        kept.add(thing, thing.measure())
        print(thing.kind, thing.name, flush=True)


def same(thing: Thing, found: list[Values], known: list[Values]) -> bool:
    """Whether everything has agreed with the reference at least once."""
    return not known or not list(different(thing, found, known))


def different(thing: Thing, found: list[Values], known: list[Values]) -> Iterator[str]:
    """The names of what has never agreed with the reference.

    For a chapter that stopped halfway, only that is named, not every claim that is missing.
    """
    names = list(dict.fromkeys([*known[0], *found[0]]))
    stopped = thing.kind == "verdicts" and "" in names
    for name in names:
        then, now = seen(thing, found, name), seen(thing, known, name)
        if then.isdisjoint(now) and not (stopped and name and {MISSING} in (then, now)):
            yield name


def seen(thing: Thing, rounds: list[Values], name: str) -> set[str]:
    """The results for one name in all rounds, without the numbers that depend on chance."""
    return {judged(thing, name, values.get(name, MISSING)) for values in rounds}


def judged(thing: Thing, name: str, value: str) -> str:
    """A claim's verdict; for a trial, whether all, some or none were served."""
    if value.startswith((MISSING, NOT_RUN)):
        return value
    if name.startswith(MARK):
        good, total = map(int, re.findall(r"\d+", value)[:2])
        return "all" if good == total else "some" if good else "none"
    if thing.kind == "findings":
        return ALL[thing.name].judge(value)
    return value.split(":")[0] if thing.kind == "verdicts" and name else value


def main() -> None:
    """Measure what is not known yet: chapters side by side, everything small in one lab."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("reference", type=Path, nargs="?")
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME", help="kinds, or things")
    options = parser.parse_args()
    kept, known = Kept(options.file), options.reference and Kept(options.reference)
    if not options.only:
        kept.note(caddy=program.version(program.executable()), date=date.today().isoformat())

    def one(thing: Thing) -> None:
        if not options.only or {thing.kind, thing.name} & set(options.only):
            measure(thing, kept, known)

    with ThreadPoolExecutor(AT_ONCE) as pool, Lab(runtime="process", backends=BACKENDS) as lab:
        work = [pool.submit(one, thing) for thing in chapters()]
        for thing in small(lab):
            one(thing)
        for each in work:
            each.result()


if __name__ == "__main__":
    main()
