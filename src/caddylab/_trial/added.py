"""Lines written into the block of the `reverse_proxy` that leads to an upstream."""

from __future__ import annotations

from caddylab._caddy.text.tokens import Statement, parse
from caddylab._errors import LabError
from caddylab._trial.edits import Option, put


def added(text: str, upstream: str, lines: tuple[str, ...]) -> str:
    """The Caddyfile with options added; one that exists already is changed.

    Args:
        text: the Caddyfile.
        upstream: as it is written there, such as "app:3000".
        lines: such as "lb_retries 1".

    Raises:
        LabError: no `reverse_proxy` has that upstream, or a line is not a single option.
    """
    line = _line_of(text, upstream)
    for each in lines:
        name, _, value = each.strip().partition(" ")
        if not name or set(each) & set("{}\n"):
            raise LabError(f"{each!r} is no single option; expected one such as 'lb_retries 1'.")
        text = put(text, line, Option(name, value.strip()))
    return text


def _line_of(text: str, upstream: str) -> int:
    proxies = [each for each in parse(text).walk() if each.name == "reverse_proxy"]
    for proxy in proxies:
        if upstream in _upstreams(proxy):
            return proxy.line
    known = ", ".join(sorted({name for proxy in proxies for name in _upstreams(proxy)}))
    raise LabError(f"No reverse_proxy leads to {upstream!r}; expected one of: {known or 'none'}.")


def _upstreams(proxy: Statement) -> list[str]:
    tos = [word for option in proxy.body if option.name == "to" for word in option.words[1:]]
    return [word for word in proxy.words[1:] if word[0] not in "/@*"] + tos
