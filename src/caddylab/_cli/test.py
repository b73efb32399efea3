"""`caddylab test FILE`: what the users of a site would feel of each failure."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from caddylab._cli import Commands
from caddylab._errors import CaddylabError

if TYPE_CHECKING:
    from caddylab._trial.report import Rehearsal

LEAST, MOST = 0.5, 60
WELL, SHORT, CANNOT = 0, 1, 2
"""Exit codes: as expected; rows fall short; it could not be tried."""


def add(commands: Commands) -> None:
    """Add the command to `caddylab`."""
    parser = commands.add_parser(
        "test",
        help="say which failures the users of a site would feel",
        description="Run a copy of the site in a lab on this machine, let its upstreams fail in "
        "many ways while users ask, and say what the users felt and which lines would spare them. "
        "Nothing of the real site is touched, and the Caddyfile stays as it is. The exit code is 0 "
        "where there is nothing to mend, 1 where there is (with --expect: where a row falls "
        "short), 2 where the file cannot be tried.",
    )
    parser.set_defaults(run=run)
    parser.add_argument(
        "file",
        metavar="FILE",
        help="a Caddyfile, - for the standard input, or a name of the course's",
    )
    _add_trials(parser)
    _add_results(parser)


def _add_trials(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--row", action="append", default=[], metavar="NAME",
        help="try this row only, such as 'rolling restart'; may be repeated")  # fmt: skip
    add("--no-advice", action="store_true", help="look for nothing that would help")
    kept = [
        add("--route", default="", metavar="ROUTE",
            help="which route: number, name or upstream (default: most upstreams)"),
        add("--seed", type=int, default=1,
            help="decides which upstream suffers (default: the last)"),
        add("--patience", type=_patience, default=1.5, metavar="SECONDS",
            help="how long users wait before they give up (default: %(default)s)"),
        add("--http", choices=["1.1", "2"], default="1.1",
            help="what users speak to a site with HTTPS (default: %(default)s)"),
        add("--runtime", choices=["process", "podman"], default="auto",
            help="where Caddy and the upstreams run"),
        add("--caddy", type=Path, metavar="PATH", help="your own Caddy, such as one with plugins"),
        add("--allow-modules", action="append", default=[], metavar="MODULE",
            help="a plugin's module that may run, such as http.handlers.exec; may be repeated"),
        add("--envfile", type=Path, metavar="PATH", help="environment variables of the Caddyfile"),
        add("--allow", type=_there, action="append", default=[], metavar="PATH",
            help="what it may read besides its own folder; may be repeated"),
        add("--pool", type=int, metavar="N", help="run only so many upstreams in place of all"),
    ]  # fmt: skip
    parser.set_defaults(kept=kept)


def _again(options: argparse.Namespace) -> str:
    """The command that tries the same once more, whichever rows, without the files it wrote."""
    words = ["caddylab", "test", options.file]
    for option in options.kept:
        value = getattr(options, option.dest)
        if value != option.default:
            for one in value if isinstance(value, list) else [value]:
                words += [option.option_strings[0], str(one)]
    return shlex.join(words)


def _there(text: str) -> Path:
    if not (path := Path(text).expanduser()).exists():
        raise argparse.ArgumentTypeError(f"there is no file or folder {text!r}")
    return path


def _patience(text: str) -> float:
    seconds = float(text)
    if not LEAST <= seconds <= MOST:
        raise argparse.ArgumentTypeError(f"expected {LEAST} to {MOST} seconds, not {text}")
    return seconds


def _add_results(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--json", type=Path, metavar="PATH", help="write everything as JSON")
    add("--junit", type=Path, metavar="PATH", help="write the rows as JUnit's XML")
    add("--html", type=Path, metavar="PATH", help="write a page with pictures and replays")
    add("--expect", type=Path, metavar="PATH", help="what each row must reach (TOML)")
    add("--write-expect", type=Path, metavar="PATH", help="write down what is reached today")


def run(options: argparse.Namespace) -> int:
    """Try the Caddyfile, and return the exit code.

    Returns:
        0; 1 if a row falls short of what is expected (without `--expect`: if Caddy could spare
        users something); 2 if it cannot be tried.
    """
    if options.caddy:
        os.environ["CADDYLAB_CADDY"] = str(options.caddy.expanduser().resolve())
    if options.allow_modules:
        os.environ["CADDYLAB_ALLOW_MODULES"] = " ".join(options.allow_modules)
    try:
        return _run(options)
    except CaddylabError as error:
        print(f"caddylab: {error}", file=sys.stderr)
        return CANNOT


def _run(options: argparse.Namespace) -> int:
    from caddylab._cli.told import Told
    from caddylab._look.progress_bar import Bar
    from caddylab._trial import expect
    from caddylab._trial.rehearsal import rehearse

    wanted = expect.read(options.expect) if options.expect else {}
    for path in filter(None, (options.json, options.junit, options.html, options.write_expect)):
        _need_room(path)
    with Bar() as bar:
        report = rehearse(
            _named(options.file), options.row, route=options.route, runtime=options.runtime,
            seed=options.seed, patience=options.patience, advice=not options.no_advice,
            envfile=options.envfile, pool=options.pool, allow=options.allow, http=options.http,
            audience=Told(bar, _again(options)),
        )  # fmt: skip
    short = expect.short(report, wanted, options.row) if options.expect else _lacking(report)
    _write(options, report, short)
    for row, why in short.items() if options.expect else ():
        print(f"{row}: {why}", file=sys.stderr)
    if all(seen.trouble for seen in report.rows.values()):
        return CANNOT
    return SHORT if short else WELL


def _lacking(report: Rehearsal) -> dict[str, str]:
    """Rows that Caddy could improve; without advice, all that users feel and Caddy may mend."""
    from caddylab._trial.trials import ALL_DOWN

    if report.advice:
        return {m.row: "Caddy can mend it" for m in report.advice.found if m.step}
    mendable = [seen for seen in report.bad if seen.row != ALL_DOWN]
    return {seen.row: seen.words for seen in mendable if any(seen.cost)}


def _write(options: argparse.Namespace, report: Rehearsal, short: dict[str, str]) -> None:
    import json

    from caddylab._trial import expect
    from caddylab._trial.junit import junit

    if options.json:
        _save(options.json, json.dumps(report.record(), indent=2, ensure_ascii=False).encode())
    if options.junit:
        _save(options.junit, junit(report, short))
    if options.html:
        from caddylab._look.progress_bar import Bar
        from caddylab._trial.page import page

        with Bar() as bar:
            drawn = page(report, lambda share: bar.show(share, f"drawing {options.html}"))
        _save(options.html, drawn.encode(errors="replace"))
    if options.write_expect:
        expect.write(options.write_expect, report)
        if report.busy:
            print(f"{options.write_expect} may be far too lenient: this machine was busy. Write it "
                  "again when it is quiet.", file=sys.stderr)  # fmt: skip


def _need_room(path: Path) -> None:
    """Check first that the results can be written, or a minute of trials would be lost."""
    from caddylab._errors import LabError
    from caddylab._machine import files

    try:
        folder, parent, there = path.is_dir(), path.parent.is_dir(), path.exists()
    except (OSError, ValueError) as error:
        raise LabError(f"{path} cannot be written: {files.reason(error)}.") from error
    if folder:
        raise LabError(f"{path} cannot be written: it is a folder.")
    if not parent:
        raise LabError(f"{path} cannot be written: there is no folder {path.parent}.")
    if not os.access(path if there else path.parent, os.W_OK):
        raise LabError(f"{path} cannot be written: you have no right to.")


def _save(path: Path, content: bytes) -> None:
    from caddylab._errors import LabError
    from caddylab._machine import files

    try:
        files.write(path, content)
    except (OSError, ValueError) as error:
        raise LabError(f"{path} cannot be written: {files.reason(error)}.") from error


def _named(file: str) -> str | Path:
    """A path, if there is such a file; the text of a pipe; else a name of the course's."""
    try:
        path = Path(file).expanduser()
        piped, there = file == "-" or path.is_fifo(), path.exists()
    except (OSError, RuntimeError):  # a folder that may not be looked into; nobody's home
        return file
    if piped:  # each lab reads the file, and a pipe is read but once
        data = sys.stdin.buffer.read() if file == "-" else path.read_bytes()
        return data.decode("utf-8", "replace") + "\n"
    return path if there else file
