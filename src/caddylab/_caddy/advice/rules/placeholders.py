"""Rules about placeholders that are none."""

from __future__ import annotations

import re
from collections.abc import Iterator

from caddylab._caddy.adapted.flow import Step
from caddylab._caddy.adapted.tree import strings
from caddylab._caddy.advice import placeholders
from caddylab._caddy.advice.rules.plugins import has_plugins
from caddylab._caddy.advice.rules.registry import Findings, Remark, rule
from caddylab._caddy.advice.rules.subject import Subject
from caddylab._caddy.text.tokens import Statement

_PLACEHOLDER = re.compile(r"\{([a-z][\w.-]*)\}")
_FAMILIES = "|".join(set(placeholders.LONG) - {"file"})  # `{file.token.txt}` is what that file has
_SHORTHAND = re.compile(rf"\{{({_FAMILIES})\.([\w.*-]+)\}}")
_WILDCARD = re.compile(r"\{http\.(?:request|response|reverse_proxy|regexp|vars)[\w.]*\.\*\}")
_BLANK = re.compile(r"\{(?:\s+([a-z][\w.-]*)\s*|([a-z][\w.-]*)\s+)\}")
_NESTED = ("routes", "handle_response", "errors")
_ONE = re.compile(r"\{[a-z][\w.-]*\}")
_CADDY1 = re.compile(r"\{(?P<kind>[>~])(?P<name>[\w-]+)\}")
_KINDS = {">": "header", "~": "cookie"}
_SET_WHOLE = ("header_up", "header_down", "request_header")
_LEAVE_EMPTY = ("rewrite", "uri", "vars", "map")
_DIALLED = ("reverse_proxy", "to", "php_fastcgi", "forward_auth")
_PLAIN = "it stays there as plain text"


@rule(
    "unknown-placeholder",
    "A placeholder that Caddy does not know",
    write="See Caddy's list of placeholders.",
)
def unknown(subject: Subject) -> Findings:
    """An unknown placeholder has no value: in headers and answers it stays there as plain text, in
    a path nothing is left of it, in a rewritten query it is `<nil>`, `log_append` logs `null`, and
    an upstream cannot be dialled.
    """
    mapped, variables = _mapped(subject), _variables(subject)
    used = set(_PLACEHOLDER.findall("\n".join(strings(subject.config))))
    alone_here = not has_plugins(subject)
    logged = {step.handler.get("value") for step in subject.steps if step.name == "log_append"}
    for statement in subject.outline.walk():
        for name in (
            [] if statement.name == "map" else _PLACEHOLDER.findall(" ".join(statement.words))
        ):
            strange = (
                alone_here and placeholders.unheard_of(name) and _is_in_a_line(name, statement)
            )
            known = placeholders.known(name) and not strange
            if known or name in mapped or not _matters(name, subject, used):
                continue
            near = f"vars.{name}" if name in variables else placeholders.nearest(name)
            near = near or (placeholders.meant(name) if strange else None)
            whole = statement.name in ("log_append", "import") and bool(
                logged & {f"{{{name}}}", f"{{{placeholders.long(name)}}}"}
            )
            # A bare word may be anything (a template's): only a near miss is a mistake. An
            # address is none of those.
            alone = statement.name in _SET_WHOLE and f"{{{name}}}" in statement.words
            if near or whole or alone or "." in name or statement.name in _DIALLED:
                queried = any(in_query(f"{{{name}}}", word) for word in statement.words)
                effect = _effect(statement.name, whole, queried)
                message = f"Caddy knows no `{{{name}}}`: {effect}."
                yield Remark(statement.line, message, f"Did you mean `{{{near}}}`?" if near else "")


def _is_in_a_line(name: str, statement: Statement) -> bool:
    """Whether it stands elsewhere than in a page, where such braces may be a program's."""
    return any(f"{{{name}}}" in word and "\n" not in word for word in statement.words)


def _matters(name: str, subject: Subject, used: set[str]) -> bool:
    """Whether it has come as far as Caddy's JSON; a snippet that is not imported has not."""
    return not subject.config or placeholders.long(name) in used or name in used


def _mapped(subject: Subject) -> set[str]:
    """The placeholders that a `map` of this Caddyfile defines."""
    heads = (" ".join(statement.words) for statement in subject.statements("map"))
    return {name for head in heads for name in _PLACEHOLDER.findall(head)}


def _variables(subject: Subject) -> set[str]:
    """The names that a `vars` of this Caddyfile defines."""
    named = [line for statement in subject.statements("vars") for line in statement.walk()]
    return {word for statement in named for word in statement.words if word != "vars"}


def in_query(word: str, text: str) -> bool:
    """Whether `word` stands behind the question mark of a URL."""
    return "?" in text.partition(word)[0] and word in text


def _effect(directive: str, whole: bool, queried: bool = False) -> str:
    if directive == "rewrite" and queried:
        return "`<nil>` stands in its place"
    if directive in ("log_append", "import") and whole:
        return "it logs `null`"
    if directive in _LEAVE_EMPTY:
        return "nothing is left of it"
    if directive in _DIALLED:
        return "no such address can be dialled, and each request gets 502"
    return _PLAIN


@rule(
    "placeholder-not-expanded",
    "A placeholder with a `*` or a dot too many",
    write="Name one, such as `{cookie.session}`.",
)
def not_expanded(subject: Subject) -> Findings:
    """Behind `{cookie.`, `{header.` and the like stands one name of letters, digits and `-`.
    Anything else stays plain text; there is no `*` for all of them. `log_append` takes one
    placeholder alone.
    """
    yield from _beside_others(subject)
    for step, text in _texts(subject):
        for match in _SHORTHAND.finditer(text):
            family, name = match.groups()
            message = f"Caddy does not know `{match[0]}`: {_effect_of(step, text)}."
            yield Remark(subject.line_of(match[0]), message, _spelled(family, name))
        for old in _CADDY1.finditer(text):
            new = f"{{{_KINDS[old['kind']]}.{old['name']}}}"
            message = f"`{old[0]}` is of Caddy 1: {_effect_of(step, text)}."
            yield Remark(subject.line_of(old[0]), message, f"Write `{new}`.")
        for word in _WILDCARD.findall(text):
            message = (
                f"`{word}` is the one whose name is `*`, not all of them: nothing is left of it."
            )
            yield Remark(subject.line_of(word, _shorter(word)), message)


def _beside_others(subject: Subject) -> Findings:
    """What `log_append` does not replace: a placeholder with anything beside it."""
    for step in subject.steps:
        value = step.handler.get("value") if step.name == "log_append" else None
        if isinstance(value, str) and _ONE.search(value) and not _ONE.fullmatch(value):
            lines = [s.line for s in subject.statements("log_append") if _ONE.search(s.words[-1])]
            line = lines[0] if len(lines) == 1 else subject.line_of(value)
            message = "`log_append` takes one placeholder alone: this is logged as plain text."
            yield Remark(line, message, "Log each in a field of its own.")


def _spelled(family: str, name: str) -> str:
    if "*" not in name:
        return f"Write `{{{placeholders.LONG[family]}.{name}}}`."
    if family == "cookie":
        return "Name one, such as `{cookie.session}`; all cookies are passed on without a line."
    return f"Name one, such as `{{{family}.{'X-User' if family == 'header' else 'name'}}}`."


def _shorter(word: str) -> str:
    for family, name in placeholders.LONG.items():
        word = word.replace(f"{{{name}.", f"{{{family}.")
    return word


@rule(
    "blank-in-placeholder",
    "A placeholder with blanks in its braces",
    write="Write it without blanks: `{host}`.",
)
def blank(subject: Subject) -> Findings:
    """A placeholder has no blanks between its braces; one that has stays plain text."""
    for step, text in _texts(subject):
        for match in _BLANK.finditer(text):
            name = match[1] or match[2]
            family = name.partition(".")[0]
            if name in placeholders.SHORT or (
                "." in name and family in (*placeholders.LONG, "http", "env")
            ):
                message = f"`{match[0]}` is no placeholder: {_effect_of(step, text)}."
                yield Remark(
                    subject.line_of(match[0]), message, f"Write `{{{name}}}`, without blanks."
                )


def _texts(subject: Subject) -> Iterator[tuple[Step, str]]:
    """What handlers replace placeholders in; a page that is written out is not looked at."""
    for step in subject.steps:
        handler = {key: value for key, value in step.handler.items() if key not in _NESTED}
        if step.name == "static_response" and "\n" in str(handler.get("body", "")):
            del handler["body"]
        for text in dict.fromkeys(strings(handler)):
            yield step, text


def _effect_of(step: Step, text: str) -> str:
    dialled = [upstream.get("dial") for upstream in step.handler.get("upstreams", [])]
    if step.name == "reverse_proxy" and text not in dialled:  # in one of its headers
        return _PLAIN
    return _effect(step.name, bool(re.fullmatch(r"\{[^{}]*\}", text)))
