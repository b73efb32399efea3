"""Files that a Caddyfile imports: Caddy reads them while it adapts, so the lab looks first."""

from __future__ import annotations

import glob
import re
from pathlib import Path

from caddylab._caddy.safety.files import Files
from caddylab._caddy.text.tokens import Statement, parse
from caddylab._errors import CaddyfileError

_READ_AT_ONCE = ("trusted_ca_cert_file", "trusted_leaf_cert_file")
DEEPEST = 10


def imported(text: str, files: Files) -> str:
    """The text with each file that it names standing where Caddy finds it.

    Args:
        text: the Caddyfile, its variables filled in.
        files: what it may read.

    Raises:
        CaddyfileError: it imports a file that it may not read.
    """
    outline = parse(text)
    snippets = {s.name for s in outline.statements if s.name.startswith("(")}
    lines = text.split("\n")
    for statement in outline.walk():
        if (word := _file(statement, snippets)) is not None:
            where = _bring(word, files, snippets, 0)
            for n in range(statement.line - 1, len(lines)):
                if word in lines[n]:
                    lines[n] = _replaced(lines[n], word, where)
                    break
    return "\n".join(lines)


def _file(statement: Statement, snippets: set[str]) -> str | None:
    if statement.name in _READ_AT_ONCE and len(statement.words) > 1:
        return statement.words[1]
    if statement.name != "import" or len(statement.words) < 2:
        return None
    word = statement.words[1]
    return None if f"({word})" in snippets else word


def _bring(word: str, files: Files, snippets: set[str], depth: int) -> str:
    if "{" in word:
        raise files.refusal(word, "depends on where it is imported")
    if depth > DEEPEST:
        raise CaddyfileError(f"Files import each other, `{word}` among them.", files.text)
    pattern = files.find(word)
    for path in sorted(glob.glob(str(pattern))):
        _look_inside(files.find(path), files, snippets, depth)
        files.bring(Path(path))
    return files.bring(pattern)


def _look_inside(path: Path, files: Files, snippets: set[str], depth: int) -> None:
    if not path.is_file():
        return
    outline = parse(path.read_text("utf-8", errors="replace"))
    known = snippets | {s.name for s in outline.statements if s.name.startswith("(")}
    inner = Files(files.text, path.parent, files.allowed, files.bring)
    for statement in outline.walk():
        if (word := _file(statement, known)) is not None:
            _bring(word, inner, known, depth + 1)


def _replaced(line: str, word: str, where: str) -> str:
    found = re.search(rf'(?P<quote>["`]?){re.escape(word)}(?P=quote)(?!\S)', line)
    return line if not found else f"{line[: found.start()]}`{where}`{line[found.end() :]}"
