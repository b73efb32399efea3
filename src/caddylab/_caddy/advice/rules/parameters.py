"""A rule about what follows an upstream elsewhere: `weight=3`, `check`, `backup`."""

from __future__ import annotations

import re

from caddylab._caddy.adapted.proxies import Proxy
from caddylab._caddy.advice.foreign import parameter
from caddylab._caddy.advice.rules.registry import Findings, Remark, proxy_rule

_PORT = re.compile(r":[\d-]+$")


def parameters(proxy: Proxy) -> list[tuple[str, int]]:
    """The words among the upstreams that are parameters of one elsewhere, with their lines.

    A word alone may be the name of a host, so it counts only beside upstreams with a port.
    """
    named = proxy.block.upstreams if proxy.block else []
    ports = any(_PORT.search(word) for word, _ in named)
    return [
        (word, line)
        for (word, line), before in zip(named[1:], named, strict=False)
        if parameter(word) and ("=" in word or (ports and before[1] == line))
    ]


@proxy_rule(
    "parameter-as-upstream",
    "A parameter that is taken for an upstream",
    write="Give what is meant as an option of `reverse_proxy`, on a line of its own.",
)
def taken_for_upstream(proxy: Proxy) -> Findings:
    """In Caddy nothing but upstreams stands beside upstreams: `weight=3` or `backup` is one more,
    and requests that go there fail.
    """
    for word, line in parameters(proxy):
        message = f"`{word}` is taken for one more upstream, and requests that go there fail."
        yield Remark(line, message, parameter(word))
