"""The network of a lab's containers."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from caddylab._runtimes.podman.sweep import asked

if TYPE_CHECKING:
    from podman import PodmanClient


@dataclass(frozen=True, slots=True)
class Inside:
    """The network of one lab.

    Attributes:
        name: what Podman calls it.
        bridge: the interface that its containers are attached to.
        podman: the address of Podman's name server.
        names: the address of the lab's own name server, which containers ask.
    """

    name: str
    bridge: str
    podman: str
    names: str


def create(client: PodmanClient, name: str, labels: dict[str, str]) -> Inside:
    """Create the network."""
    with asked(labels):
        made = client.networks.create(name, dns_enabled=True, labels=labels)
    [subnet] = made.attrs["subnets"]
    # The last address: Podman gives containers the first ones that are free.
    last = ipaddress.ip_network(subnet["subnet"]).broadcast_address - 1
    return Inside(name, made.attrs["network_interface"], subnet["gateway"], str(last))
