"""Rules about `lb_policy`."""

from __future__ import annotations

from caddylab._caddy.adapted.proxies import Proxy
from caddylab._caddy.advice.rules.registry import Findings, Remark, proxy_rule, rule
from caddylab._caddy.advice.rules.subject import Subject
from caddylab._caddy.advice.rules.words import listed
from caddylab._caddy.text.tokens import Statement

_WITH_BLOCK = ("header", "query", "cookie")


@proxy_rule(
    "weights-do-not-fit",
    "More or fewer weights than upstreams",
    write="Give one weight for each upstream, in their order.",
)
def weights(proxy: Proxy) -> Findings:
    """Weights belong to the upstreams by their order; missing ones make Caddy break off
    connections.
    """
    given, upstreams = len(proxy.policy.get("weights", [])), len(proxy.dials)
    if not given or proxy.dynamic or given == upstreams:
        return
    if given == 1:
        effect = "Caddy sends everything to the first upstream, even when it is dead."
    elif given < upstreams:
        effect = "the last get nothing, and when one fails Caddy breaks off connections."
    else:
        effect = "those beyond the last upstream distort the shares of the others."
    message = f"{given} weight(s) for {upstreams} upstream(s): {effect}"
    yield Remark(proxy.line("lb_policy"), message)


@proxy_rule(
    "cookie-as-fallback",
    "A policy that falls back on a cookie",
    write="Take another fallback, such as `fallback round_robin`.",
)
def cookie_fallback(proxy: Proxy) -> Findings:
    """`header` and `query` cannot fall back on `cookie`: Caddy panics and breaks off the
    connection.
    """
    chain = proxy.policies
    blind = [i for i, name in enumerate(chain) if name in ("header", "query")]
    if blind and "cookie" in chain[blind[0] :]:
        message = (
            f"`{chain[blind[0]]}` cannot fall back on `cookie`: Caddy breaks off the connection."
        )
        yield Remark(proxy.line("fallback"), message)


@rule(
    "policy-block-dropped",
    "A block under a policy that takes none",
    write="Take the block away; `header`, `query` and `cookie` are the policies with a block.",
)
def block_dropped(subject: Subject) -> Findings:
    """Only `header`, `query` and `cookie` read the block behind them; Caddy drops any other in
    silence.
    """
    for statement in subject.statements("lb_policy", "fallback"):
        policy = "".join(statement.words[1:2])
        if (
            statement.body
            and policy
            and policy not in _WITH_BLOCK
            and not _outside(subject, statement)
        ):
            options = [inner.name for inner in statement.body]
            message = f"`{policy}` takes no block: Caddy drops {listed(options)} in silence."
            yield Remark(statement.body[0].line, message)


def _outside(subject: Subject, statement: Statement) -> bool:
    """Whether a `fallback` belongs to no policy: other modules have options of that name."""
    policies = [inner for s in subject.statements("lb_policy") for inner in s.walk()]
    return not any(inner is statement for inner in policies)


@proxy_rule(
    "policy-without-choice",
    "A policy where there is one upstream",
    write="Take the `lb_policy` away, or name more upstreams; for all addresses behind one name"
    " there is `dynamic a`.",
)
def one_upstream(proxy: Proxy) -> Findings:
    """With one upstream there is nothing to choose. A name is one, whatever its addresses."""
    if proxy.policy and not proxy.dynamic and len(proxy.dials) == 1:
        message = (
            f"There is one upstream, `{proxy.dials[0]}`: `lb_policy` has nothing to choose from."
        )
        yield Remark(proxy.line("lb_policy"), message)


@proxy_rule(
    "ip-hash-behind-proxy",
    "`ip_hash` behind another proxy",
    write="Write `client_ip_hash`, which goes by the address that the proxy in front tells.",
)
def behind_proxy(proxy: Proxy) -> Findings:
    """`ip_hash` goes by the connection's address. Behind a proxy that is the proxy's, for
    everybody.
    """
    if "ip_hash" not in proxy.policies or len(proxy.dials) < 2:
        return
    message = (
        "`ip_hash` goes by the address of the proxy in front, so its users share one upstream."
    )
    line = proxy.line("lb_policy")
    if "trusted_proxies" in proxy.step.server:
        yield Remark(line, message)
    elif proxy.handler.get("trusted_proxies"):
        help = "Trust it with `servers { trusted_proxies … }`, and write `client_ip_hash`."
        yield Remark(line, message, help)
