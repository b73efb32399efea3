"""What has been found, for people."""

from __future__ import annotations

from collections.abc import Iterator

from caddylab._cli.linting.findings import Diagnostic
from caddylab._cli.linting.run import Failure, Result


def text(result: Result) -> str:
    """All of it: what could not be judged, what was found, what is silenced in vain, the sum."""
    parts = [*map(_failure, result.failures), *map(_finding, result.findings)]
    parts += [
        f"{path}: `{rule}` is silenced, but has found nothing to be silent about.\n"
        for rule, path in result.idle
    ]
    return "\n".join([*parts, _sum(result)])


def _finding(finding: Diagnostic) -> str:
    name = f"note, {finding.rule}" if finding.mere else finding.rule
    head = f"{_place(finding.file, finding.line, finding.column)}: {name}"
    lines = [head]
    if finding.line and finding.column and finding.end:
        lines += _excerpt(finding.line, finding.source, finding.column, finding.end)
    return "\n".join([*lines, f"  {finding.message}", f"  → {finding.help}", ""])


def _failure(failure: Failure) -> str:
    lines = [f"{_place(failure.file, failure.line, None)}: not judged"]
    if failure.line and failure.source:
        bare = failure.source.strip()
        start = failure.source.index(bare) + 1
        lines += _excerpt(failure.line, failure.source, start, start + len(bare))
    lines += [f"  {failure.message}"] + ([f"  → {failure.help}"] if failure.help else [])
    return "\n".join([*lines, ""])


def _place(file: str, line: int | None, column: int | None) -> str:
    return ":".join(str(part) for part in (file, line, column) if part is not None)


def _excerpt(number: int, source: str, start: int, end: int) -> Iterator[str]:
    before, word = source[: start - 1].expandtabs(4), source[start - 1 : end - 1]
    yield f"{number:>4} │ {source.expandtabs(4)}"
    yield f"     │ {' ' * len(before)}{'^' * max(1, len(word))}"


def _sum(result: Result) -> str:
    said = [_count(len(result.counting), "finding"), f"in {_count(len(result.files), 'file')}"]
    parts = [" ".join(said)]
    if notes := len(result.findings) - len(result.counting):
        parts.append(_count(notes, "note"))
    if result.silenced:
        parts.append(f"{len(result.silenced)} silenced")
    if result.failures:
        parts.append(f"{len(result.failures)} not judged")
    return ", ".join(parts) + "."


def _count(number: int, what: str) -> str:
    return f"{number or 'no'} {what}{'' if number == 1 else 's'}"
