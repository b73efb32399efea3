"""Run the chapters and say which verdicts still stand."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from caddylab._caddy.running import program
from caddylab._claims import verify as _verify
from caddylab._claims.claims import Claim
from caddylab._claims.verify import ChapterFailed, Comparison
from caddylab._look import png

AT_ONCE = min(5, 3 * (os.cpu_count() or 1))
"""How many chapters are run at the same time: each waits two thirds of its time."""

LONGEST = ("12", "09", "10", "11", "08")
"""The chapters that begin first, so that no long one is left to run alone at the end."""

Result = list[Claim] | ChapterFailed


def verify(names: Sequence[str], caddy: Path | None, runtime: str | None, keep: bool) -> int:
    """Print every claim with its verdict; 1 when one is not what is on record.

    Args:
        names: the chapters; all if there is none.
        caddy: another Caddy; it runs as a process.
        runtime: "process" or "podman"; None lets each lab choose.
        keep: put what was found on record instead of comparing.
    """
    chapters, settings = _verify.chapters(names), _settings(caddy, runtime)
    began = time.monotonic()
    print(_headline(len(chapters), settings), flush=True)
    found, drifted = {}, 0
    for chapter, result in _results(chapters, settings):
        found[chapter.stem] = result
        drifted += _report(chapter, result)
    judged = {name: result for name, result in found.items() if isinstance(result, list)}
    if keep and len(judged) == len(found):
        _verify.keep(program.version(program.executable()), judged)
        print("These verdicts are on record now.")
        return 0
    claims = sum(map(len, judged.values()))
    print(_summary(claims, drifted, len(found) - len(judged), time.monotonic() - began))
    return int(drifted > 0 or len(judged) < len(found))


def _settings(caddy: Path | None, runtime: str | None) -> dict[str, str]:
    unseen = {png.VARIABLE: "off"}  # nobody looks at the charts
    if caddy:
        program.version(caddy)
        return unseen | {program.OTHER: str(caddy.resolve()), "CADDYLAB_RUNTIME": "process"}
    return unseen | ({"CADDYLAB_RUNTIME": runtime} if runtime else {})


def _headline(chapters: int, settings: Mapping[str, str]) -> str:
    other = settings.get(program.OTHER)
    tested = program.version(Path(other) if other else program.executable())
    return (
        f"Caddy {tested}; the verdicts on record are those of {_verify.record()['caddy']}.\n"
        f"Notebooks to run: {chapters}, {AT_ONCE} at a time. "
        "All of them take about three minutes.\n"
    )


def _results(
    chapters: Sequence[Path], settings: Mapping[str, str]
) -> Iterator[tuple[Path, Result]]:
    def judge(chapter: Path) -> Result:
        try:
            return _verify.claims(_verify.run(chapter, settings))
        except ChapterFailed as error:
            return error

    with ThreadPoolExecutor(AT_ONCE) as pool:
        begun = {chapter: pool.submit(judge, chapter) for chapter in sorted(chapters, key=_turn)}
        yield from ((chapter, begun[chapter].result()) for chapter in chapters)


def _turn(chapter: Path) -> int:
    """Its place among the longest, and all others behind them."""
    number = chapter.stem[:2]
    return LONGEST.index(number) if number in LONGEST else len(LONGEST)


def _report(chapter: Path, result: Result) -> int:
    """Print the results of a chapter; returns how many verdicts have drifted."""
    if isinstance(result, ChapterFailed):
        print(f"{result}\n", flush=True)
        return 0
    findings = list(_verify.compare(chapter, result))
    if findings:
        print(chapter.stem, *map(_lines, findings), sep="\n", end="\n\n", flush=True)
    return sum(finding.drifted for finding in findings)


def _lines(finding: Comparison) -> str:
    claim = finding.claim
    if claim is None:
        return f"  ? {finding.text}\n    DRIFT: not judged; on record: {finding.recorded}"
    lines = [f"  {claim.sign} {claim.text}"]
    lines += [f"    {claim.verdict}: {claim.evidence}"]
    if finding.drifted:
        lines += [f"    DRIFT: on record: {finding.recorded or 'nothing'}"]
    return "\n".join(lines)


def _summary(claims: int, drifted: int, failed: int, seconds: float) -> str:
    said = f"{claims} claims judged in {seconds:.0f} s; "
    said += f"{drifted} drifted from what is on record." if drifted else "all as on record."
    return said + (f" Notebooks that did not run to their end: {failed}." if failed else "")
