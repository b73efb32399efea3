"""Caddy's refusals explained: its own words, the learner's line, one sentence of help."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from string import Template

from caddylab._caddy.advice.foreign_word import meaning
from caddylab._caddy.advice.mistakes import MISTAKES, NO_DIRECTIVE, Mistake
from caddylab._caddy.advice.vocabulary import OPTIONS, POLICIES, TRANSPORT
from caddylab._caddy.text.tokens import Outline, Statement, parse
from caddylab._caddy.text.variables import Unset
from caddylab._errors import CaddyfileError

_EXAMPLES = {**TRANSPORT, **OPTIONS, **POLICIES}

# Where inside Caddy it went wrong: true, but no help to the author of a Caddyfile.
_STATION = re.compile(
    r"""(?: adapting\ config\ using\ \w+\ adapter
          | loading\ (?:new\ )?config
          | parsing\ caddyfile\ tokens\ for\ '[^']*'
          | getting\ module\ named\ '[^']*'
          | (?:loading\ )?\w+\ app\ module
          | loading\ (?:handler|matcher)\ modules | loading\ module\ '[^']*'
          | loading\ (?:(?:load\ balancing|fallback)\ selection\ policy|transport)
          | module\ name\ '[^']*'
          | provision\ [\w.]+
          | server\ \w+ | route\ \d+ | position\ \d+
          | setting\ up\ (?:route\ handlers|route\ matchers|error\ handling\ routes|subroutes)
          | http(?:\.\w+)+
          | invalid\ configuration
          | Caddyfile:\d+
        ):\ """,
    re.VERBOSE,
)
_PLACE = re.compile(r",? at Caddyfile:\d+(?: import chain:? \[.*?\])?")
_LINE = re.compile(r"Caddyfile:(\d+)")
_JSON = re.compile(r'\s*(?:\{|\[\s*\{?)\s*"')


def refuse(message: str, text: str) -> CaddyfileError:
    """Turn Caddy's refusal into an error that a beginner can act upon.

    Args:
        message: the `error` of Caddy's answer to POST /adapt or POST /load.
        text: the Caddyfile that was refused.

    Returns:
        Caddy's own words without its inner whereabouts, the line that they are about where
        Caddy names one or it can be found, and help for a common mistake; no help is made up
        for any other.
    """
    line, outline = _named_line(message), parse(text)
    source = _source(text, line)
    surplus = "surplus }" if outline.surplus else ""
    begins = "begins like JSON" if _JSON.match(text) else ""
    context = "\n".join([message, source, surplus, begins, f"inside {_outermost(outline, line)}"])
    for mistake in MISTAKES:
        fields = _fields(mistake, context, source)
        help = _filled(mistake.help, fields) if fields is not None else None
        if fields is not None and help is not None:
            found = mistake.find(outline, fields) if mistake.find else None
            return CaddyfileError(_reason(message), text, found or line, help)
    return CaddyfileError(_reason(message), text, line)


def refuse_unset(missing: Sequence[Unset], message: str, text: str) -> CaddyfileError:
    """The same for a Caddyfile that is refused because environment variables are not set.

    Args:
        missing: the variables, of which there is at least one.
        message: Caddy's refusal.
        text: the Caddyfile that was refused.
    """
    line = _named_line(message)
    guilty = next((variable for variable in missing if variable.line == line), missing[0])
    reason = f"{guilty}, so for Caddy nothing stands there: {_reason(message)}"
    return CaddyfileError(reason, text, guilty.line, guilty.help)


def unheard_of(error: CaddyfileError, word: str) -> bool:
    """Whether `word`, which Caddy does not know, is like nothing that we know either."""
    return error.help in ("", Template(NO_DIRECTIVE).substitute(word=word))


def _reason(message: str) -> str:
    reason = message.strip()
    while station := _STATION.match(reason):
        reason = reason[station.end() :]
    return _PLACE.sub("", reason)


def _named_line(message: str) -> int | None:
    named = _LINE.search(message)
    return int(named[1]) if named else None


def _source(text: str, line: int | None) -> str:
    lines = text.splitlines()
    return lines[line - 1].strip() if line and line <= len(lines) else ""


def _fields(mistake: Mistake, context: str, source: str) -> dict[str, str] | None:
    match = re.search(mistake.pattern, context)
    if match is None:
        return None
    fields = {name: value for name, value in match.groupdict().items() if value is not None}
    word = fields.get("word", "")
    option, policy, *_ = [*re.findall(r"[\w.-]+", source), "", ""]
    fields |= {"option": option} if option else {}
    fields |= {"near": _nearest(word, mistake)} if mistake.names else {}
    fields |= (
        {"meaning": meaning(mistake.table, word, _behind(word, source))} if mistake.table else {}
    )
    example = _EXAMPLES.get(word) or POLICIES.get(policy) or _EXAMPLES.get(option)
    fields |= {"example": re.sub(r"\n\t?", " ⏎ ", example)} if example else {}
    return None if "" in (fields.get("near"), fields.get("meaning")) else fields


def _behind(word: str, source: str) -> list[str]:
    """What follows a word on its line."""
    split = source.replace("=", " ", 1) if f"{word}=" in source else source
    words = [each.rstrip(";") for each in split.split() if each not in "{}"]
    return words[words.index(word) + 1 :] if word in words else []


def _outermost(outline: Outline, line: int | None) -> str:
    """The first word of the block at the top that a line lies in, or of the file."""
    above = [block for block in outline.statements if block.body and block.line <= (line or 0)]
    return (above or outline.statements or [Statement(0, [])])[-1 if above else 0].name


def _nearest(word: str, mistake: Mistake) -> str:
    word = word.lower().replace("-", "_")
    begun = [name for name in mistake.names if word and name.startswith(word)]
    return (begun or get_close_matches(word, mistake.names, 1, mistake.cutoff) or [""])[0]


def _filled(help: str, fields: dict[str, str]) -> str | None:
    try:
        return Template(help).substitute(fields)
    except KeyError:  # the message or the line lacks a part that this help speaks of
        return None
