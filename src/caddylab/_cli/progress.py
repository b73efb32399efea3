"""`caddylab progress`: how far learners have come, for their teacher."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from caddylab._cli import Commands
from caddylab._errors import CaddylabError

if TYPE_CHECKING:
    from caddylab._exercises.board import Board


def add(commands: Commands) -> None:
    """Add the command to `caddylab`."""
    parser = commands.add_parser("progress", help="say which exercises have been passed")
    parser.set_defaults(run=lambda options: report(options.folders, options.form))
    parser.add_argument(
        "folders",
        nargs="*",
        type=Path,
        default=[Path()],
        metavar="FOLDER",
        help="one for each learner (default: this one)",
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--csv",
        dest="form",
        action="store_const",
        const="csv",
        help="as a table for a spreadsheet: a row for each learner and task",
    )
    form.add_argument(
        "--grades",
        dest="form",
        action="store_const",
        const="grades",
        help="as a table for a grade book: a row for each learner, a column for each lab",
    )


def report(folders: Sequence[Path], form: str | None) -> int:
    """Print what the progress files in and below each folder say; each folder is a learner."""
    from caddylab._exercises import board

    if missing := [str(folder) for folder in folders if not folder.is_dir()]:
        raise CaddylabError(
            f"{', '.join(missing)}: there is no such folder. Name one folder for each learner, "
            "such as the folder that `caddylab open` made."
        )
    boards = board.of_learners(folders)
    shown = {"csv": board.as_csv, "grades": board.as_grades, None: _table}[form]
    print(shown(boards), end="")
    return 0


def _table(boards: Mapping[str, Board]) -> str:
    return "".join(f"{learner}\n{_indented(own)}\n" for learner, own in boards.items())


def _indented(own: Board) -> str:
    return "\n".join(f"  {line}" for line in repr(own).splitlines())
