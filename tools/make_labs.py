"""Make `labs` from `solutions` with nbgrader's own converter: `make labs`.

    python tools/make_labs.py [FOLDER]

The labs go to FOLDER, by default to this repository's `labs`.
"""

import re
import sys
from pathlib import Path

import nbformat
from nbgrader.apps import NbGraderAPI
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

ROOT = Path(__file__).resolve().parents[1]
STUB = "# YOUR LINES HERE"
PLACES = (
    (re.compile(rf'(""")\n{STUB}$', re.M), r"\1\n# Change the text above."),
    (
        re.compile(rf"(\bNone\b[^\n]*(?:\n\}})?)\n{STUB}$", re.M),
        r"\1\n# Write in place of None, above.",
    ),
)
"""Replaces the stub with other words where an answer does not go in the stub's place."""


def main():
    """Make every lab again."""
    folder = Path(sys.argv[1] if sys.argv[1:] else ROOT / "labs").resolve()
    for solution in sorted((ROOT / "solutions").glob("*/*.ipynb")):
        made = converter(folder).generate_assignment(solution.parent.name, force=True)
        if not made["success"]:
            sys.exit(made["log"])
        say_where(folder / solution.relative_to(ROOT / "solutions"))


def say_where(path):
    """Where a cell's answer does not go in the stub's place, say where it goes."""
    lab = nbformat.read(path, as_version=4)
    for cell in lab.cells:
        for place, said in PLACES:
            cell.source = place.sub(said, cell.source)
    nbformat.write(lab, path)


def converter(folder):
    """nbgrader with our configuration, without its database."""
    config: Config = PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config()
    config.CourseDirectory.root = str(ROOT)
    config.CourseDirectory.release_directory = str(folder)
    config.GenerateAssignment.no_database = True
    config.SaveCells.enabled = False
    return NbGraderAPI(config=config)


if __name__ == "__main__":
    main()
