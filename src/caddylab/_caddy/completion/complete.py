"""Making a Caddyfile whole: what this machine or this Caddy lacks is invented or left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from caddylab._caddy.advice.explain import refuse
from caddylab._caddy.completion.invented import invent
from caddylab._caddy.completion.skipping import (
    missing,
    not_imported,
    statement_of,
    unknown,
    without,
)
from caddylab._caddy.completion.substitution import Substitution
from caddylab._caddy.safety.files import OUTSIDE
from caddylab._caddy.safety.imports import Imports
from caddylab._caddy.text.tokens import Statement, parse
from caddylab._caddy.text.variables import fill
from caddylab._errors import CaddyfileError

Read = Callable[[str], Imports]
"""Returns the files that a text imports."""
Refused = Callable[[str, Imports], str]
"""Has Caddy adapt a text and what it imports; returns Caddy's refusal, if any."""

Left = tuple[Statement, Statement, str]
"""What is left out, which part of it Caddy does not take, and what to say about that."""

MOST = 100
"""The largest number of parts that are left out."""

LINE = re.compile(r"(?:Caddyfile|-):(\d+)")
KEPT_OUT = re.compile(r"reads `([^`]+)` on this machine")

PLUGINS_ONLY = ("dns.providers.", "caddy.storage.", "caddy.listeners.", "events.handlers.")
"""Kinds of modules that are hardly ever Caddy's own: a name there is a plugin's."""


@dataclass
class Completed:
    """A Caddyfile that Caddy can read; its lines correspond to those of the one that was given.

    Attributes:
        imports: the files that it imports, likewise.
    """

    text: str
    substitutions: list[Substitution] = field(default_factory=list)
    imports: Imports = field(default_factory=dict)

    def of(self, file: Path | None) -> str:
        """The text of an imported file; None = the Caddyfile's own text."""
        return self.imports[file].text if file else self.text

    def put(self, file: Path | None, text: str) -> None:
        """Replace the text of an imported file; None = the Caddyfile's own text."""
        if file:
            self.imports[file] = replace(self.imports[file], text=text)
        else:
            self.text = text


def complete(
    text: str,
    values: Mapping[str, str],
    refused: Refused,
    read: Read = lambda _: {},
    *,
    own: bool,
) -> Completed:
    """Fill in a Caddyfile's variables, and leave out what this Caddy does not know.

    Args:
        text: the Caddyfile.
        values: the environment.
        refused: has Caddy adapt a text and what it imports; returns Caddy's refusal, if any.
        read: returns the files that a text imports.
        own: whether it is somebody's own file: then variables that are not set are invented, and
            files and directives that nobody knows are left out, too. In a lesson they are slips.
    """
    done = _filled(text, values, read, own=own)
    for _ in range(MOST):
        message = refused(done.text, done.imports)
        if not message or not _leave_out(done, message, own):
            break
    return done


def _filled(text: str, values: Mapping[str, str], read: Read, *, own: bool) -> Completed:
    invented, said = invent(parse(text), values) if own else ({}, [])
    values = {**values, **invented}
    done = Completed(fill(text, values), said)
    try:
        done.imports = read(done.text)
    except CaddyfileError:  # of a file that may not be read: the adaptation reports it
        return done
    for path, each in done.imports.items():
        outline = parse(each.text)
        more, told = invent(outline, values, each.above, each.name) if own else ({}, [])
        values = {**values, **more}
        done.substitutions += told
        done.put(path, fill(each.text, values))
    return done


def _leave_out(done: Completed, message: str, own: bool) -> bool:
    """Leave out what a refusal is about; return whether there was anything."""
    file, line = _place(done, message)
    text = done.of(file)
    found = _unknown(text, message, line, own) or _no_file(text, message, line, own)
    if found is None:
        return False
    statement, inner, means = found
    done.put(file, without(text, statement))
    stood, name = " ".join(inner.words), done.imports[file].name if file else ""
    if statement is not inner:
        means += f" The `{' '.join(statement.words)}` around it is left out with it."
    done.substitutions.append(Substitution(inner.line, stood, "", means, name))
    return True


def _place(done: Completed, message: str) -> tuple[Path | None, int | None]:
    """The file (None = the Caddyfile itself) and the line that a refusal is about."""
    for path in done.imports:
        if named := re.search(rf"{re.escape(str(path))}:(\d+)", message):
            return path, int(named[1])
    named = LINE.search(message)
    return None, int(named[1]) if named else None


def _unknown(text: str, message: str, line: int | None, own: bool) -> Left | None:
    found = unknown(message, refuse(message, text), text, line)
    if found is None:
        return None
    sure = found.plugin and (not found.module or found.module.startswith(PLUGINS_ONLY))
    if not (own or sure):
        return None
    if found.plugin is None:
        means = "This Caddy does not know it; it may be of a plugin. It does nothing here."
        return found.statement, found.inner, means
    name, left = found.plugin
    return found.statement, found.inner, f"It is of a plugin that this Caddy lacks ({name}). {left}"


def outside(error: CaddyfileError) -> str:
    """The refusal of a file that may not be read, worded for a file that can be done without."""
    found = KEPT_OUT.search(error.reason)
    return f"{error.reason} at Caddyfile:{error.line}" if found else ""


def _no_file(text: str, message: str, line: int | None, own: bool) -> Left | None:
    if not own:
        return None
    kept_out = KEPT_OUT.search(message)
    if kept_out:
        statement = inner = statement_of(text, kept_out[1].strip("'\","), line)
    else:
        gone = not_imported(message, text, line) or missing(message, text, line)
        statement, inner = (gone.statement, gone.inner) if gone else (None, None)
    if statement is None or inner is None:
        return None
    means = "There is no such file here: what it would bring is missing."
    if kept_out:
        means = OUTSIDE
    return statement, inner, means
