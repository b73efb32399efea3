"""The common mistakes: how Caddy words them, and what a beginner needs to hear.

The first entry that fits wins, so the particular stand before the general. A pattern is
searched in Caddy's message and, on the lines below it, the learner's own line and "surplus }"
if the file closes more than it opens. Its named groups fill the `$word`s of the help; besides
these there are `$option` (the first word of the learner's line), `$example` (right use of the
word or the option), `$meaning` (of a `$word` in `table`) and `$near` (the one of `names` that is
most like `$word`). Where one of them is missing the entry does not fit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from string import Template

from caddylab._caddy.advice import foreign
from caddylab._caddy.advice import vocabulary as known
from caddylab._caddy.advice.foreign import Foreign
from caddylab._caddy.text.tokens import Outline

Find = Callable[[Outline, Mapping[str, str]], int | None]


@dataclass(frozen=True)
class Mistake:
    """One mistake; `find` looks for its line where Caddy names none, or a wrong one."""

    pattern: str
    help: str
    names: tuple[str, ...] = ()
    find: Find | None = None
    cutoff: float = 0.6
    """How alike (0 to 1) the word and its nearest name must be."""
    table: tuple[Foreign, ...] = ()
    """Words of other programs, whose meaning is the help: `$meaning`."""


def _only(pattern: str) -> Find:
    """The one line with `pattern` (its `$word`s filled in); nothing when several have it."""

    def find(outline: Outline, fields: Mapping[str, str]) -> int | None:
        quoted = {name: re.escape(value) for name, value in fields.items()}
        wanted = re.compile(Template(pattern).substitute(quoted))
        lines = {s.line for s in outline.walk() if wanted.search(" ".join(s.words))}
        return lines.pop() if len(lines) == 1 else None

    return find


def _second_site(outline: Outline, fields: Mapping[str, str]) -> int | None:
    sites = outline.sites(fields["word"])
    return sites[1].line if len(sites) > 1 else None


def _surplus_brace(outline: Outline, fields: Mapping[str, str]) -> int | None:
    return outline.surplus


def _late_globals(outline: Outline, fields: Mapping[str, str]) -> int | None:
    return next((s.line for s in outline.statements[1:] if not s.words), None)


def _one_of(words: Iterable[str]) -> str:
    return rf"(?P<word>{'|'.join(map(re.escape, words))})(?![\w.-])"


NO_DIRECTIVE = (
    "A line of a site begins with a directive, such as `reverse_proxy`, `respond` or `log`;"
    " `$word` is none."
)
"""The help for a word that is like nothing we have heard of."""

_IN_PROXY = "tokens for 'reverse_proxy': "
_NO_SUCH = _IN_PROXY + "unrecognized subdirective "
_POLICY = r"module not registered: http\.reverse_proxy\.selection_policies\."
_ARGUMENTS = "wrong argument count or unexpected line ending after "
_PAIR = "`reverse_proxy backend1:8080 backend2:8080`"

_BRACES = (
    Mistake(
        r"(?:parsing upstream '|curly brace: '|not registered: (?:\w+\.)+)(?P<word>[^'{ ]+)\{",
        "Put a space before the brace: `$word {`.",
    ),
    Mistake(
        r"subject does not qualify for certificate: '\}'|a second site(?s:.*)\nsurplus }",
        "There is one `}` too many (or a `{` that belongs to it is missing or not set apart by"
        " a space); take it away.",
        find=_surplus_brace,
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
        find=_late_globals,
    ),
)

_SITES = (
    Mistake(
        r"ambiguous site definition: (?P<word>\S+)",
        "Two sites have the address `$word`: put their lines into one, or change one address.",
        find=_second_site,
    ),
    Mistake(
        "parsed '(?P<word>[^']+)' as a site address, but it is a known directive",
        "`$word` must stand inside a site: `:80 {` on a line above it, `}` on a line below it;"
        " if they are there, a `}` before this line ends the site too early.",
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
        find=_only(r":$word\b"),
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
        """subject does not qualify for certificate: '[{"]""",
        "This looks like JSON; a Caddyfile begins with a site, such as `:80 {`.",
    ),
    Mistake(
        "caddyfile adapter: EOF", "The Caddyfile is empty; begin with a site, such as `:80 {`."
    ),
)

_DIRECTIVES = (
    Mistake(
        "unrecognized directive: " + _one_of(known.OPTIONS),
        "`$word` is an option of `reverse_proxy`: it belongs between the braces of"
        " `reverse_proxy backend1:8080 backend2:8080 {` and `}`.",
    ),
    Mistake(
        "unrecognized directive: " + _one_of(known.TRANSPORT),
        "`$word` belongs between the braces of `transport http {` and `}`, and these between"
        " the braces of `reverse_proxy`.",
    ),
    Mistake(
        r"unrecognized directive: (?://|/\*|--|;)",
        "A comment begins with `#`.",
    ),
    Mistake(r"unrecognized directive: (?P<word>[\w-]+)", "$meaning", table=foreign.SITE),
    Mistake(
        r"unrecognized directive: (?P<word>[\w-]+)",
        "$meaning It belongs between the braces of `reverse_proxy`.",
        table=foreign.PROXY,
    ),
    Mistake(
        r"unrecognized directive: (?P<word>[\w-]+)",
        "Did you mean `$near`?",
        names=known.DIRECTIVES,
        cutoff=0.85,
    ),
    Mistake(
        r"unrecognized directive: (?P<word>[\w-]+)",
        "Did you mean `$near`? It is an option of `reverse_proxy` and belongs between its braces.",
        names=tuple(known.OPTIONS)[2:],
    ),
    Mistake(
        r"unrecognized directive: (?P<word>[\w-]+)", "Did you mean `$near`?", names=known.DIRECTIVES
    ),
    Mistake(
        r"unrecognized directive: (?P<word>\S+)",
        NO_DIRECTIVE,
    ),
    Mistake(
        r"unrecognized global option: (?P<word>\w+)",
        "Did you mean `$near`?",
        names=known.GLOBAL_OPTIONS,
    ),
    Mistake(
        "File to import not found: (?P<word>[^,]+)",
        "There is no snippet `($word) {` in this file, nor a file of that name.",
    ),
    Mistake(
        r"unrecognized matcher name: (?P<word>@[^,\s]+)",
        "Define it in the same site, on a line such as `$word path /api/*`.",
        find=_only("$word"),
    ),
    Mistake(
        r"http\.matchers\.(?P<word>[A-Z]+)\b",
        "Write the kind of matcher first: `method $word`.",
    ),
    Mistake(
        r"module not registered: http\.matchers\.(?P<word>\w+)",
        "Did you mean `$near`?",
        names=known.MATCHERS,
        find=_only(r"@\S+ (?:not )?$word\b"),
    ),
)

_OPTIONS = (
    Mistake(
        _NO_SUCH + r"\w+[=:]",
        "Between an option and its value stands a space, no sign: `$example`.",
    ),
    Mistake(_NO_SUCH + r"(?P<word>[\w-]+),", "$meaning", table=foreign.PROXY),
    Mistake(
        _NO_SUCH + r"(?P<word>[^,]+),.*\n(?P<first>\w+)\s.*(?P=word)",
        "`$option` has one value too many, `$word`; the right form is `$example`.",
    ),
    Mistake(
        _NO_SUCH + _one_of(known.TRANSPORT),
        "`$word` belongs between the braces of `transport http {` and `}`, inside those of"
        " `reverse_proxy`.",
    ),
    Mistake(
        _NO_SUCH + _one_of(known.OPTIONS),
        "`$word` belongs to `reverse_proxy` itself: move it out of the braces around it.",
    ),
    Mistake(
        _NO_SUCH + _one_of(known.DIRECTIVES),
        "`$word` is a directive of the site: it stands after the `}` of `reverse_proxy`, which"
        " may be missing above.",
    ),
    Mistake(
        _NO_SUCH + r"(?P<word>\S+:\d+)",
        "Upstreams stand on the line of `reverse_proxy` itself, or after `to`: `to $word`.",
    ),
    Mistake(
        _NO_SUCH + r"(?P<word>\S+),",
        "Did you mean `$near`?",
        names=(*known.OPTIONS, *known.TRANSPORT),
    ),
    Mistake(
        r"tokens for 'log': unrecognized subdirective:? (?P<word>\w+)",
        "Did you mean `$near`?",
        names=known.LOG,
    ),
    Mistake(
        "selection policy already specified",
        "A `reverse_proxy` has one `lb_policy`: delete one of the two lines.",
    ),
)

_POLICIES = (
    Mistake(_POLICY + r"\S*[;,](?=,|\n|$)", "A line of a Caddyfile ends without `;` or `,`."),
    Mistake(
        _POLICY + "[=:]", "Between an option and its value stands a space, no sign: `$example`."
    ),
    Mistake(_POLICY + "[“”„‘’]", "Leave the quotes out: `$example`."),
    Mistake(_POLICY + r"(?P<word>[\w-]+)", "$meaning", table=foreign.POLICIES),
    Mistake(
        _POLICY + "(?i:stick|session)",
        "The policy that keeps a client at one upstream is `lb_policy cookie` (or `ip_hash`).",
    ),
    Mistake(_POLICY + r"(?P<word>[\w-]+)", "Did you mean `$near`?", names=tuple(known.POLICIES)),
    Mistake(_POLICY, f"Caddy's policies are {', '.join(known.POLICIES)}."),
    Mistake(
        "choose must be at least 2",
        "`random_choose` picks the least busy of a few: `lb_policy random_choose 2`.",
        find=_only(r"\brandom_choose 1\b"),
    ),
    Mistake(
        "at least one upstream with a positive weight",
        "With all weights 0 nobody gets a request: `lb_policy weighted_round_robin 3 1`.",
        find=_only(r"\bweighted_round_robin(?: 0)+\b"),
    ),
    Mistake(
        "weight should be non-negative",
        "A weight is 0 (no requests) or more: `lb_policy weighted_round_robin 3 1`.",
    ),
)

_MODULES = (
    Mistake(
        r"http\.reverse_proxy\.transport\.(?P<word>\w+)",
        "The transport for HTTP, and for HTTPS too, is `transport http`.",
    ),
    Mistake(
        r"caddy\.logging\.writers\.(?P<word>\w+)",
        "Did you mean `output $near`?",
        names=known.WRITERS,
    ),
    Mistake(
        r"caddy\.logging\.encoders\.(?P<word>\w+)",
        "Did you mean `format $near`?",
        names=known.ENCODERS,
    ),
)

_VALUES = (
    Mistake(
        r"missing unit in duration \"(?P<number>\d+)\".*\n.*\s(?P=number) +(?P<unit>ms|s|m|h)\b",
        "Between a number and its unit there is no space: `$option $number$unit`.",
    ),
    Mistake(
        r"missing unit in duration \"(?P<number>[^\"]+)\"",
        "A duration needs its unit: `$option ${number}s` is $number seconds (also: ms, m, h, d).",
    ),
    Mistake(
        r"unknown unit \"(?P<word>[^\"]+)\" in duration",
        "Caddy's units are ms, s, m, h and d, so not `$word`: write it like `$example`.",
    ),
    Mistake(
        r"(?:time: invalid duration|invalid duration:)",
        "A duration is a number with its unit, such as `500ms`, `10s` or `2m`.",
    ),
    Mistake(
        "bad status value '[^']*'",
        "A status is a number, or a class of numbers such as `5xx`; the right form is `$example`.",
    ),
    Mistake(
        "bad port number|health_upstream is malformed|invalid byte size",
        "The right form is `$example`.",
    ),
    Mistake(
        "choice value|weight value",
        "Here stands a whole number, as in `lb_policy random_choose 2` or"
        " `lb_policy weighted_round_robin 3 1`.",
    ),
    Mistake(r"strconv\.Atoi: parsing", "`$option` takes a whole number: `$example`."),
    Mistake(
        _IN_PROXY
        + _ARGUMENTS
        + "'"
        + _one_of(("random_choose", "header", "query", "weighted_round_robin")),
        "Something is missing after `$word`: `$example`.",
    ),
    Mistake(
        _IN_PROXY + _ARGUMENTS + r"'(?P<word>\w+)'.*\n(?P=word)\b",
        "`$word` needs a value: `$example`.",
    ),
    Mistake(
        _IN_PROXY + _ARGUMENTS + "'(?P<word>[^']*)'",
        "`$word` is too much on this line; the right form is `$example`.",
    ),
    Mistake(
        "compiling regular expression",
        "`health_body` takes a regular expression; brackets meant as text need a backslash.",
        find=_only(r"^health_body\b"),
    ),
    Mistake(
        "expects return type of bool",
        "An `expression` must say yes or no: compare, as in `{rp.is_transport_error} == true`.",
        find=_only(r"^expression\b|^lb_retry_match expression\b"),
    ),
)

_UPSTREAMS = (
    Mistake("parsing upstream '[^']*,'", f"Separate upstreams by spaces, without commas: {_PAIR}."),
    Mistake("parsing upstream '[^']*;'", "A line of a Caddyfile ends without `;`."),
    Mistake(
        "only support scheme, host, and port components",
        "An upstream is `host:port` without a path: `backend1:8080`; to change the path of the"
        " requests there is `rewrite`.",
    ),
    Mistake(
        "invalid start port|invalid end port",
        "An upstream is `host:port`, the port a number from 1 to 65535: `backend1:8080`.",
    ),
    Mistake(
        "all proxy upstreams must use the same scheme",
        "The upstreams of one `reverse_proxy` are all `http://` or all `https://`.",
    ),
    Mistake("unsupported URL scheme", f"Leave the scheme out: {_PAIR}."),
)

_REQUEST = (
    Mistake(
        "decoding request body: invalid character|unrecognized config adapter",
        "Caddy took the text for something else: send a Caddyfile with the header"
        " `Content-Type: text/caddyfile`.",
    ),
)

MISTAKES = (
    *_BRACES,
    *_SITES,
    *_DIRECTIVES,
    *_OPTIONS,
    *_POLICIES,
    *_MODULES,
    *_UPSTREAMS,
    *_VALUES,
    *_REQUEST,
)
