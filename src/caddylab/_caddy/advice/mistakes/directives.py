"""Directives, modules and values."""

from __future__ import annotations

from caddylab._caddy.advice import foreign
from caddylab._caddy.advice import vocabulary as known
from caddylab._caddy.advice.mistakes.mistake import (
    ARGUMENTS,
    IN_PROXY,
    Mistake,
    first,
    its_expression,
    one_of,
    only,
)

NO_DIRECTIVE = (
    "A line of a site begins with a directive, such as `reverse_proxy`, `respond` or `log`;"
    " `$word` is none."
)
"""The help for a word that is like nothing we have heard of."""

_WHOLE_LINE = r"unrecognized directive: <?(?P<word>[\w.-]+)"

DIRECTIVES = (
    Mistake(
        r"unrecognized directive: compression(?s:.*)\ncompression (?P<word>algo|type|offload)\b",
        "`compression $word` is HAProxy's; in Caddy 2 write `encode zstd gzip`.",
    ),
    Mistake(
        "unrecognized directive: " + one_of(known.OPTIONS),
        "`$word` is an option of `reverse_proxy`: it belongs between the braces of"
        " `reverse_proxy backend1:8080 backend2:8080 {` and `}`.",
    ),
    Mistake(
        "unrecognized directive: " + one_of(known.TRANSPORT),
        "`$word` belongs between the braces of `transport http {` and `}`, and these between"
        " the braces of `reverse_proxy`.",
    ),
    Mistake(
        r"unrecognized directive: (?://|/\*|--|;)",
        "A comment begins with `#`.",
    ),
    Mistake(
        r"unrecognized directive: proxy\b.*\nproxy / (?P<word>\w[^{}\n]*[^{}\s])",
        "`proxy` is Caddy 1's word; in Caddy 2 write `reverse_proxy $word`.",
    ),
    Mistake(
        r"unrecognized directive: proxy\b.*\n"
        r"proxy (?P<path>/[^\s*]*?)/? (?P<word>\w[^{}\n]*[^{}\s])",
        "`proxy` is Caddy 1's word; in Caddy 2 write `reverse_proxy $path/* $word`.",
    ),
    Mistake(_WHOLE_LINE, "$meaning", table=foreign.IN_A_SITE),
    Mistake(
        "unrecognized directive: " + one_of(known.MATCHERS),
        "`$word` is a kind of matcher: write `@name $word …`, and `@name` behind a directive.",
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
        r"tokens for 'respond': unrecognized subdirective",
        "Between the braces of `respond` stand only `body` and `close`; a header has a line of its"
        " own beside it, such as `header Content-Type text/plain`.",
    ),
    Mistake(
        "cannot invoke named route '(?P<word>[^']+)'",
        "Define it beside the sites: `&($word) {`, its directives, `}`.",
        find=only(r"^invoke\b.*\b$word$$"),
    ),
    Mistake(
        "File to import not found: (?P<word>[^,]+)",
        "There is no snippet `($word) {` in this file, nor a file of that name.",
    ),
    Mistake(
        r"unrecognized matcher name: (?P<word>@[^,\s]+)",
        "Define it in the same site, on a line such as `$word path /api/*`.",
        find=only("$word"),
    ),
    Mistake(
        r"http\.matchers\.(?P<word>[A-Z]+)\b",
        "Write the kind of matcher first: `method $word`.",
    ),
    Mistake(
        r"module not registered: http\.matchers\.(?P<word>\w+)",
        "Did you mean `$near`?",
        names=known.MATCHERS,
        find=only(r"@\S+ (?:not )?$word\b"),
    ),
)

LOGS = (
    Mistake(
        r"tokens for 'log': wrong argument count(?s:.*)\n"
        r"log /\S*(?:\s+(?P<word>std(?:out|err)))(?:\s.*)?\n",
        "Caddy 1's `log / $word` is `log { ⏎ output $word ⏎ }` in Caddy 2.",
    ),
    Mistake(
        r"tokens for 'log': wrong argument count(?s:.*)\nlog (?:/\S*\s+)?(?P<word>\S+).*\n",
        "`log` takes a name at most; its file stands in a block: `log { ⏎ output file $word ⏎ }`.",
    ),
)

MODULES = (
    Mistake(
        "unsupported HTTP version: (?P<word>[^, ]+), supported",
        "`versions` takes 1.1, 2, h2c and 3, so not `$word`.",
        find=first(r"^versions .*\b$word\b"),
    ),
    Mistake(
        r"not registered: http\.reverse_proxy\.transport\.(?P<word>\w+)",
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

VALUES = (
    Mistake(
        "Not a supported redir code type",
        "The status of a redirect stands last: `redir /old /new 301`.",
    ),
    Mistake(
        r"auto_https must be one of.*\n(?:.*\n)*?.*prefer_wildcard",
        "Leave `auto_https prefer_wildcard` out: since 2.10 a wildcard certificate is used for "
        "the names that it covers anyway.",
    ),
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
        IN_PROXY
        + ARGUMENTS
        + "'"
        + one_of(("random_choose", "header", "query", "weighted_round_robin")),
        "Something is missing after `$word`: `$example`.",
    ),
    Mistake(
        IN_PROXY + ARGUMENTS + r"'(?P<word>\w+)'.*\n(?P=word)\b",
        "`$word` needs a value: `$example`.",
    ),
    Mistake(
        IN_PROXY + ARGUMENTS + "'(?P<word>[^']*)'",
        "`$word` is too much on this line; the right form is `$example`.",
    ),
    Mistake(
        "compiling regular expression",
        "`health_body` takes a regular expression; brackets meant as text need a backslash.",
        find=only(r"^health_body\b"),
    ),
    Mistake(
        r"unrecognized hash algorithm: (?P<word>[^,\s]+)",
        "A name and its hashed password have a line of their own:"
        " `basic_auth { ⏎ $word HASH ⏎ }`; `caddy hash-password` makes the hash.",
    ),
    Mistake(
        r"tokens for '(?P<word>redir|respond|rewrite|error)'(?s:.*)\n(?P=word) (?P<path>/\S*)\n",
        "A path alone is taken for a matcher: write `$word * $path`.",
    ),
    Mistake(
        r"too few arguments(?s:.*)\nrewrite\b",
        "`rewrite` has one line, `rewrite /old /new`; to try one file after the other there is"
        " `try_files {path} /index.html`.",
    ),
    Mistake(
        r"too many arguments(?s:.*)\nrewrite\b",
        "`rewrite` takes a matcher and a path, `rewrite /old/* /new{uri}`; for a regular expression"
        " there is `uri path_regexp ^/old/ /new/`, and for a redirect `redir`.",
    ),
    Mistake(
        r"matcher arguments must be string constants\n \| (?P<expression>.*)\n",
        "Caddy reads the arguments of a matcher such as `path()` or `client_ip()` when it loads the"
        " file: write the text itself between quotation marks, not what is known only later.",
        find=its_expression,
    ),
    Mistake(
        "expects return type of bool",
        "An `expression` must say yes or no: compare, as in `{rp.is_transport_error} == true`.",
        find=only(r"^expression\b|^lb_retry_match expression\b"),
    ),
    Mistake(
        r"compiling CEL program: (?s:.*?)\n \| (?P<expression>.*)\n",
        "An `expression` is written in CEL, and `^` shows where it stops being that. Text stands"
        " between quotation marks, placeholders between braces: `{method} == 'GET'`.",
        find=its_expression,
    ),
)
