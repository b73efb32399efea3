"""The options, policies and upstreams of a proxy."""

from __future__ import annotations

from caddylab._caddy.advice import foreign
from caddylab._caddy.advice import vocabulary as known
from caddylab._caddy.advice.mistakes.mistake import (
    NO_SUCH,
    PAIR,
    POLICY,
    Mistake,
    one_of,
    only,
)

_ELSEWHERE = {
    "nginx": r"(?:proxy|uwsgi|fastcgi|grpc)_\w+",
    "HAProxy": r"(?:http|tcp|stick|hash|ssl|option|tune)-\w[\w-]*",
    "Apache": r"(?:Proxy|SSLProxy|Balancer)[A-Z]\w*",
    "Traefik": r"(?:loadBalancer|healthCheck|sticky|circuitBreaker|serversTransport)\.[\w.]+",
    "Envoy": r"\w+_(?:lb_config|threshold|policies|percent)",
}
"""What words of other programs look like that no table has."""

OPTIONS = (
    Mistake(NO_SUCH + r"(?P<word>\w+)=", "$meaning", table=foreign.PARAMETERS),
    Mistake(NO_SUCH + r"(?P<word>\w+)=", "$meaning", table=foreign.PROXY),
    Mistake(
        NO_SUCH + r"\w+[=:]",
        "Between an option and its value stands a space, no sign: `$example`.",
    ),
    Mistake(NO_SUCH + r"(?P<word>[\w.-]+),", "$meaning", table=foreign.IN_A_PROXY),
    Mistake(
        NO_SUCH + r"(?P<word>[^,]+),.*\n(?P<first>\w+)\s.*(?P=word)",
        "`$option` has one value too many, `$word`; the right form is `$example`.",
    ),
    Mistake(
        NO_SUCH + one_of(known.TRANSPORT),
        "`$word` belongs between the braces of `transport http {` and `}`, inside those of"
        " `reverse_proxy`.",
    ),
    Mistake(
        NO_SUCH + one_of(known.OPTIONS),
        "`$word` belongs to `reverse_proxy` itself: move it out of the braces around it.",
    ),
    Mistake(
        NO_SUCH + one_of(known.DIRECTIVES),
        "`$word` is a directive of the site: it stands after the `}` of `reverse_proxy`, which"
        " may be missing above.",
    ),
    Mistake(
        NO_SUCH + r"(?P<word>upstreams?),",
        "Upstreams stand on the line of `reverse_proxy` itself, or after `to`; the addresses that"
        " a name server has for one name are `dynamic a api.internal 8080`.",
    ),
    Mistake(
        NO_SUCH + r"(?P<word>max_age|fallback),",
        "`$word` belongs between the braces of the policy: `lb_policy cookie {` and `}`.",
    ),
    Mistake(
        NO_SUCH + r"(?P<word>\S+:\d+)",
        "Upstreams stand on the line of `reverse_proxy` itself, or after `to`: `to $word`.",
    ),
    Mistake(
        NO_SUCH + r"(?P<word>\S+),",
        "Did you mean `$near`?",
        names=(*known.OPTIONS, *known.TRANSPORT),
        cutoff=0.85,
    ),
    *(
        Mistake(
            NO_SUCH + rf"(?P<word>{words}),",
            f"`$word` looks like a word of {whose}; Caddy's `reverse_proxy` has nothing of that "
            "name: take it away, or look for its purpose among Caddy's options.",
        )
        for whose, words in _ELSEWHERE.items()
    ),
    Mistake(
        NO_SUCH + r"(?P<word>\S+),",
        "Did you mean `$near`?",
        names=(*known.OPTIONS, *known.TRANSPORT),
    ),
    Mistake(
        r"tokens for 'log': unrecognized subdirective:? '?(?P<word>[\w:.-]+)",
        "Did you mean `$near`?",
        names=(*known.LOG, *known.ROLLED),
    ),
    Mistake(
        "selection policy already specified",
        "A `reverse_proxy` has one `lb_policy`: delete one of the two lines.",
    ),
)

POLICIES = (
    Mistake(
        r"unrecognized option '(?P<word>name|secret)'",
        "The cookie's name, and the secret behind it, stand on the policy's own line:"
        " `lb_policy cookie lb {$$SECRET}`.",
    ),
    Mistake(POLICY + r"\S*[;,](?=,|\n|$)", "A line of a Caddyfile ends without `;` or `,`."),
    Mistake(
        POLICY + "[=:]", "Between an option and its value stands a space, no sign: `$example`."
    ),
    Mistake(POLICY + "[“”„‘’]", "Leave the quotes out: `$example`."),
    Mistake(POLICY + r"(?P<word>[\w-]+)", "$meaning", table=foreign.POLICIES),
    Mistake(
        POLICY + "(?i:stick|session)",
        "The policy that keeps a client at one upstream is `lb_policy cookie` (or `ip_hash`).",
    ),
    Mistake(POLICY + r"(?P<word>[\w-]+)", "Did you mean `$near`?", names=tuple(known.POLICIES)),
    Mistake(POLICY, f"Caddy's policies are {', '.join(known.POLICIES)}."),
    Mistake(
        "choose must be at least 2",
        "`random_choose` picks the least busy of a few: `lb_policy random_choose 2`.",
        find=only(r"\brandom_choose 1\b"),
    ),
    Mistake(
        "at least one upstream with a positive weight",
        "With all weights 0 nobody gets a request: `lb_policy weighted_round_robin 3 1`.",
        find=only(r"\bweighted_round_robin(?: 0)+\b"),
    ),
    Mistake(
        "weight should be non-negative",
        "A weight is 0 (no requests) or more: `lb_policy weighted_round_robin 3 1`.",
    ),
)

UPSTREAMS = (
    Mistake("parsing upstream '[^']*,'", f"Separate upstreams by spaces, without commas: {PAIR}."),
    Mistake("parsing upstream '[^']*;'", "A line of a Caddyfile ends without `;`."),
    Mistake(
        "only support scheme, host, and port components",
        "An upstream is `host:port` without a path: `backend1:8080`; to change the path of the"
        " requests there is `rewrite`.",
    ),
    Mistake(
        r"invalid host: ParseAddr\(\"(?P<word>[^\"]+)\"\)",
        "Between `[` and `]` stands an IPv6 address, and `$word` is none; a name and an IPv4"
        " address have no brackets: `backend1:8080`.",
    ),
    Mistake(
        "invalid start port|invalid end port",
        "An upstream is `host:port`, the port a number from 1 to 65535: `backend1:8080`.",
    ),
    Mistake(
        "all proxy upstreams must use the same scheme",
        "The upstreams of one `reverse_proxy` are all `http://` or all `https://`.",
    ),
    Mistake("unsupported URL scheme", f"Leave the scheme out: {PAIR}."),
)
