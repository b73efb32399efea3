"""The files of a bundle, and whether each is as it was when the bundle was made."""

from __future__ import annotations

import hashlib
import json
import stat
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path

from .refused import Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

TOP = "break-the-balancer-kit"
SUMS, FACTS, MAIN = "SHA256SUMS", "manifest.json", "__main__.py"
CHUNK = 1 << 20
DAMAGE = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError)
"""What reading a damaged archive may raise."""


def facts(bundle: Path) -> dict[str, Any]:
    """What the bundle says about itself.

    Raises:
        Refused: it is not a bundle.
    """
    try:
        with _opened(bundle, FACTS) as file:
            found: dict[str, Any] = json.load(file)
            return found
    except (*DAMAGE, OSError, ValueError) as error:
        raise Refused(
            f"{bundle} is damaged, or is no bundle of this course: {error}. Name the .zip that "
            "`caddylab bundle` made, or copy it once more."
        ) from error


@contextmanager
def _opened(bundle: Path, name: str) -> Iterator[Any]:
    if bundle.is_dir():
        with (bundle / name).open("rb") as file:
            yield file
    else:
        with zipfile.ZipFile(bundle) as archive, archive.open(f"{TOP}/{name}") as member:
            yield member


def needed(bundle: Path, facts: dict[str, Any]) -> int:
    """How many bytes the installation takes while it works."""
    unpacked = 0 if bundle.is_dir() else facts["bytes_unpacked"]
    return int(unpacked + facts["bytes_installed"])


def checked(bundle: Path, target: Path) -> Path:
    """The folder with the files, all undamaged; for an archive, `target`, where it is unpacked.

    Raises:
        Refused: a file has changed, or an archive would write outside the folder.
    """
    print("Checking the bundle", flush=True)
    try:
        if bundle.is_dir():
            _check_files(bundle)
            return bundle
        with zipfile.ZipFile(bundle) as archive:
            _unpack(archive, target)
    except (*DAMAGE, FileNotFoundError) as error:
        raise Refused(
            f"{bundle} is damaged: {error}. Copy it once more, or ask for another copy."
        ) from error
    return target


def _check_files(kit: Path) -> None:
    for name, wanted in _sums((kit / SUMS).read_text("utf-8")).items():
        with (kit / name).open("rb") as file:
            _compare(name, copy(file), wanted)


def _unpack(archive: zipfile.ZipFile, kit: Path) -> None:
    sums = _sums(archive.read(f"{TOP}/{SUMS}").decode())
    known = {f"{TOP}/{name}" for name in (*sums, SUMS)} | {MAIN}
    for member in archive.infolist():
        if member.filename not in known or stat.S_ISLNK(member.external_attr >> 16):
            raise Refused(f"it holds {member.filename!r}, which is not on its own list of files.")
    for name, wanted in sums.items():
        target = kit / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(f"{TOP}/{name}") as source, target.open("wb") as file:
            _compare(name, copy(source, file), wanted)


def _sums(text: str) -> dict[str, str]:
    """The digest of each file, by its name; refuses names that lead out of the folder."""
    sums = {}
    for line in text.splitlines():
        digest, _, name = line.partition("  ")
        if ":" in name or "\\" in name or not {"", ".", ".."}.isdisjoint(name.split("/")):
            raise Refused(f"its list of files has {name!r}, which is no name of a file in it.")
        sums[name] = digest
    return sums


def _compare(name: str, found: str, wanted: str) -> None:
    if found != wanted:
        raise zipfile.BadZipFile(f"{name} is not what it was")


def copy(source: Any, target: Any = None) -> str:
    """Copy what `source` holds to `target`, if there is one; returns its SHA-256."""
    digest = hashlib.sha256()
    while chunk := source.read(CHUNK):
        digest.update(chunk)
        if target is not None:
            target.write(chunk)
    return digest.hexdigest()
