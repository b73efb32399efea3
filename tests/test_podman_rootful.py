"""What only root can see of a lab's network."""

from __future__ import annotations

import contextlib
import ipaddress
import json
import os
import re
import secrets
import socket
import subprocess
from collections.abc import Iterator

import pytest
from dnslib import DNSError, DNSRecord
from packets import each_packet, strangers
from podman_support import dial, get, running

from caddylab._machine.waiting import poll
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
    server = network.attrs["subnets"][0]["gateway"], 53
    with socket.socket(type=socket.SOCK_DGRAM) as asking:
        asking.settimeout(2)
        for _ in range(10):  # it reads its list of names anew, and hears nobody meanwhile
            asking.sendto(query, server)
            with contextlib.suppress(TimeoutError):
                return int.from_bytes(asking.recv(4096)[6:8], "big") > 0
    raise TimeoutError(f"{server} does not answer")


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


# --- names stay in the lab ------------------------------------------------------------------

LOOK_UP = """
import socket, sys, time
for name in sys.argv[1:]:
    began = time.monotonic()
    try:
        socket.getaddrinfo(name, 80)
        print(name, "found")
    except socket.gaierror:
        print(name, "none" if time.monotonic() - began < 4 else "late")
"""


def test_no_name_asked_in_a_container_leaves_the_lab(client, runtime):
    """Nor does anybody wait for one: what is not the lab's is refused at once."""
    mark = secrets.token_hex(8)
    names = [f"{mark}.example.org", f"{mark}.dns.podman", mark, "backend2.dns.podman", "backend2"]
    inside = ipaddress.ip_network(subnet(client, runtime)["subnet"])
    runtime.units[1].kill()
    try:
        with questions() as seen:
            backend = client.containers.get(f"caddylab-{runtime.lab_id}-backend1")
            code, (out, err) = backend.exec_run(["python", "-c", LOOK_UP, *names], demux=True)
            assert code == 0, err
            dial(runtime, f"caddy-{mark}.example.org:80")
            assert get(runtime).status_code == 502
    finally:
        runtime.units[1].start()
    assert out.decode().split() == [word for name in names for word in (name, "none")]
    marked = {(name, to) for name, to in seen if mark in name}
    assert {f"{mark}.example.org.", f"caddy-{mark}.example.org."} <= {name for name, _ in marked}
    assert [(name, to) for name, to in marked if ipaddress.ip_address(to) not in inside] == []


def test_a_packet_to_a_stranger_would_be_seen(client, runtime):
    send = "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 9))"
    with strangers() as seen:
        backend = client.containers.get(f"caddylab-{runtime.lab_id}-backend1")
        assert backend.exec_run(["python", "-c", send])[0] == 0
        assert poll(lambda: seen == {"192.0.2.1"}, 10)


def test_every_container_knows_a_name_server_of_the_lab_only(client, runtime):
    inside = ipaddress.ip_network(subnet(client, runtime)["subnet"])
    for name in ("backend1", "caddy", "names"):
        container = client.containers.get(f"caddylab-{runtime.lab_id}-{name}")
        _, text = container.exec_run(["cat", "/etc/resolv.conf"], stream=False)
        servers = re.findall(rb"nameserver ([0-9.a-f:]+)", text)
        assert servers
        assert all(ipaddress.ip_address(each.decode()) in inside for each in servers), text


def subnet(client, runtime) -> dict[str, str]:
    [found] = client.networks.get(f"caddylab-{runtime.lab_id}").attrs["subnets"]
    return dict(found)


@contextlib.contextmanager
def questions() -> Iterator[set[tuple[str, str]]]:
    """The names that are asked for anywhere here meanwhile, and the addresses that are asked."""
    seen: set[tuple[str, str]] = set()
    with each_packet(lambda packet: note(packet, seen)):
        yield seen


def note(packet: bytes, seen: set[tuple[str, str]]) -> None:
    """Note what an IPv4 packet asks for, if it is a question to a name server."""
    rest = packet[4 * (packet[0] & 15) :]
    if packet[0] >> 4 == 4 and packet[9] == socket.IPPROTO_UDP and rest[2:4] == b"\0\x35":
        with contextlib.suppress(DNSError):
            name = str(DNSRecord.parse(rest[8:]).q.qname)
            seen.add((name, socket.inet_ntoa(packet[16:20])))
