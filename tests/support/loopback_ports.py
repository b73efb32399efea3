"""Free loopback ports for what a test starts; nobody else of this run is given the same."""

from caddylab._machine.ports import Reservation

_reservations: list[Reservation] = []
"""Of this process, which may use them to its end."""


def free_port() -> int:
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    new = [Reservation() for _ in range(count)]
    for reservation in new:
        reservation.lend()
    _reservations.extend(new)
    return [reservation.number for reservation in new]
