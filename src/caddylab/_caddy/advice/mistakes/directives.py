"""Directives, modules and values."""

from __future__ import annotations

from caddylab._caddy.advice import foreign
from caddylab._caddy.advice import vocabulary as known
from caddylab._caddy.advice.mistakes.mistake import (
    Mistake,
    first,
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
        "unrecognized global option: experimental_http3",
        "Caddy speaks HTTP/3 without being asked to: take the line away.",
    ),
    Mistake(
        "unrecognized parameter 'rate_limit'",
        "Caddy no longer limits how many certificates it gets; `ask URL` decides for which names.",
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
        r"unknown subdirective: (?P<word>\w+)",
        "Did you mean `$near`?",
        names=known.TLS,
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
