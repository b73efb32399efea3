"""The learner's copy of the notebooks: new versions come in, edits are never lost."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from caddylab._cli.bundle.installer.machine import MANIFEST as MANIFEST
from caddylab._errors import CaddylabError
from caddylab._machine import files
from caddylab._machine import shipped as _resources

_NOT_FOR_LEARNERS = {
    ".keep", ".ipynb_checkpoints", "__pycache__", "lab-progress.jsonl", "predictions.json",
}  # fmt: skip
_FOR_TEACHERS = ("course/demos/", "course/instructor-guide.md", "course/cue-cards-")


def own() -> Path:
    """The root of the checkout that this package runs from."""
    root = _resources.checkout()
    if root is None:
        raise CaddylabError(
            "`--here` opens the notebooks of a checkout, and caddylab is installed from a wheel. "
            "Say `caddylab open`: it copies the notebooks to a folder of yours."
        )
    return root


def copy_to(root: Path, *, solutions: bool = False) -> Path:
    """Bring the notebooks in `root` up to date, say what was done and return `root`.

    Args:
        root: the learner's folder.
        solutions: whether the solved exercises are wanted, too, and what a teacher shows.
    """
    folder = Folder(root)
    try:
        for name, source in shipped(solutions=solutions):
            folder.put(name, source.read_bytes())
        folder.save()
    except OSError as error:
        raise CaddylabError(
            f"The notebooks could not be copied to {root}: {error}. "
            "Name a folder that you may write to: caddylab open FOLDER"
        ) from error
    print(f"Your notebooks are in {root.resolve()}.", *folder.said, sep="\n  ")
    return root


def shipped(*, solutions: bool = False) -> Iterator[tuple[str, Path]]:
    """Every file that a learner (or a teacher) gets: its name there, and where it is now."""
    parts = [_resources.course(), _resources.labs()]
    for part in [*parts, _resources.solutions()] if solutions else parts:
        for path in sorted(part.rglob("*")):
            name = path.relative_to(part.parent)
            wanted = solutions or not name.as_posix().startswith(_FOR_TEACHERS)
            if wanted and path.is_file() and _NOT_FOR_LEARNERS.isdisjoint(name.parts):
                yield name.as_posix(), path


class Folder:
    """A learner's folder.

    The manifest in it holds, for each file, the digest of the last version that was offered: a
    file with another digest has been edited.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.said: list[str] = []
        self._offered = self._read_manifest()

    def put(self, name: str, content: bytes) -> None:
        """Write a version of the file `name`: beside it if the learner has edited it."""
        target, new = self.root / name, _digest(content)
        old = _digest(target.read_bytes()) if target.exists() else None
        last_offered, self._offered[name] = self._offered.get(name), new
        if old == new or (old and new == last_offered):
            return
        if old in (None, last_offered):
            self._write(target, content)
            self.said += [f"{name} is updated."] if old else []
        else:
            self.said.append(f"{name}: you changed it, so its new version is {_beside(name)}.")
            self.put(_beside(name), content)

    def save(self) -> None:
        """Remember what was offered."""
        text = json.dumps(self._offered, indent=1, sort_keys=True)
        self._write(self.root / MANIFEST, text.encode())

    def _read_manifest(self) -> dict[str, str]:
        try:
            manifest = json.loads((self.root / MANIFEST).read_text("utf-8"))
        except (OSError, ValueError):  # without one, every file counts as edited: nothing is lost
            return {}
        return manifest if isinstance(manifest, dict) else {}

    def _write(self, target: Path, content: bytes) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        files.write(target, content)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _beside(name: str) -> str:
    path = PurePosixPath(name)
    return str(path.with_name(f"{path.stem}.new{path.suffix}"))
