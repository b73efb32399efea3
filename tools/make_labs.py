"""Make `labs` of `solutions`, with nbgrader's own converter: `make labs`.

    python tools/make_labs.py [FOLDER]

The labs go to FOLDER, by default to this repository's own.
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
"""Where nothing is to be added, and the stub would be in the wrong place: what stands there."""


def main():
    """Make every lab once more."""
    folder = Path(sys.argv[1] if sys.argv[1:] else ROOT / "labs").resolve()
    for solution in sorted((ROOT / "solutions").glob("*/*.ipynb")):
        made = converter(folder).generate_assignment(solution.parent.name, force=True)
        if not made["success"]:
            sys.exit(made["log"])
        say_where(folder / solution.relative_to(ROOT / "solutions"))


def say_where(path):
    """Say in a lab's cells where their answer goes, where that is not at the stub."""
    lab = nbformat.read(path, as_version=4)
    for cell in lab.cells:
        for place, said in PLACES:
            cell.source = place.sub(said, cell.source)
    nbformat.write(lab, path)


def converter(folder):
    """nbgrader as our configuration wants it, without its database."""
    config: Config = PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config()
    config.CourseDirectory.root = str(ROOT)
    config.CourseDirectory.release_directory = str(folder)
    config.GenerateAssignment.no_database = True
    config.SaveCells.enabled = False
    return NbGraderAPI(config=config)


if __name__ == "__main__":
    main()
