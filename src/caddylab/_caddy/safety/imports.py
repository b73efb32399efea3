"""Files that a Caddyfile imports: Caddy reads copies of them, after the lab has looked inside.

In a folder of the lab, the copies are laid out as the files are on the machine, so that what they
import in their turn is found beside them.
"""

from __future__ import annotations

import glob
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from caddylab._caddy.safety.files import Files
from caddylab._caddy.text.tokens import Outline, Statement, Way, parse, ways
from caddylab._caddy.text.variables import fill
from caddylab._errors import CaddyfileError

_READ_AT_ONCE = ("trusted_ca_cert_file", "trusted_leaf_cert_file")
DEEPEST = 10


@dataclass(frozen=True)
class Import:
    """A file that is imported.

    Attributes:
        text: its content, or the content that Caddy is to see.
        name: what people call it, seen from the Caddyfile's folder.
        above: the statements around the `import`.
    """

    text: str
    name: str
    above: Way = ()


Imports = dict[Path, Import]


class Importing:
    """Brings the files that a Caddyfile imports.

    Args:
        files: what may be read.
        values: the environment variables.
        copies: a folder of the lab for the copies that Caddy reads instead.
    """

    def __init__(self, files: Files, values: Mapping[str, str], copies: Path) -> None:
        self.files, self.values, self.copies = files, values, copies

    def read(self, text: str) -> Imports:
        """The files that a text imports, and those that they import.

        Raises:
            CaddyfileError: one of them may not be read.
        """
        found: Imports = {}
        self._read(parse(text), self.files, (), frozenset(), found, 0)
        return found

    def _read(
        self, outline: Outline, files: Files, above: Way, known: frozenset[str],
        found: Imports, depth: int,
    ) -> None:  # fmt: skip
        if depth > DEEPEST:
            raise CaddyfileError(f"Files import each other, `{files.here}` among them.", files.text)
        known |= _snippets(outline)
        for way in ways(outline.statements, above):
            word = _imported(way[-1], known)
            for path in self._meant(word, files) if word else ():
                if path not in found:
                    raw = path.read_text("utf-8", errors="replace")
                    found[path] = Import(raw, self._name(path), way[:-1])
                    inner = parse(fill(raw, self.values))
                    beside = replace(files, here=path.parent)
                    self._read(inner, beside, way[:-1], known, found, depth + 1)

    def _name(self, path: Path) -> str:
        home = os.path.abspath(self.files.here)
        return os.path.relpath(path, home) if path.is_relative_to(home) else str(path)

    def _meant(self, word: str, files: Files) -> Iterator[Path]:
        if "{" in word:
            raise files.refusal(word, "depends on where it is imported")
        for path in map(Path, sorted(glob.glob(_spot(word, files)))):
            if files.find(str(path)).is_file():  # where a link leads may be read, too
                yield path

    def __call__(self, text: str, imports: Imports | None = None) -> str:
        """The text with each file that it names standing where Caddy finds it.

        Args:
            text: the Caddyfile, its variables filled in.
            imports: the files as Caddy is to read them; else as they are, with their variables
                filled in.

        Raises:
            CaddyfileError: it names a file that it may not read.
        """
        if imports is None:
            imports = {
                path: replace(each, text=fill(each.text, self.values))
                for path, each in self.read(text).items()
            }
        known = _snippets(parse(text)).union(*(_snippets(parse(i.text)) for i in imports.values()))
        root = self._copied(imports, known) if imports else ""
        return self._pointing(text, known, root, self.files)

    def _copied(self, imports: Imports, known: frozenset[str]) -> str:
        """Write the copies; returns where Caddy finds their folder."""
        shutil.rmtree(self.copies, ignore_errors=True)
        self.copies.mkdir(parents=True)
        root = self.files.bring(self.copies)
        for path, each in imports.items():
            copy = self.copies / _rootless(path)
            copy.parent.mkdir(parents=True, exist_ok=True)
            beside = replace(self.files, here=path.parent)
            copy.write_text(self._pointing(each.text, known, root, beside), "utf-8")
        return self.files.bring(self.copies)

    def _pointing(self, text: str, known: frozenset[str], root: str, files: Files) -> str:
        lines = text.split("\n")
        for statement in parse(text).walk():
            if word := _imported(statement, known):
                spot = _spot(word, files)
                where = f"{root}/{_rootless(spot)}" if root else files.bring(Path(spot))
            elif statement.name in _READ_AT_ONCE and len(statement.words) > 1:
                word, where = statement.words[1], files(statement.words[1])
            else:
                continue
            _replace(lines, statement.line - 1, word, where)
        return "\n".join(lines)


def _spot(word: str, files: Files) -> str:
    """The path of a file (or of a pattern of files) that may be read; links are not followed."""
    files.find(word)
    return os.path.abspath(files.here / Path(word).expanduser())


def _rootless(path: str | Path) -> str:
    return Path(path).relative_to(Path(path).anchor).as_posix()


def _snippets(outline: Outline) -> frozenset[str]:
    return frozenset(s.name for s in outline.statements if s.name.startswith("("))


def _imported(statement: Statement, snippets: frozenset[str]) -> str:
    """The file, or the pattern of files, that a statement imports; empty if it imports none."""
    word = statement.words[1] if statement.name == "import" and len(statement.words) > 1 else ""
    return "" if f"({word})" in snippets else word


def _replace(lines: list[str], first: int, word: str, where: str) -> None:
    """Replace the next occurrence of the word by the place."""
    for n in range(first, len(lines)):
        if found := re.search(rf'(?P<quote>["`]?){re.escape(word)}(?P=quote)(?!\S)', lines[n]):
            lines[n] = f"{lines[n][: found.start()]}`{where}`{lines[n][found.end() :]}"
            return
