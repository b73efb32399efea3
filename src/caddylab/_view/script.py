"""The view's JavaScript: ES modules, put together into the one script that a widget or page takes.

A browser cannot fetch modules from a kernel, nor from a saved page; so each becomes a function
with a scope of its own, and its imports and exports become names handed on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).with_name("browser")
IMPORT = re.compile(r'^import \{([^}]*)\} from "\./(\w+)\.js";$', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:class|function|const) (\w+))", re.MULTILINE)


def pack(entry: str, folder: Path = FOLDER) -> str:
    """A script that makes a constant of each module, those first that others import."""
    return "\n".join(_in_order(entry, folder, []))


def _in_order(name: str, folder: Path, seen: list[str]) -> Iterator[str]:
    if name in seen:
        return
    seen.append(name)
    source = (folder / f"{name}.js").read_text("utf-8")
    for _, other in IMPORT.findall(source):
        yield from _in_order(other, folder, seen)
    yield _scope(name, source)


def _scope(name: str, source: str) -> str:
    body = EXPORT.sub("", IMPORT.sub(r"const {\1} = \2;", source))
    exports = ", ".join(EXPORT.findall(source))
    return f"const {name} = (() => {{\n{body}\nreturn {{ {exports} }};\n}})();"


SCRIPT = pack("view")
