"""What a scenario of a game day is, and the two scripts that most of them have."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from caddylab._gameday.chaos import Deed
from caddylab._gameday.on_call import OnCall

Script = Callable[[OnCall, int], Iterator[float]]


@dataclass(frozen=True)
class Scenario:
    """Something that can happen.

    Attributes:
        name: a word or two.
        where: "backend" (it happens to one backend), "site" (to Caddy's configuration), "path" (to
            one path on all backends) or "around" (to what the site depends on); two that come
            together differ in it.
        what: what happened, told at the end; `{n}` is the backend's number.
        remedy: what would have helped, in general.
        script: lets it happen, step by step; yields how many seconds to wait for the next.
        chapter: the number of the course's chapter that is about it.
        level: the first level that can bring it; the last level brings its own, and no others.
    """

    name: str
    where: str
    what: str
    remedy: str
    script: Script
    chapter: int
    level: int = 2


def suffers(kind: str, deed: Deed) -> Script:
    """The script of what happens to the one backend, and stays."""

    def script(site: OnCall, backend: int) -> Iterator[float]:
        yield 0
        site.chaos.afflict(backend, kind, deed)

    return script


def deploys(caddyfile: str) -> Script:
    """The script of what a colleague does."""

    def script(site: OnCall, backend: int) -> Iterator[float]:
        yield 0
        site.deploy(caddyfile)

    return script
