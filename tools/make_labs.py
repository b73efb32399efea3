"""Make `labs` of `solutions`, with nbgrader's own converter: `make labs`.

    python tools/make_labs.py [FOLDER]

The labs go to FOLDER, by default to this repository's own.
"""

import sys
from pathlib import Path

from nbgrader.apps import NbGraderAPI
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

ROOT = Path(__file__).resolve().parents[1]


def main():
    """Make every lab once more."""
    folder = Path(sys.argv[1] if sys.argv[1:] else ROOT / "labs").resolve()
    for solution in sorted((ROOT / "solutions").glob("*/*.ipynb")):
        made = converter(folder).generate_assignment(solution.parent.name, force=True)
        if not made["success"]:
            sys.exit(made["log"])


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
