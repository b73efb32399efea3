"""A port for somebody else stays nobody else's, opened or not."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest
from podman_support import running

from caddylab._machine import ports
from caddylab._machine.ports import LOOPBACK, Reservation
from caddylab._runtimes.base import BACKEND_PORT

ANOTHER = """
from caddylab._machine import ports
ports.candidates = lambda: [{number}]
try:
    print("has", ports.Reservation().number)
except OSError:
    print("refused")
"""


def another_reserves(number: int) -> str:
    """What another process says that can have no other port."""
    command = [sys.executable, "-c", ANOTHER.format(number=number)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_a_port_that_is_lent_can_be_opened_and_not_be_reserved():
    reservation = Reservation()
    reservation.lend()
    assert another_reserves(reservation.number) == "refused"
    with socket.create_server((LOOPBACK, reservation.number)):
        assert another_reserves(reservation.number) == "refused"
    assert another_reserves(reservation.number) == "refused", "it will be opened again"
    reservation.close()
    assert another_reserves(reservation.number) == f"has {reservation.number}"


def test_a_number_that_is_taken_is_passed_over(monkeypatch):
    with socket.create_server((LOOPBACK, 0)) as taken, socket.socket() as free:
        free.bind((LOOPBACK, 0))
        wanted = [taken.getsockname()[1], free.getsockname()[1]]
        free.close()
        monkeypatch.setattr(ports, "candidates", lambda: wanted)
        reservation = Reservation()
        assert reservation.number == wanted[1]
        reservation.close()


@pytest.mark.podman
def test_the_port_of_a_backend_that_is_down_is_not_anothers():
    with running(backends=1) as runtime:
        unit = runtime.units[0]
        _, number = unit.container.published(BACKEND_PORT)
        unit.kill()
        assert another_reserves(number) == "refused"
        unit.start()
        assert another_reserves(number) == "refused"
    assert another_reserves(number) == f"has {number}"
