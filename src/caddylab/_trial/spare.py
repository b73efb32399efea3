"""One more server, for when no other is left: the last thing that a Caddyfile can do."""

from __future__ import annotations

from caddylab._caddy.text.tokens import Token, tokens

NAME = "spare:8080"
BLOCK = (
    "handle_errors 502 503 504 {",
    "\t@read method GET HEAD",
    f"\treverse_proxy @read {NAME}",
    "}",
)
"""For readers only: Caddy does not ask here whether an order was sent already."""

DIRECTIVES = {"reverse_proxy", "php_fastcgi", "handle", "handle_path", "route"}
"""Directives whose braces are not a site's: a file with a single site needs none for it."""


def with_spare(text: str, line: int) -> str:
    """The Caddyfile with a spare server for the site that the line belongs to.

    The text stays as it is where the site already says what to do with errors, and where the line
    stands in a snippet: nobody can tell which site imports it.
    """
    every = tokens(text)
    site = _site(every, line)
    if site and _name(every, site).startswith("("):
        return text
    if any(token.word == "handle_errors" for token in site or every):
        return text
    if not site:
        return text.rstrip("\n") + "\n\n" + "\n".join(BLOCK) + "\n"  # a site without braces
    at = text.rfind("\n", 0, site[-1].start) + 1
    return text[:at] + "\n" + "".join(f"\t{each}\n" for each in BLOCK) + text[at:]


def _name(all_: list[Token], block: list[Token]) -> str:
    """What stands first in the line in which a block opens."""
    return next(each.word for each in all_ if each.line == block[0].line)


def _site(all_: list[Token], line: int) -> list[Token]:
    """The tokens from the opening brace of a line's site to its closing one, if it has any."""
    depth, block = 0, list[Token]()
    for token in all_:
        opens = token.brace and token.word == "{"
        depth += opens
        if depth:
            block.append(token)
        if token.brace and not opens:
            depth -= 1
        if depth == 0 and block:
            if block[0].line <= line <= block[-1].line:
                return [] if _name(all_, block) in DIRECTIVES else block
            block = []
    return []
