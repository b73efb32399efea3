"""Run a command in a network whose every packet to another host is recorded, for tests.

    unshare --net --mount ... python watched_network.py REPORT COMMAND...

The network has loopback and one more interface, which leads everywhere and ends in this process:
nothing comes back, and what was sent is in REPORT, a JSON list of lines. Names are looked up at a
server out there, so that even a lookup sends a packet.
"""

from __future__ import annotations

import fcntl
import ipaddress
import json
import os
import select
import struct
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

TUNNEL = "/dev/net/tun"
SET_INTERFACE, TUN, NO_HEADER = 0x400454CA, 0x0001, 0x1000  # linux/if_tun.h
SETTINGS = """
link set lo up
link set outside multicast off
link set outside addrgenmode none
link set outside up
addr add 192.0.2.1/24 dev outside
route add default dev outside
-6 addr add 2001:db8::1/64 dev outside nodad
-6 route add default dev outside
"""
FILES = {
    "/etc/resolv.conf": "nameserver 198.51.100.53\noptions timeout:1 attempts:1\n",
    "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
}
HELPERS = ("/run/nscd", "/run/systemd/resolve")
"""Sockets of programs that look names up for others, in the machine's own network."""
PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmp6"}


def main(report: str, *command: str) -> int:
    """Run the command and write the report; return the command's exit code."""
    tunnel = os.open(TUNNEL, os.O_RDWR)
    fcntl.ioctl(tunnel, SET_INTERFACE, struct.pack("16sH22x", b"outside", TUN | NO_HEADER))
    for words in SETTINGS.strip().splitlines():
        subprocess.run(["ip", *words.split()], check=True)
    seen: list[str] = []
    ended = threading.Event()
    with tempfile.TemporaryDirectory() as folder:
        replace_files(Path(folder))
        watch = threading.Thread(target=keep, args=(tunnel, seen, ended))
        watch.start()
        code = subprocess.call(command)
        ended.set()
        watch.join()
        Path(report).write_text(json.dumps(seen))
        for path in reversed(FILES):
            subprocess.run(["umount", path], check=True)
    return code


def replace_files(folder: Path) -> None:
    """Make every lookup go through this network instead of to another program."""
    for number, (path, text) in enumerate(FILES.items()):
        (folder / str(number)).write_text(text)
        subprocess.run(["mount", "--bind", folder / str(number), path], check=True)
    for helper in HELPERS:
        if Path(helper).is_dir():
            subprocess.run(["mount", "-t", "tmpfs", "tmpfs", helper], check=True)


def keep(tunnel: int, seen: list[str], ended: threading.Event) -> None:
    """Record every packet until the command has ended and none is left."""
    while True:
        was_last = ended.is_set()
        while select.select([tunnel], [], [], 0.1)[0]:
            seen.append(described(os.read(tunnel, 1 << 16)))
        if was_last:
            return


def described(packet: bytes) -> str:
    """The packet's destination; for a query to a name server, also its content."""
    if packet[0] >> 4 == 4:
        protocol, host, rest = packet[9], packet[16:20], packet[4 * (packet[0] & 15) :]
    else:
        protocol, host, rest = packet[6], packet[24:40], packet[40:]
    (port,) = struct.unpack("!H", rest[2:4]) if protocol in (6, 17) else (0,)
    name = PROTOCOLS.get(protocol, str(protocol))
    words = f"{name} {ipaddress.ip_address(host)} port {port}"
    if (name, port) != ("udp", 53):
        return words
    question = "".join(chr(byte) if 32 < byte < 127 else "." for byte in rest[20:])
    return f"{words}: {question.strip('.')}"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
