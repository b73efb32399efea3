"""Which backend stands for which upstream: decided by the names that a Caddyfile has for them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from caddylab._caddy.adapted.dynamic import sources, upstreams
from caddylab._caddy.adapted.tree import Json, handlers
from caddylab._look import called
from caddylab._runtimes.base import MOST_BACKENDS

PROXY = "reverse_proxy"
NETWORK = re.compile(r"^tcp[46]?/")
UNIX = "unix/"
COURSE = re.compile(r"backend([1-9]\d*):\d+")


def bare(dial: str) -> str:
    """An upstream's address without the network: `tcp/app:3000` is `app:3000`."""
    return NETWORK.sub("", dial)


def is_unix(dial: str) -> bool:
    """Whether this is the address of a unix socket."""
    return dial.startswith((UNIX, "unix+h2c/"))


def dials(config: Json) -> list[str]:
    """Every upstream that the proxies of a configuration name, each once, in their order."""
    return list(dict.fromkeys(_dials(config)))


def _dials(config: Json) -> Iterator[str]:
    for proxy in handlers(config, PROXY):
        for source in sources(proxy):
            yield from upstreams(source)
        for upstream in proxy.get("upstreams", []):
            if dial := upstream.get("dial"):
                yield bare(dial)
        if dial := proxy.get("health_checks", {}).get("active", {}).get("upstream"):
            yield bare(dial)


def number_of(dial: str) -> int | None:
    """The number in one of the course's names, such as `backend2:8080`."""
    named = COURSE.fullmatch(bare(dial))
    return int(named[1]) if named else None


def numbered(names: Iterable[str], most: int, *, own: bool) -> dict[str, int]:
    """The upstreams that are called after a backend's number, as the course's are.

    In somebody's own file these are names like any other: there the number counts only for a host
    with a single port, and if there are enough backends.

    Args:
        names: the upstreams.
        most: how many backends there are.
        own: whether the file is somebody's own.
    """
    names = list(names)
    found = {name: number for name in names if (number := number_of(name))}
    ports = Counter(found.values())
    if not own:
        return found
    if max(len(names), *ports or [0]) > most:  # they are shared, by what is spoken to them
        return {}
    return {name: number for name, number in found.items() if ports[number] == 1}


def needed(names: Iterable[str], *, own: bool) -> int:
    """How many backends it takes to have one for each upstream, 16 at most.

    Args:
        names: the upstreams.
        own: whether the file is somebody's own.
    """
    names = list(names)
    given = numbered(names, MOST_BACKENDS, own=own)
    others = len(names) - len(given)
    numbers = set(given.values())
    return min(MOST_BACKENDS, max(1, len(numbers) + others, *numbers or {1}))


def assign(
    names: Sequence[str],
    backends: int,
    course: Mapping[str, int],
    spoken: Mapping[str, str] | None = None,
    taken: Collection[int] = (),
) -> dict[str, int]:
    """The number of the backend that stands for each upstream.

    The course's names keep their numbers, the others get those that are free, in order. If there
    are more upstreams than backends, several share one, provided that they are dialled alike.

    Args:
        names: the upstreams.
        backends: how many there are.
        course: the numbers of the upstreams that are called after them.
        spoken: how each upstream is dialled, if that differs.
        taken: the backends that already stand for something else.
    """
    found = {name: course[name] for name in names if name in course}
    used = {*found.values(), *taken}
    free = [n for n in range(1, backends + 1) if n not in used] or [backends]
    others = [name for name in names if name not in found]
    kinds = Counter((spoken or {}).get(name, "") for name in others)
    shares = _shares(kinds, len(free))
    if not shares:
        return found | {name: free[k % len(free)] for k, name in enumerate(others)}
    fresh = iter(free)
    own: dict[str, list[int]] = defaultdict(list)
    for name in others:
        mine = own[kind := (spoken or {}).get(name, "")]
        mine.append(next(fresh) if len(mine) < shares[kind] else mine[len(mine) - shares[kind]])
        found[name] = mine[-1]
    return found


def _shares(kinds: Mapping[str, int], free: int) -> dict[str, int]:
    """How many backends stand for the upstreams of each kind; none if one kind would have none."""
    shares = dict.fromkeys(kinds, 1)
    if len(kinds) > free:
        return {}
    while sum(shares.values()) < min(free, sum(kinds.values())):
        most = max(kinds, key=lambda kind: kinds[kind] / shares[kind])
        shares[most] += 1
    return shares


def names(numbers: Mapping[str, int], course: Collection[str]) -> dict[int, str]:
    """The names of backends in a Caddyfile that has names of its own for them.

    Args:
        numbers: which backend stands for which upstream.
        course: the upstreams that are called after their numbers.
    """
    own = defaultdict(list)
    for dial, number in numbers.items():
        if dial not in course:
            own[number].append(dial)
    return called.short(own)
