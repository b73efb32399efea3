"""What only root can see of a lab's network."""

from __future__ import annotations

import json
import os
import socket
import subprocess

import pytest
from podman_support import running

from caddylab._runtimes.podman import presence as podman
from caddylab._runtimes.podman import service as podman_service


@pytest.fixture(scope="module")
def runtime():
    works, why = podman.available()
    if not works or os.geteuid() != 0:
        pytest.skip("Only root sees the network of a lab." if works else why)
    with running() as runtime:
        yield runtime


@pytest.fixture(scope="module")
def client(runtime):
    with podman_service.at_hand() as service:
        yield service.client


@pytest.mark.parametrize("deed", ["stop", "kill"])
def test_a_backend_that_is_gone_has_no_name_any_more(client, runtime, deed):
    """A name that outlives its container for a moment costs whoever dials it three seconds."""
    assert knows(client, runtime, "backend2.dns.podman")
    getattr(runtime.units[1], deed)()
    assert not knows(client, runtime, "backend2.dns.podman")
    runtime.units[1].start()


def knows(client, runtime, name: str) -> bool:
    """Whether the name server of the lab's network has an address for `name`."""
    network = client.networks.get(f"caddylab-{runtime.lab_id}")
    labels = [bytes([len(label)]) + label.encode() for label in name.split(".")]
    query = b"\0\1\1\0\0\1\0\0\0\0\0\0" + b"".join(labels) + b"\0\0\1\0\1"
    with socket.socket(type=socket.SOCK_DGRAM) as asking:
        asking.settimeout(5)
        asking.sendto(query, (network.attrs["subnets"][0]["gateway"], 53))
        answer = asking.recv(4096)
    return int.from_bytes(answer[6:8], "big") > 0


def test_the_network_keeps_its_hardware_address(client, runtime):
    """Older Podman lets it follow the lowest one of its ports; then name queries get lost."""
    bridge = client.networks.get(f"caddylab-{runtime.lab_id}").attrs["network_interface"]
    before = hardware_address(bridge)
    ip("link", "add", "lowest", "address", "02:00:00:00:00:01", "type", "veth")
    try:
        ip("link", "set", "lowest", "master", bridge)
        assert hardware_address(bridge) == before
    finally:
        ip("link", "delete", "lowest")


def ip(*arguments: str) -> bytes:
    return subprocess.check_output(["ip", *arguments])


def hardware_address(interface: str) -> str:
    return str(json.loads(ip("-json", "link", "show", interface))[0]["address"])
