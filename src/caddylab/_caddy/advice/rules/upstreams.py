"""Rules about the upstreams of a `reverse_proxy`: what Caddy dials."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from caddylab._caddy.adapted.proxies import Proxy, is_odd
from caddylab._caddy.adapted.tree import strings
from caddylab._caddy.advice.rules.parameters import parameters
from caddylab._caddy.advice.rules.registry import Findings, Remark, proxy_rule, rule
from caddylab._caddy.advice.rules.subject import Subject

_PAIR = "`reverse_proxy backend1:8080 backend2:8080`"
_FROM_CLIENT = re.compile(
    r"\{http\.request\.(?:(?:uri\.query|header|cookie)\.[\w.-]+|uri\.path\.\d+|uri\.path|"
    r"host(?:port|\.labels\.\d+)?)\}"
)
_GROUP = re.compile(r"\{http\.regexp\.(?:([\w-]+)\.)?(\w+)\}")
_WORDS = re.compile(r"(?:\?:)?(?:[\w-]|\\?\.)+(?:\|(?:[\w-]|\\?\.)+)*")
"""What a group can hold if it lists its words, as `a|b` does."""
_PORT = re.compile(r":[\d-]+$")


@proxy_rule(
    "no-upstream",
    "A proxy without upstreams",
    write=f"Name the backends behind it: {_PAIR}.",
)
def no_upstream(proxy: Proxy) -> Findings:
    """A `reverse_proxy` that has no upstream answers every request with 503."""
    if not proxy.dials and not proxy.dynamic:
        message = "This `reverse_proxy` has no upstream: every request is answered with 503."
        yield Remark(proxy.line(), message)


@proxy_rule(
    "comma-in-upstream",
    "Upstreams with commas between them",
    write=f"Separate upstreams by spaces: {_PAIR}.",
)
def comma(proxy: Proxy) -> Findings:
    """Caddy takes a comma for a part of the host's name, and finds no such host."""
    for dial in proxy.dials:
        if "," in dial:
            message = f"The comma is taken for a part of the name: Caddy dials `{dial}`."
            yield Remark(_line(proxy, dial), message)


@proxy_rule(
    "path-in-upstream",
    "An upstream with a path",
    write="An upstream is `host:port`; a path stands before the upstreams.",
)
def path(proxy: Proxy) -> Findings:
    """Caddy takes a path behind the port for a part of the host's name, and finds no such host."""
    for dial in proxy.dials:
        if "," not in dial and is_odd(dial):
            message = f"The path is taken for a part of the name: Caddy dials `{dial}`."
            yield Remark(_line(proxy, dial), message)


@proxy_rule(
    "port-as-upstream",
    "A port alone as an upstream",
    write="An upstream is `host:port`, such as `backend1:8080`.",
)
def port_alone(proxy: Proxy) -> Findings:
    """Caddy takes a number alone for the name of a host, and dials its port 80."""
    for dial in [] if parameters(proxy) else proxy.dials:
        if (host := dial.removesuffix(":80")).isdigit():
            message = f"`{host}` is taken for the name of a host: Caddy dials its port 80."
            help = f"An upstream is `host:port`, such as `backend1:{host}`."
            yield Remark(_line(proxy, dial), message, help)


@proxy_rule(
    "port-forgotten",
    "An upstream whose port was forgotten",
    write="Write the port too, such as `backend2:8080`.",
)
def no_port(proxy: Proxy) -> Findings:
    """Where the other upstreams have a port of their own, one without it is dialled on port 80."""
    named = proxy.block.upstreams if proxy.block else []
    others = any((port := _PORT.search(word)) and port[0] != ":80" for word, _ in named)
    for word, line in [] if parameters(proxy) else named:
        bare = re.fullmatch(r"(?!\d+$)[\w.-]+", word) and f"{word}:80" in proxy.dials
        if bare and (others or re.fullmatch(r"backend\d+", word)):
            message = f"`{word}` has no port: Caddy dials port 80."
            yield Remark(line, message, f"Write the port too, such as `{word}:8080`.")


@proxy_rule(
    "upstream-twice",
    "The same upstream twice",
    write="Name it once; for unequal shares there is `lb_policy weighted_round_robin`.",
)
def twice(proxy: Proxy) -> Findings:
    """An upstream that is named twice counts as two, and gets a double share."""
    for dial, times in Counter(proxy.dials).items():
        if times > 1 and not parameters(proxy):
            message = f"`{dial}` is named {times} times: it counts as {times} upstreams."
            yield Remark([proxy.line(), *proxy.upstream_lines(dial)][-1], message)


@rule(
    "upstream-from-client",
    "An upstream that the client chooses",
    write="Name the upstream, or let `map` translate what the client sends into yours.",
)
def from_client(subject: Subject) -> Findings:
    """Whoever sends a request chooses where Caddy connects to: any host or port it can reach."""
    for proxy in subject.proxies:
        looked_up = strings(proxy.handler.get("dynamic_upstreams", {}))
        for dial in (*proxy.dials, *looked_up):
            yield from _chosen(proxy, dial, _with_variables(subject, dial))


def _with_variables(subject: Subject, dial: str) -> str:
    """The address with the values of `vars` in the place of their names."""
    for step in subject.steps if "{http.vars." in dial else []:
        if step.name == "vars":
            for name, value in step.handler.items():
                dial = dial.replace(f"{{http.vars.{name}}}", str(value))
    return dial


def _chosen(proxy: Proxy, dial: str, address: str) -> Findings:
    for placeholder in _FROM_CLIENT.findall(address):
        if not _limited(proxy, placeholder):
            part = "port" if dial.rpartition(":")[2].startswith("{") else "address"
            how = f"by {_source(placeholder)}"
            message = f"The client chooses the upstream's {part}, {how}: Caddy connects to any."
            yield Remark(_line(proxy, dial), message)
            return
    if any(_is_open(proxy, name, group) for name, group in _GROUP.findall(address)):
        message = (
            "The client chooses the upstream, by a group of a regular expression: Caddy connects to"
            " any that fits."
        )
        yield Remark(_line(proxy, dial), message)


def _is_open(proxy: Proxy, name: str, group: str) -> bool:
    """Whether a group that decides where Caddy connects can hold anything but listed words."""
    found = [p["pattern"] for p in _patterns(proxy) if name in ("", p.get("name"))]
    held = _groups(found[-1]).get(group) if found else None
    return held is not None and not _WORDS.fullmatch(held)


def _patterns(proxy: Proxy) -> Iterator[dict[str, str]]:
    """The regular expressions that a request must fit to come here."""
    for matcher in _matchers(proxy):
        if "path_regexp" in matcher:
            yield matcher["path_regexp"]
        for kind in ("header_regexp", "vars_regexp"):
            yield from matcher.get(kind, {}).values()


def _groups(pattern: str) -> dict[str, str]:
    """What stands in each group of a regular expression, by its number and by its name."""
    found: dict[str, str] = {}
    begun: list[tuple[list[str], int]] = []
    for mark in re.finditer(r"\\.|\[(?:\\.|[^\]\\])*\]|(\()(?:(\?)(?:P?<(\w+)>)?)?|(\))", pattern):
        opened, special, name, closed = mark.groups()
        if opened:
            counts = not special or name
            number = sum(bool(keys) for keys, _ in begun) + sum(k.isdigit() for k in found) + 1
            keys = [str(number), *filter(None, [name])] if counts else []
            begun.append((keys, mark.end()))
        elif closed and begun:
            keys, start = begun.pop()
            found |= dict.fromkeys(keys, pattern[start : mark.start()])
    return found


def _source(placeholder: str) -> str:
    name = placeholder.strip("{}").removeprefix("http.request.")
    kinds = {
        "uri.query": "the query",
        "header": "a header",
        "cookie": "a cookie",
        "uri": "the path",
    }
    return next((kind for start, kind in kinds.items() if name.startswith(start)), "the host name")


def _limited(proxy: Proxy, placeholder: str) -> bool:
    """Whether a matcher looks at what the client sends before it comes here."""
    name = placeholder.strip("{}").removeprefix("http.request.")
    key = name.rpartition(".")[2]
    for matcher in _matchers(proxy):
        text = str(matcher)
        if placeholder in text or (name.startswith("host") and "host" in matcher):
            return True
        if name.startswith("uri.path") and ("path_regexp" in matcher or _fixed(matcher)):
            return True
        if {"query", "header", "header_regexp", "vars", "expression"} & set(
            matcher
        ) and key in text:
            return True
    return False


def _fixed(matcher: dict[str, Any]) -> bool:
    return "path" in matcher and not any("*" in path for path in matcher["path"])


def _matchers(proxy: Proxy) -> Iterator[dict[str, Any]]:
    for matchers in proxy.step.conditions:
        yield from matchers


def _line(proxy: Proxy, dial: str) -> int | None:
    return [*proxy.upstream_lines(dial), proxy.line()][0]
