"""What a rule of the lint is, and the list of them all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from caddylab._caddy.adapted.proxies import Proxy
from caddylab._caddy.advice.rules.subject import Subject


@dataclass(frozen=True)
class Note:
    """A warning about a Caddyfile that Caddy accepts.

    `line` is 1-based and None where no line can be named, `message` says what Caddy will do,
    `help` what was probably meant, and `rule` is the name of the rule that found it. `lacking`
    is as in `Rule`.
    """

    line: int | None
    message: str
    help: str
    rule: str = ""
    lacking: bool = False

    def __str__(self) -> str:
        place = f"line {self.line}: " if self.line else ""
        name = f" [{self.rule}]" if self.rule else ""
        return f"{place}{self.message} → {self.help}{name}"


class Remark(NamedTuple):
    """What a rule found: where, what happens there, and what to write if that differs."""

    line: int | None
    message: str
    help: str = ""


Findings = Iterator[Remark]


@dataclass(frozen=True)
class Rule:
    """One kind of mistake that Caddy accepts in silence.

    Attributes:
        name: stable, such as `retry-without-memory`.
        title: a few words for a list.
        happens: what Caddy does.
        write: what to write instead.
        check: finds it.
        lacking: whether it is about something missing, rather than about something written.
    """

    name: str
    title: str
    happens: str
    write: str
    check: Callable[[Subject], Findings]
    lacking: bool = False

    @property
    def anchor(self) -> str:
        """The anchor of this rule in the documentation."""
        return f"docs/lint.md#{self.name}"

    def notes(self, subject: Subject) -> Iterator[Note]:
        """What this rule has to say about a Caddyfile."""
        for line, message, help in self.check(subject):
            yield Note(line, message, help or self.write, self.name, self.lacking)


RULES: dict[str, Rule] = {}
"""Every rule by its name."""

Check = Callable[[Subject], Findings]
ProxyCheck = Callable[[Proxy], Findings]


def rule(name: str, title: str, write: str, *, lacking: bool = False) -> Callable[[Check], Check]:
    """Register a check of the whole Caddyfile; its docstring says what happens."""

    def register(check: Check) -> Check:
        if name in RULES:
            raise ValueError(f"Two rules are called {name}.")
        happens = " ".join((check.__doc__ or "").split())
        RULES[name] = Rule(name, title, happens, write, check, lacking)
        return check

    return register


def proxy_rule(
    name: str, title: str, write: str, *, lacking: bool = False
) -> Callable[[ProxyCheck], ProxyCheck]:
    """Register a check that looks at one `reverse_proxy` at a time."""

    def register(check: ProxyCheck) -> ProxyCheck:
        def each(subject: Subject) -> Findings:
            for proxy in subject.proxies:
                yield from check(proxy)

        each.__doc__ = check.__doc__
        rule(name, title, write, lacking=lacking)(each)
        return check

    return register
