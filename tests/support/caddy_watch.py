"""Watches from outside what a lab's Caddy does to the machine: which files it changes or reads, and
whom it talks to. It uses strace, so it misses nothing.

Run as a program, it loads every Caddyfile in a folder into a lab and prints what it saw.
"""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from caddylab import CaddyfileError, Lab, LabError
from caddylab._machine.waiting import poll

CALLS = "openat,mkdirat,renameat,renameat2,unlinkat,linkat,symlinkat,fchmodat,connect,sendto,execve"
_PATH = re.compile(r'(?:AT_FDCWD(?:</[^>]*>)?, )"(?P<path>[^"]*)"')
_WRITES = re.compile(r"O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|mkdirat|rename|unlinkat|linkat|fchmodat")
_PEER = re.compile(
    r'sin6?_port=htons\((?P<port>\d+)\).*?(?:inet_addr\(|AF_INET6, )"(?P<host>[^"]+)"'
)
READABLE = (  # read by Go itself
    "/dev/", "/proc/", "/sys/", "/etc/localtime", "/usr/share/zoneinfo", "/etc/mime.types",
    "/etc/apache", "/usr/share/mime", "/usr/local/share/mime", "/etc/httpd", "/etc/nginx",
    "/etc/ssl", "/etc/pki", "/etc/hosts", "/etc/resolv.conf", "/etc/nsswitch.conf",
    "/usr/share/ca-certificates", "/etc/services", "/etc/protocols", "/usr/lib/locale",
)  # fmt: skip


class Watch:
    """Records what a process does until `close`."""

    def __init__(self, pid: int, out: Path) -> None:
        self.out = out
        self._strace = subprocess.Popen(
            ["strace", "-f", "-q", "-s", "300", "-e", f"trace={CALLS}", "-o", str(out),
             "-p", str(pid)],
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert poll(lambda: attached(pid), 20), "strace does not attach"

    def close(self) -> list[str]:
        """What was seen, one call per line."""
        self._strace.send_signal(signal.SIGINT)
        try:
            self._strace.wait(10)
        except subprocess.TimeoutExpired:  # it has written everything that it saw
            self._strace.kill()
            self._strace.wait()
        return self.out.read_text(errors="replace").splitlines()


def attached(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status").read_text()
    return "TracerPid:\t0\n" not in status


def strayed(lines: list[str], own: tuple[str, ...], dials: tuple[str, ...] = ()) -> list[str]:
    """The calls that reached beyond the lab."""
    return [line for line in lines if not harmless(line, own, dials)]


def harmless(line: str, own: tuple[str, ...], dials: tuple[str, ...]) -> bool:
    if "execve(" in line:
        return False
    if peer := _PEER.search(line):
        return peer["host"].startswith(("127.", "::1", *dials))
    found = _PATH.search(line)
    if found is None:
        return True
    path = found["path"]
    if path.startswith(own) or not path.startswith("/"):
        return True
    return not _WRITES.search(line) and path.startswith(READABLE)


def load_all(runtime: str, folder: Path, out: Path) -> dict[str, Any]:
    """Load and use each Caddyfile twice, close the lab, and report what happened."""
    result: dict[str, Any] = {"loaded": 0, "refused": 0, "faults": [], "whys": {}, "answers": {}}
    with Lab(runtime=runtime) as lab:
        watch = Watch(lab.stack.runtime.caddy_pid(), out)
        for path in sorted(folder.iterdir()):
            text = path.read_text().split("\n----------\n")[0]
            try:
                for _ in range(2):
                    lab.load(text)
                    result["answers"][path.name] = ask(lab)
                result["loaded"] += 1
            except CaddyfileError as error:
                result["refused"] += 1
                result["whys"][path.name] = error.reason
            except Exception as error:
                result["faults"].append(f"{path.name}: {error!r}")
        own = (lab.stack.runtime.own_folder, "/tmp/caddylab", "/data/caddy", "/config/caddy")
        dials = ("10.", "fe80") if runtime == "podman" else ()
        result["alive"] = lab.get("/").status_code < 600
    lines = watch.close()
    result["calls"], result["strayed"] = len(lines), strayed(lines, own, dials)
    return result


def ask(lab: Lab) -> list[int | None]:
    """Send some requests; return their statuses, which most callers ignore."""
    with contextlib.suppress(httpx.HTTPError, LabError):
        lab.get("/", timeout=5, follow_redirects=False)
        return [request.status for request in lab.fire(2, timeout=5).requests]
    return []


if __name__ == "__main__":
    assert shutil.which("strace")
    runtime, folder, out = sys.argv[1:]
    print(json.dumps(load_all(runtime, Path(folder), Path(out))))
