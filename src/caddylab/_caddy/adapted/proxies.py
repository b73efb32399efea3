"""Every `reverse_proxy` of a configuration: what Caddy made of it, and where it was written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import partial
from itertools import zip_longest
from typing import Any

from caddylab._caddy.adapted.flow import Step
from caddylab._caddy.adapted.placing import around, conditions, likeness
from caddylab._caddy.text.tokens import Outline, Way, ways

_UPSTREAM = re.compile(r"(?:(?P<scheme>https?|h2c)://)?(?P<rest>.*?)(?P<port>:[\d-]+)?")
_DIRECTIVES = ("reverse_proxy", "forward_auth", "php_fastcgi")
_NETWORK = re.compile(r"^(?:tcp|udp|ip)[46]?/")
_FILE = re.compile(r"(?:unix|fd)[\w+]*/")
CHECKED_BY = {"uri", "path", "port"}
"""The options without which there are no active checks."""
_JSON_NAMES = {"lb_selection_policy": "lb_policy", "health_expect_status": "health_status"}


@dataclass
class Block:
    """A `reverse_proxy` of the text: the lines of its upstreams and of its options.

    `around` are the matchers that it stands behind, each as its words.
    """

    line: int
    around: list[set[str]] = field(default_factory=list)
    upstreams: list[tuple[str, int]] = field(default_factory=list)
    options: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, way: Way, outline: Outline) -> Block:
        """The block that the last statement of `way`, a `reverse_proxy`, opens."""
        statement = way[-1]
        block = cls(statement.line, around(way, outline))
        block._name(_without_matcher(statement.words[1:]), statement.line)
        for option in outline.expanded(statement):
            block.options.setdefault(option.name, option.line)
            if option.name == "to":
                block._name(option.words[1:], option.line)
        return block

    def _name(self, upstreams: list[str], line: int) -> None:
        self.upstreams += [(upstream, line) for upstream in upstreams]

    @property
    def dials(self) -> list[str]:
        """The upstreams as Caddy's JSON has them, as far as that can be told."""
        return [_dial(upstream) for upstream, _ in self.upstreams]


@dataclass
class Proxy:
    """A `reverse_proxy` handler of Caddy's JSON, with its block of the text if one is like it."""

    step: Step
    block: Block | None = None

    @property
    def handler(self) -> dict[str, Any]:
        """Its JSON."""
        return self.step.handler

    @property
    def dials(self) -> list[str]:
        """The addresses of its fixed upstreams."""
        return [upstream["dial"] for upstream in self.handler.get("upstreams", [])]

    @property
    def dynamic(self) -> bool:
        """Whether it looks its upstreams up while it runs."""
        return "dynamic_upstreams" in self.handler

    @property
    def choices(self) -> int:
        """How many upstreams it can choose from; 2 stands for the unknown number of dynamic ones.

        An upstream that is no address at all does not count.
        """
        weights = self.policy.get("weights")
        shares = zip_longest(self.dials, weights or [], fillvalue=0) if weights else []
        drained = {dial for dial, weight in shares if not weight}
        return 2 if self.dynamic else len({d for d in self.dials if not is_odd(d)} - drained)

    @property
    def policy(self) -> dict[str, Any]:
        """The load balancing policy; empty for Caddy's default, `random`."""
        return dict(self.balancing.get("selection_policy", {}))

    @property
    def policies(self) -> list[str]:
        """The names of its policy and of the fallbacks of that policy."""
        names, policy = [], self.policy
        while policy:
            names.append(str(policy.get("policy")))
            policy = policy.get("fallback", {})
        return names

    @property
    def retries(self) -> list[str]:
        """The options by which a failed attempt is followed by another."""
        keys = [key for key in ("retries", "try_duration") if self.balancing.get(key, 0) > 0]
        return [f"lb_{key}" for key in keys]

    @property
    def fail_duration(self) -> int:
        """For how long a failure counts, in nanoseconds; 0 where failures are not counted."""
        return max(0, int(self.passive.get("fail_duration", 0)))

    @property
    def max_fails(self) -> int:
        """How many remembered failures make an upstream count as failed."""
        return int(self.passive.get("max_fails", 0)) or 1

    @property
    def checks(self) -> bool:
        """Whether it makes active health checks."""
        return bool(self.active.keys() & CHECKED_BY) and self.active.get("interval", 0) >= 0

    @property
    def balancing(self) -> dict[str, Any]:
        """Its `lb_...` options."""
        return self._part("load_balancing")

    @property
    def active(self) -> dict[str, Any]:
        """Its `health_...` options."""
        return dict(self._part("health_checks").get("active", {}))

    @property
    def passive(self) -> dict[str, Any]:
        """`fail_duration` and what goes with it."""
        return dict(self._part("health_checks").get("passive", {}))

    @property
    def transport(self) -> dict[str, Any]:
        """The options of its transport."""
        return self._part("transport")

    def _part(self, name: str) -> dict[str, Any]:
        return dict(self.handler.get(name, {}))

    @property
    def options(self) -> set[str]:
        """The names of its options, as a Caddyfile spells them."""
        names = {f"lb_{key}" for key in self.balancing} | {f"health_{key}" for key in self.active}
        names |= {*self.passive, *self.transport, *self.handler}
        if self.dynamic:
            names |= {"dynamic", *self.handler["dynamic_upstreams"]}
        return {_JSON_NAMES.get(name, name) for name in names}

    def written(self, prefix: str = "") -> list[str]:
        """The names of the options in the text that begin with `prefix`."""
        options = self.block.options if self.block else {}
        return [name for name in options if name.startswith(prefix)]

    def line(self, *options: str) -> int | None:
        """The line of the uppermost of `options`, else that of the `reverse_proxy` itself."""
        if self.block is None:
            return None
        lines = [self.block.options[name] for name in options if name in self.block.options]
        return min(lines, default=self.block.line)

    def upstream_lines(self, dial: str) -> list[int]:
        """The lines that name the upstream which Caddy dials as `dial`."""
        named = self.block.upstreams if self.block else []
        same = [line for word, line in named if _dial(word) == dial]
        return same or [line for word, line in named if word in dial]


def proxies(steps: Iterable[Step], outline: Outline) -> list[Proxy]:
    """Every `reverse_proxy` among `steps`, each with the most similar block of the text."""
    all_ways = ways(outline.statements)
    blocks = [Block.of(way, outline) for way in all_ways if way[-1].name in _DIRECTIVES]
    found = [Proxy(step) for step in steps if step.name == "reverse_proxy"]
    used: set[int] = set()
    for proxy in found:
        ranked = sorted(blocks, key=partial(_likeness, proxy, used), reverse=True)
        proxy.block = ranked[0] if ranked else None
        used.add(id(proxy.block))
    return found


def _likeness(proxy: Proxy, used: set[int], block: Block) -> tuple[bool, int, int, bool]:
    options = set(block.options)
    shared = len(options & proxy.options) - len(options - proxy.options)
    place = likeness(block.around, conditions(proxy.step))
    return proxy.dials == block.dials, place, shared, id(block) not in used


def _without_matcher(words: list[str]) -> list[str]:
    return words[1:] if words and (words[0] == "*" or words[0][:1] in "@/") else words


def _dial(upstream: str) -> str:
    parts = _UPSTREAM.fullmatch(upstream)
    if parts is None or _FILE.match(upstream):
        return upstream
    return parts["rest"] + (parts["port"] or (":443" if parts["scheme"] == "https" else ":80"))


def is_odd(dial: str) -> bool:
    """Whether Caddy took a comma or a path for a part of a host's name."""
    address = re.sub(r"\{[^{}]*\}", "", _NETWORK.sub("", dial))
    return "," in dial or (bool(re.search(r"[/*]", address)) and not _FILE.match(dial))
