"""The command `caddylab`: open the course, look at this machine, judge Caddy, clean up."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from caddylab._cli import test
from caddylab._errors import BundleError, CaddylabError
from caddylab._look.terminal import show_what_it_can

DEFAULT_FOLDER = Path("break-the-balancer")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Args:
        arguments: the words after `caddylab`; by default those of this process.
    """
    show_what_it_can()
    options = _parser().parse_args(arguments)
    try:
        return (options.run if "run" in options else _COMMANDS[options.command])(options)
    except CaddylabError as error:
        print(f"caddylab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("caddylab", description="Break the Balancer, a course.")
    parser.add_argument("--version", action="version", version=f"caddylab {version('caddylab')}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_open(commands.add_parser("open", help="copy the notebooks to a folder and open them"))
    commands.add_parser("doctor", help="say what works on this machine, and how to mend the rest")
    _add_verify(commands.add_parser("verify", help="judge every claim of the course once more"))
    _add_progress(commands.add_parser("progress", help="say which exercises have been passed"))
    _add_bundle(commands.add_parser("bundle", help="write one file for rooms without internet"))
    _add_install(commands.add_parser("install-bundle", help="install the course from such a file"))
    test.add(commands)
    clean = commands.add_parser("clean", help="remove whatever labs have left behind")
    clean.add_argument(
        "--yes", action="store_true",
        help="also remove authorities of Caddy's from the trust store, without asking",
    )  # fmt: skip
    return parser


def _add_open(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=DEFAULT_FOLDER,
        help="where your copy of the notebooks is or shall be (default: ./%(default)s); "
        "what you changed there is never overwritten",
    )
    where.add_argument("--here", action="store_true", help="open this checkout's own notebooks")
    parser.add_argument(
        "--solutions",
        action="store_true",
        help="for teachers: copy the guide, the demos and the solutions as well",
    )
    parser.add_argument("--no-browser", action="store_true", help="only print the address")
    parser.add_argument("--port", type=_port, help="the port to try first (default: 8888)")


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 65535:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is no port: expected a number from 1 to 65535")


def _add_verify(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("chapters", nargs="*", metavar="CHAPTER", help="such as 02 (default: all)")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--caddy", type=Path, help="another Caddy, to see what it does differently")
    where.add_argument("--runtime", choices=["process", "podman"], help="where the labs run")
    where.add_argument("--keep", action="store_true", help="for authors: put them on record")


def _add_progress(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "folders",
        nargs="*",
        type=Path,
        default=[Path()],
        metavar="FOLDER",
        help="one for each learner (default: this one)",
    )
    parser.add_argument("--csv", action="store_true", help="as a table for a spreadsheet")


def _add_bundle(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--to", type=Path, default=Path(), metavar="FILE", help="or a folder (default: this one)")
    add("--platform", help="for other machines than this one, such as windows-x86_64")
    add(
        "--python", action="append", default=[], metavar="VERSION",
        help="for another Python than this one, such as 3.12; may be said again",
    )  # fmt: skip
    add(
        "--wheels", type=Path, metavar="FOLDER",
        help="where packages are, and where those go that have to be downloaded",
    )  # fmt: skip
    add("--no-images", action="store_true", help="leave out the container images")
    pages = parser.add_mutually_exclusive_group()
    pages.add_argument("--html", type=Path, metavar="FOLDER", help="pages that are made already")
    pages.add_argument("--no-html", action="store_true", help="leave out the pages to look at")


def _add_install(parser: argparse.ArgumentParser) -> None:
    from caddylab._cli.bundle.installer import add_arguments

    parser.add_argument("file", type=Path, help="what `caddylab bundle` wrote, or it unpacked")
    add_arguments(parser)


# The modules are imported late: `caddylab --version` need not load JupyterLab.


def _open(options: argparse.Namespace) -> int:
    from caddylab._cli import notebooks
    from caddylab._cli.open import jupyterlab

    folder = (
        notebooks.own()
        if options.here
        else notebooks.copy_to(options.folder, solutions=options.solutions)
    )
    return jupyterlab(folder, browser=not options.no_browser, port=options.port)


def _doctor(_: argparse.Namespace) -> int:
    from caddylab._cli import doctor

    return doctor.examine()


def _clean(options: argparse.Namespace) -> int:
    from caddylab._cli import authorities, clean

    code = clean.sweep()
    authorities.offer(options.yes)
    return code


def _verify(options: argparse.Namespace) -> int:
    from caddylab._cli.verify import verify

    return verify(options.chapters, options.caddy, options.runtime, options.keep)


def _progress(options: argparse.Namespace) -> int:
    from caddylab._cli import progress

    return progress.report(options.folders, csv=options.csv)


def _bundle(options: argparse.Namespace) -> int:
    from caddylab._cli.bundle.make import Wish, make

    make(
        Wish(
            to=options.to,
            platform=options.platform,
            pythons=options.python,
            wheels=options.wheels,
            images=not options.no_images,
            html=not options.no_html,
            pages=options.html,
        )
    )
    return 0


def _install_bundle(options: argparse.Namespace) -> int:
    from caddylab._cli.bundle.installer import install
    from caddylab._cli.bundle.installer.refused import Refused

    try:
        install(options.file, options.folder, images=not options.no_images)
    except Refused as error:
        raise BundleError(str(error)) from error
    return 0


_COMMANDS = {
    "open": _open,
    "doctor": _doctor,
    "verify": _verify,
    "progress": _progress,
    "bundle": _bundle,
    "install-bundle": _install_bundle,
    "clean": _clean,
}
