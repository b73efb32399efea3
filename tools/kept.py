"""A cache of executed notebooks: one that would run as before need not run again.

That is so if nothing that a run depends on has changed: the notebook, the recorded runs beside it,
the library, the backends and the locked versions. A hash of all these is in the cached file's name.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import nbformat

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "build" / "executed"
DEPENDS = (ROOT / "src" / "caddylab", ROOT / "containers", ROOT / "requirements.lock")


class Run(NamedTuple):
    """An executed notebook, and the day when it ran."""

    notebook: Any
    day: date


def executed(path: Path, execute: Callable[[Path], Any], *, anew: bool) -> Run:
    """The notebook, executed now or before.

    Only notebooks of the repository are cached.

    Args:
        path: the notebook.
        execute: runs it.
        anew: run it even if nothing has changed.
    """
    if not path.resolve().is_relative_to(ROOT):
        return Run(execute(path), date.today())
    name = f"{path.parent.name}-{path.stem}"
    known = FOLDER / f"{name}-{_fingerprint(path)}.ipynb"
    if anew or not known.is_file():
        _keep(execute(path), known)
        for old in FOLDER.glob(f"{name}-*.ipynb"):
            if old != known:
                old.unlink(missing_ok=True)
    notebook = nbformat.read(known, as_version=4)
    return Run(notebook, date.fromisoformat(notebook.metadata.pop("caddylab")["ran"]))


def _keep(notebook: Any, known: Path) -> None:
    notebook.metadata["caddylab"] = {"ran": date.today().isoformat()}
    known.parent.mkdir(parents=True, exist_ok=True)
    begun = known.with_suffix(f".{os.getpid()}")
    nbformat.write(notebook, begun)
    begun.replace(known)


def _fingerprint(notebook: Path) -> str:
    digest = hashlib.sha256()
    for path in (notebook, *_files(notebook.with_name("recordings")), *_dependencies()):
        digest.update(f"{path.name}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _dependencies() -> Iterator[Path]:
    for path in DEPENDS:
        yield from _files(path) if path.is_dir() else [path]


def _files(folder: Path) -> list[Path]:
    return [p for p in sorted(folder.rglob("*")) if p.is_file() and "__pycache__" not in p.parts]
