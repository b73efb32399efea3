"""A port for somebody else stays nobody else's, opened or not."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest
from podman_support import running

from caddylab._machine import ports
from caddylab._machine.ports import LOOPBACK, Claim
from caddylab._runtimes.base import BACKEND_PORT

ANOTHER = """
from caddylab._machine import ports
ports._numbers = lambda: [{number}]
try:
    print("has", ports.Claim().number)
except OSError:
    print("refused")
"""


def another_claims(number: int) -> str:
    """What another process says that can have no other port."""
    command = [sys.executable, "-c", ANOTHER.format(number=number)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_a_port_that_is_lent_can_be_opened_and_not_be_claimed():
    claim = Claim()
    claim.lend()
    assert another_claims(claim.number) == "refused"
    with socket.create_server((LOOPBACK, claim.number)):
        assert another_claims(claim.number) == "refused"
    assert another_claims(claim.number) == "refused", "it will be opened again"
    claim.close()
    assert another_claims(claim.number) == f"has {claim.number}"


def test_a_number_that_is_taken_is_passed_over(monkeypatch):
    with socket.create_server((LOOPBACK, 0)) as taken, socket.socket() as free:
        free.bind((LOOPBACK, 0))
        wanted = [taken.getsockname()[1], free.getsockname()[1]]
        free.close()
        monkeypatch.setattr(ports, "_numbers", lambda: wanted)
        claim = Claim()
        assert claim.number == wanted[1]
        claim.close()


@pytest.mark.podman
def test_the_port_of_a_backend_that_is_down_is_not_anothers():
    with running(backends=1) as runtime:
        unit = runtime.units[0]
        _, number = unit.container.published(BACKEND_PORT)
        unit.kill()
        assert another_claims(number) == "refused"
        unit.start()
        assert another_claims(number) == "refused"
    assert another_claims(number) == f"has {number}"
