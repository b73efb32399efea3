"""Values: numbers, durations, addresses and expressions."""

from __future__ import annotations

from caddylab._caddy.advice.mistakes.mistake import (
    ARGUMENTS,
    IN_PROXY,
    Mistake,
    its_expression,
    one_of,
    only,
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
