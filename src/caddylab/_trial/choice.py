"""Which of a Caddyfile's routes is tried: the one asked for, or the one with the most upstreams."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from caddylab._caddy.adapted.flow import steps
from caddylab._caddy.adapted.invoked import readable
from caddylab._caddy.adapted.proxies import Proxy, proxies
from caddylab._caddy.adapted.sites import Route, routed
from caddylab._caddy.text.tokens import parse
from caddylab._errors import CaddyfileError
from caddylab._rig.rig import Rig

EVERY = "*"
"""How a route has it that it takes all paths."""


@dataclass(frozen=True)
class Candidate:
    """A route that can be tried, and the `reverse_proxy` that it leads to."""

    route: Route
    proxy: Proxy

    @property
    def name(self) -> str:
        """The requests that it takes, as `--route` names it: "https://shop.example.com/api/*"."""
        return str(self.route).partition(" → ")[0].partition(" ")[2]

    @property
    def behind(self) -> list[str]:
        """Its upstreams, as the Caddyfile has them."""
        return list(self.route.upstreams)

    @property
    def worth(self) -> tuple[bool, int, bool, bool]:
        """A rank, by which the default is chosen: pages for users, many upstreams, every path."""
        route, choices = self.route, min(len(set(self.behind)), self.proxy.choices)
        return not route.asks, choices, route.sure, route.pattern == EVERY


def candidates(rig: Rig, text: str) -> list[Candidate]:
    """The routes of the Caddyfile that a lab has loaded, in its order.

    Raises:
        CaddyfileError: it passes nothing on.
    """
    adapted = readable(rig.adapted)
    known = {id(proxy.handler): proxy for proxy in proxies(steps(adapted), parse(text))}
    ways = reversed([*routed(adapted)])
    every = {
        route: Candidate(route, known[id(handler)]) for route, handler in ways
        if id(handler) in known and _stands_here(rig, route)
    }  # fmt: skip
    found = list(reversed(every.values()))
    if not found:
        raise CaddyfileError(
            "This Caddyfile passes nothing on to another program: no route of it leads to a "
            "`reverse_proxy` with an upstream, so nothing behind it can fail.",
            text, help="Test a file with a `reverse_proxy`.",
        )  # fmt: skip
    return found


def _stands_here(rig: Rig, route: Route) -> bool:
    return bool(route.upstreams) and all(bare(dial) in rig.numbers for dial in route.upstreams)


def bare(dial: str) -> str:
    """An upstream's address without the network: `tcp/app:3000` is `app:3000`."""
    network, slash, rest = dial.partition("/")
    return rest if slash and network.rstrip("46") in ("tcp", "udp") else dial


def choose(
    found: Sequence[Candidate], wanted: str, text: str, reached: Callable[[Candidate], bool]
) -> Candidate:
    """The candidate that is meant, and that a lab's requests reach.

    Args:
        found: all candidates.
        wanted: its number (from 1), its name or a part of that, or one of its upstreams; empty
            for the one with the most upstreams.
        text: the Caddyfile, to be shown in the error.
        reached: whether a request reaches a candidate.

    Raises:
        CaddyfileError: none is meant, or several are, or no request comes there.
    """
    best = sorted(found, key=lambda one: one.worth, reverse=True)  # the first of equals
    meant = [_meant(found, wanted, text)] if wanted else best
    if one := next(filter(reached, meant), None):
        return one
    other = next((n for n, one in enumerate(found, 1) if one is not meant[0]), None)
    another = f"Try another route: `--route {other}`. " if other else ""
    behind = ", ".join(meant[0].behind)
    if meant[0].route.sockets:
        reason = f"Only WebSockets reach {behind}, and a trial sends requests."
        help = f"{another}In a notebook `lab.websockets(2)` opens some."
    else:
        reason = (
            f"Something else answers what the lab asks {meant[0].name} for: {behind} is not "
            "reached, so nobody would miss it."
        )
        help = another.rstrip()
    raise CaddyfileError(reason, text, help=help)


def _meant(found: Sequence[Candidate], wanted: str, text: str) -> Candidate:
    if wanted.isdigit() and 0 < int(wanted) <= len(found):
        return found[int(wanted) - 1]
    exact = [one for one in found if wanted in (one.name, *one.behind)]
    fits = exact or [one for one in found if wanted in one.name]
    if len(fits) == 1:
        return fits[0]
    why = f"{len(fits)} routes fit {wanted!r}" if fits else f"There is no route {wanted!r}"
    listed = "; ".join(f"{n} = {one.name}" for n, one in enumerate(found, 1))
    raise CaddyfileError(f"{why}: expected a number, or a name that fits one. {listed}.", text)
