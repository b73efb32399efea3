"""`caddylab verify`: run the chapters and say which verdicts still stand."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from caddylab import _verify
from caddylab._caddy import program
from caddylab._claims import Claim
from caddylab._verify import ChapterFailed, Finding

CLEAR = "\r\x1b[K"


def verify(names: Sequence[str], caddy: Path | None, runtime: str | None, keep: bool) -> int:
    """Print every claim with its verdict; 1 when one is not what is on record.

    Args:
        names: the chapters; all if there is none.
        caddy: another Caddy; it runs as a process.
        runtime: "process" or "podman"; None lets each lab choose.
        keep: put what was found on record instead of comparing.
    """
    settings = _settings(caddy, runtime)
    if settings.get("CADDYLAB_RUNTIME") == "process":
        tested = program.version(caddy or program.executable())
        print(f"Caddy {tested}; the verdicts on record are those of {_verify.record()['caddy']}.\n")
    began, found, drifted, failed = time.monotonic(), {}, 0, 0
    for chapter in _verify.chapters(names):
        try:
            found[chapter.stem] = _run(chapter, settings)
        except ChapterFailed as error:
            failed += 1
            print(f"{error}\n")
            continue
        drifted += _report(list(_verify.compare(chapter, found[chapter.stem])))
    if keep and not failed:
        _verify.keep(program.version(program.executable()), found)
        print("These verdicts are on record now.")
        return 0
    _summary(sum(map(len, found.values())), drifted, failed, time.monotonic() - began)
    return int(bool(drifted or failed))


def _settings(caddy: Path | None, runtime: str | None) -> dict[str, str]:
    if caddy:
        program.version(caddy)
        return {program.OTHER: str(caddy.resolve()), "CADDYLAB_RUNTIME": "process"}
    return {"CADDYLAB_RUNTIME": runtime} if runtime else {}


def _run(chapter: Path, settings: dict[str, str]) -> list[Claim]:
    live = sys.stdout.isatty()
    print(f"{chapter.stem} is being run ..." if live else chapter.stem, end="" if live else "\n")
    sys.stdout.flush()
    try:
        executed = _verify.run(chapter, settings)
    finally:
        print(f"{CLEAR}{chapter.stem}\n" if live else "", end="")
    return _verify.claims(executed)


def _report(findings: list[Finding]) -> int:
    for finding in findings:
        if finding.claim is None:
            print(f"  ? {finding.text}\n    DRIFT: not judged; on record: {finding.recorded}")
            continue
        claim = finding.claim
        print(f"  {'✓' if claim.holds else '✗'} {claim.text}")
        print(f"    {claim.verdict}: {claim.evidence}")
        if finding.drifted:
            print(f"    DRIFT: on record: {finding.recorded or 'nothing'}")
    print()
    return sum(finding.drifted for finding in findings)


def _summary(judged: int, drifted: int, failed: int, seconds: float) -> None:
    said = f"{judged} claims judged in {seconds:.0f} s; "
    said += f"{drifted} drifted from what is on record." if drifted else "all as on record."
    print(said + (f" Chapters that did not run to their end: {failed}." if failed else ""))
