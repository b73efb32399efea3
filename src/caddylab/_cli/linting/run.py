"""The files of one call of `caddylab lint`, judged one after the other."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from caddylab._cli.linting import findings
from caddylab._cli.linting.adapting import NotAdapted, adapt
from caddylab._cli.linting.findings import Diagnostic
from caddylab._cli.linting.settings import Kept, Silences
from caddylab._cli.linting.sources import Whole, gather
from caddylab._machine.steady import in_thread

if TYPE_CHECKING:
    from caddylab._caddy.advice.lint import Note
    from caddylab._caddy.text.tokens import Outline

STDIN = "-"
NAMES = ("Caddyfile", "Caddyfile.*", "*.Caddyfile", "*.caddyfile")
"""The file names of Caddyfiles in a folder to be judged."""


@dataclass(frozen=True)
class Failure:
    """A file that could not be judged, and why."""

    file: str
    line: int | None
    message: str
    help: str = ""
    source: str = ""


@dataclass
class Result:
    """The result of one call.

    `silenced` are findings that are meant as they are, each with its reason; `idle` are rules
    that are silenced in vain, each with the file that does it.
    """

    files: list[str] = field(default_factory=list)
    findings: list[Diagnostic] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    silenced: list[tuple[Diagnostic, str]] = field(default_factory=list)
    idle: list[tuple[str, Path]] = field(default_factory=list)

    @property
    def counting(self) -> list[Diagnostic]:
        """The findings that are no mere notes."""
        return [finding for finding in self.findings if not finding.mere]

    @property
    def code(self) -> int:
        """0: clean. 1: something was found. 2: something could not be judged."""
        return 2 if self.failures else int(bool(self.counting))


def lint(names: Iterable[str], program: Path, values: Mapping[str, str]) -> Result:
    """Judge Caddyfiles.

    Args:
        names: files, folders, or `-` for the standard input.
        program: the Caddy to ask.
        values: the environment variables.

    Raises:
        CaddylabError: a `.caddylab.toml` is not valid, or the program is not a Caddy.
    """
    in_thread("caddylab-rules", _rules)  # while Caddy adapts
    result, kept = Result(), Kept()
    for name in _files(names, result):
        result.files.append(name)
        try:
            whole = _read(name)
            found = _judge(whole, program, values)
        except NotAdapted as refused:
            result.failures.append(_refusal(refused))
        except (OSError, ValueError) as error:
            result.failures.append(_unreadable(name, error))
        else:
            _sort(found, kept.above(whole.folder), result)
    result.idle = [(rule, path) for path, s in kept.read.items() for rule in s.idle]
    return result


def _files(names: Iterable[str], result: Result) -> Iterator[str]:
    for name in dict.fromkeys(names):
        if not os.path.isdir(name):
            yield name
            continue
        inside = sorted(_caddyfiles(Path(name)))
        yield from inside
        if not inside:
            patterns = ", ".join(f"`{pattern}`" for pattern in NAMES)
            what = f"There is no Caddyfile in this folder, that is, no {patterns}."
            result.failures.append(Failure(name, None, what, "Name the file itself."))


def _caddyfiles(folder: Path) -> Iterator[str]:
    for where, folders, files in os.walk(folder):
        folders[:] = [f for f in folders if not f.startswith(".") and f != "node_modules"]
        for file in files:
            if any(Path(file).match(pattern) for pattern in NAMES):
                yield os.path.join(where, file)


def _read(name: str) -> Whole:
    if name == STDIN:
        return gather("<stdin>", sys.stdin.buffer.read().decode(), Path())
    path = Path(name)
    if path.exists() and not path.is_file() and not path.is_fifo():
        raise ValueError("is no file")
    return gather(name, path.read_bytes().decode(), path.resolve().parent)


def _rules() -> Callable[[Outline, dict[str, Any], Mapping[str, str]], list[Note]]:
    from caddylab._caddy.advice.lint import judge

    return judge


def _judge(whole: Whole, program: Path, values: Mapping[str, str]) -> list[Diagnostic]:
    adapted = adapt(whole, program, values)
    notes = _rules()(whole.outline, adapted.config, values)
    found = [findings.of_unknown(unknown, whole) for unknown in adapted.skipped]
    said = {unknown.inner.line for unknown in adapted.skipped}
    found += [findings.of_absent(each, whole) for each in whole.absent if each.line not in said]
    found += [findings.of_note(note, whole) for note in notes]
    return sorted(found, key=lambda f: (f.file != whole.main.name, f.file, f.line or 10**9))


def _sort(found: list[Diagnostic], settings: Silences, result: Result) -> None:
    for finding in found:
        if settings.silences(finding):
            result.silenced.append((finding, settings.silence[finding.rule]))
        else:
            result.findings.append(finding)


def _refusal(refused: NotAdapted) -> Failure:
    error, source = refused.error, refused.source
    lines = source.text.splitlines()
    there = lines[error.line - 1] if error.line and error.line <= len(lines) else ""
    line = error.line if there else None
    return Failure(source.name, line, error.reason, error.help, there)


def _unreadable(name: str, error: Exception) -> Failure:
    why = getattr(error, "strerror", None) or str(error)
    if isinstance(error, UnicodeDecodeError):
        why = "it is not UTF-8"
    return Failure(name, None, f"It cannot be read: {why}.")
