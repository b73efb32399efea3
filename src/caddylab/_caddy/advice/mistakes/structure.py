"""Braces, sites, and texts that are no Caddyfile."""

from __future__ import annotations

from caddylab._caddy.advice import foreign
from caddylab._caddy.advice.mistakes.mistake import (
    Mistake,
    late_globals,
    only,
    only_block,
    second_site,
    surplus_brace,
)

TEMPLATES = (
    Mistake(
        "\nbegins like JSON\n",
        "This looks like JSON; a Caddyfile begins with a site, such as `:80 {`.",
    ),
    Mistake(
        r"\A[^\n]*(?:\{\{|\}\}|\{%|<%|%>)",
        "This is a template, to be filled in by another program: give the file that comes of it.",
    ),
    Mistake(
        r"\A[^\n]*\$\{(?P<word>[A-Za-z_]\w*)\}",
        "A Caddyfile has variables of the environment as `{$$$word}`.",
        find=only(r"\$$\{$word\}"),
    ),
    Mistake(
        r"\A[^\n]*'(?:https?://)?\$(?P<word>[A-Za-z_]\w*)",  # Caddy reports it in lower case
        "A Caddyfile has variables of the environment as `{$$NAME}`.",
        find=only(r"(?i)\$$$word\b"),
    ),
)

BRACES = (
    Mistake(
        "parsing upstream '[a-z0-9]+://[^']*': due to parsing difficulties, placeholders",
        "Leave the scheme out: `reverse_proxy {…}:8080`; that it is to be HTTPS says `tls` within"
        " `transport http { … }`.",
    ),
    Mistake(
        r"(?:parsing upstream '|curly brace: '|not registered: (?:\w+\.)+)(?P<word>[^'{ ]+)\{",
        "Put a space before the brace: `$word {`.",
    ),
    Mistake(
        r"subject does not qualify for certificate: '\}'|a second site(?s:.*)\nsurplus }",
        "There is one `}` too many (or a `{` that belongs to it is missing or not set apart by"
        " a space); take it away.",
        find=surplus_brace,
    ),
    Mistake(
        r"Unexpected '\{' on a new line",
        "A `{` stands at the end of the line that it belongs to: `reverse_proxy backend1:8080 {`.",
    ),
    Mistake(
        r"Unexpected next token after '\{' on same line",
        "After a `{` a new line begins: each option and the `}` have a line of their own.",
    ),
    Mistake(
        r"Unexpected '\}' because no matching opening brace",
        "A `{` ends its line and a `}` has a line of its own: write the block on several lines.",
    ),
    Mistake(
        r"syntax error: unexpected token '[^']*\}', expecting '\}'",
        "A `}` stands on a line of its own.",
    ),
    Mistake(
        r"syntax error: unexpected token|unexpected EOF",
        "The file ends too early: every `{` needs its `}`, every opening quote its closing one.",
    ),
    Mistake(
        "server block without any key is global configuration",
        "Only the first block of the file may have no address in front: move the global options"
        " to the top, or write the site's address, such as `:80 {`.",
        find=late_globals,
    ),
)

SITES = (
    Mistake(
        r"unrecognized directive: (?s:.*)\ninside (?P<word>\S+)$",
        "$meaning",
        table=foreign.FRAMES,
        find=only_block,
    ),
    Mistake(
        r"ambiguous site definition: (?P<word>\S+)",
        "Two sites have the address `$word`: put their lines into one, or change one address.",
        find=second_site,
    ),
    Mistake(
        "parsed '(?P<word>[^']+)' as a site address, but it is a known directive",
        "`$word` must stand inside a site: `:80 {` on a line above it, `}` on a line below it;"
        " if they are there, a `}` before this line ends the site too early.",
    ),
    Mistake(
        r"matchers may not be defined globally.*found (?P<word>@[^,\s]+)",
        "`$word` must stand inside a site: `:80 {` on a line above it, `}` on a line below it.",
    ),
    Mistake(
        r"unrecognized directive: (?:with|for|if|print\(|lab\.)",
        "This looks like Python: a `%%caddyfile` cell holds the Caddyfile and nothing else, so give"
        " these lines a cell of their own.",
    ),
    Mistake(
        r"unrecognized directive: (?P<word>[\w.-]+)(?s:.*)Did you mean to define a second site",
        "$meaning The site's address is followed by a `{`, and its lines by a `}`.",
        table=foreign.IN_A_SITE,
    ),
    Mistake(
        "Did you mean to define a second site",
        "Every site begins with its address and a `{`, such as `:80 {`, and ends with a `}` on"
        " a line of its own.",
    ),
    Mistake(
        r"unrecognized directive: (?P<word>\S*:\d+)",
        "The site `$word` begins inside another one: close that with a `}` on a line above.",
    ),
    Mistake(
        "parsing key: (?:invalid )?port '?(?P<word>[^': ]+)",
        "A port is a number from 1 to 65535; a site on port 80 is `:80 {`.",
        find=only(r":$word\b"),
    ),
    Mistake(
        "cannot natively multiplex HTTP and HTTPS",
        "One port is either HTTP or HTTPS: give the two sites different ports.",
    ),
    Mistake(
        "single argument must either be 'internal'",
        "For plain HTTP begin the site with `http://`; for a certificate of Caddy's own authority"
        " write `tls internal`.",
    ),
    Mistake(
        r"subject does not qualify for certificate: '(?P<word>[^']+)'",
        "`$word` is no name that a host can have, so there is no certificate for it: write your"
        " site's own name, such as `shop.example.com {`, or `http://` before it.",
        find=only(r"(?:^|[\s,/])$word(?:[\s,:/]|$$)"),
    ),
    Mistake(r"\A(?:[^\n]*: )?EOF\n", "The Caddyfile is empty; begin with a site, such as `:80 {`."),
)

REQUEST = (
    Mistake(
        "decoding request body: invalid character|unrecognized config adapter",
        "Caddy took the text for something else: send a Caddyfile with the header"
        " `Content-Type: text/caddyfile`.",
    ),
)
