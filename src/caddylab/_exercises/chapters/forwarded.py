"""People behind a proxy, and those who only say so: whose `X-Forwarded-For` is believed?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, ip_network

from caddylab._caddy.adapted.tree import find
from caddylab._engine.clients import Clients, address_of
from caddylab._exercises.bench import Bench
from caddylab._exercises.chapters.calm import MADE_UP, made_up
from caddylab._exercises.chapters.hints05 import EVERYBODY, NEIGHBOURS, NOT_TRUSTED, PEER
from caddylab._exercises.chapters.sticky import Answers
from caddylab._exercises.task import Finding, Hints

PROXY, PASSER_BY = "10.0.0.7", "198.51.100.9"
NEIGHBOUR = "10.0.0.6"
"""As near to the proxy as can be: whoever believes more than one address believes this one."""
NETWORKS = ("10.99.3.7", "172.16.4.7", "192.168.0.7", "100.64.0.7", "127.0.0.7")
"""Others who may be near: private networks, a provider's, this very machine."""
NEAR = tuple(IPv4Network(f"{address}/8") for address in ("10.0.0.0", "127.0.0.0")) + tuple(
    map(IPv4Network, ("172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"))
)
MOST = 3
"""So many networks that a Caddyfile believes are tried at most."""


def strangers(bench: Bench) -> list[str]:
    """Whom nobody should believe: fixed ones, one by chance, and whom this Caddyfile names."""
    named = list(dict.fromkeys(_believed(bench)))[:MOST]
    return [PASSER_BY, NEIGHBOUR, bench.any_of(NETWORKS), *named]


def _believed(bench: Bench) -> Iterator[str]:
    """An address in each network that is trusted, other than the proxy's own."""
    sources = (one for one in find(bench.adapted, "trusted_proxies") if isinstance(one, dict))
    for written in (each for source in sources for each in source.get("ranges", ())):
        network = ip_network(written, strict=False)
        if isinstance(network, IPv4Network):
            ends = map(str, (network.network_address, network.broadcast_address))
            yield from [one for one in ends if one != PROXY][-1:]


def not_believed(bench: Bench, stranger: str) -> Finding:
    """They are answered by one backend, whatever they write; or turned away, all of them."""
    past = through(bench, map(address_of, range(20)), stranger)
    painted = any(map(made_up, past.requests))
    near = any(IPv4Address(stranger) in network for network in NEAR)
    return Finding(
        f"Who comes past the proxy, from {stranger}, is not believed.",
        len(set(past.backends)) == 1 and not painted,
        f"{stranger} came directly, with 20 different headers: {past.of(1)} times to backend 1, "
        f"{past.of(2)} times to backend 2.",
        MADE_UP if painted else NEIGHBOURS if near else EVERYBODY,
    )


def through(bench: Bench, headers: Iterable[str], peer: str = PROXY) -> Answers:
    """A request from `peer` with each of these `X-Forwarded-For`."""
    runs = [
        bench.fire(
            1,
            headers={"X-Forwarded-For": header},
            clients=Clients(1, address=peer),
            background=True,
        )
        for header in headers
    ]
    return Answers(runs)


def believes(bench: Bench) -> Hints:
    """Whom Caddy believes shows in the header that it passes on."""
    believed = []
    for peer in (PASSER_BY, PROXY):
        header, people = {"X-Forwarded-For": "203.0.113.5"}, Clients(1, address=peer)
        run = bench.fire(1, path="/echo", headers=header, clients=people)
        believed.append(f"203.0.113.5, {peer}" in run.requests[0].body)
    return EVERYBODY if believed[0] else PEER if believed[1] else NOT_TRUSTED
