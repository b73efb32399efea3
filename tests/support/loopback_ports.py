"""Free loopback ports for what a test starts; nobody else of this run is given the same."""

from caddylab._machine.ports import Claim

_claims: list[Claim] = []
"""Of this process, which may use them to its end."""


def free_port() -> int:
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    new = [Claim() for _ in range(count)]
    for claim in new:
        claim.lend()
    _claims.extend(new)
    return [claim.number for claim in new]
