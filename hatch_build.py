"""Where a wheel puts our part of JupyterLab, which tells browsers to keep its files for a year.

So a changed file needs an address of its own: the folder is named after what is in it.
"""

import hashlib
import json
import tempfile
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

EXTENSION = "src/caddylab/_slides"
PLACE = "share/jupyter/labextensions/caddylab-slides"


class ExtensionHook(BuildHookInterface):
    """Adds the extension to a wheel, an editable one as well."""

    def initialize(self, version, build_data):
        """Put the files into their folder, and its name into the extension's `package.json`."""
        scripts = Path(self.root, EXTENSION, "static")
        folder = f"static/{contents(scripts)}"
        package = json.loads(scripts.with_name("package.json").read_text("utf-8"))
        package["jupyterlab"]["_build"]["load"] = f"{folder}/remoteEntry.js"
        self._made = tempfile.TemporaryDirectory()
        described = Path(self._made.name, "package.json")
        described.write_text(json.dumps(package, indent=2) + "\n", "utf-8")
        build_data["shared_data"] |= {
            str(described): f"{PLACE}/package.json",
            str(scripts): f"{PLACE}/{folder}",
        }

    def finalize(self, version, build_data, artifact_path):
        """Remove what was made for the wheel."""
        self._made.cleanup()


def contents(folder):
    """A name for exactly these files, the same on every machine."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*"), key=lambda path: path.name):
        if path.is_file():
            found.update(path.name.encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:12]
