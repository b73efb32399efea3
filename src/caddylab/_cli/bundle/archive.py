"""Writing the archive.

It is a zip: Windows opens it with a double click, every file can be read without the others, and
Python can run it as it is (`python3 BUNDLE.zip`), so that nothing must be unpacked by hand. What
is compressed already, which is most of it, is stored as it is.
"""

from __future__ import annotations

import hashlib
import time
import zipfile
from collections.abc import Iterable
from pathlib import Path

from caddylab._cli.bundle.installer.files import CHUNK, MAIN, SUMS, TOP

FASTEST = 1


class Archive:
    """A new archive, for one `with` block; it is complete when the block has ended well.

    Args:
        path: where it is written.
    """

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=FASTEST)
        self._sums: dict[str, str] = {}
        self.size = 0

    def add(self, name: str, chunks: Iterable[bytes], *, stored: bool = False) -> int:
        """Add a file below the top folder; returns its size in bytes."""
        digest, size = hashlib.sha256(), 0
        member = self._member(f"{TOP}/{name}", stored)
        with self._zip.open(member, "w", force_zip64=True) as file:
            for chunk in chunks:
                digest.update(chunk)
                size += file.write(chunk)
        self._sums[name] = digest.hexdigest()
        self.size += size
        return size

    def add_file(self, name: str, path: Path, *, stored: bool = False) -> int:
        """Add a file that is on the disk; returns its size in bytes."""
        with path.open("rb") as file:
            return self.add(name, iter(lambda: file.read(CHUNK), b""), stored=stored)

    def add_text(self, name: str, text: str) -> int:
        """Add a short file; returns its size in bytes."""
        return self.add(name, [text.encode()])

    def digest(self, name: str) -> str:
        """The SHA-256 of a file that was added."""
        return self._sums[name]

    def has(self, name: str) -> bool:
        """Whether such a file was added."""
        return name in self._sums

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            lines = [f"{digest}  {name}\n" for name, digest in sorted(self._sums.items())]
            self._zip.writestr(self._member(f"{TOP}/{SUMS}"), "".join(lines))
            self._zip.writestr(self._member(MAIN), START_PACKED)
        self._zip.close()

    def _member(self, name: str, stored: bool = False) -> zipfile.ZipInfo:
        member = zipfile.ZipInfo(name, time.localtime()[:6])
        member.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
        member.external_attr = 0o644 << 16
        return member


START = """\
\"""Install the course that lies beside this file: python3 install.py [FOLDER].\"""

import sys
from pathlib import Path

sys.dont_write_bytecode = True  # the folder stays as it was unpacked

from installer import main

sys.exit(main(Path(__file__).resolve().parent))
"""
"""What Python runs in the unpacked archive."""

START_PACKED = f"""\
import sys
from pathlib import Path

bundle = Path(__file__).resolve().parent
if bundle.is_dir():
    sys.exit("Run {TOP}/install.py instead.")
sys.path.insert(0, str(bundle / "{TOP}"))

from installer import main

sys.exit(main(bundle))
"""
"""What Python runs when it is given the archive as it is."""
