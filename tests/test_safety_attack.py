"""Caddy's own examples are loaded while the file system and the network are watched."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from network_support import watched as watched_network
from packets import strangers
from test_trust import copy_stores, hidden_stores, listing, root_only

FOLDER = "CADDYLAB_ADAPT_FILES"
WATCH = Path(__file__).parent / "support" / "caddy_watch.py"
USER = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]

watched = pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed.")

OWN = {
    "everything": "{\n\tstorage file_system /var/tmp/caddylab-stray\n\temail me@example.test\n}\n"
    ":80 {\n\tlog {\n\t\toutput file /var/tmp/caddylab-stray.log\n\t}\n\ttracing\n"
    "\tacme_server\n\ttemplates\n\tfile_server browse\n}\n",
    "names": "{\n\tacme_ca https://ca.example.test/dir\n\tocsp_stapling on\n}\n"
    "http://a.example.test {\n\trespond a\n}\nb.example.test:8443 {\n\trespond b\n}\n",
    "net": ":80 {\n\tlog {\n\t\toutput net 192.0.2.1:9\n\t}\n\trespond x\n}\n",
    "import": ":80 {\n\timport /etc/host*\n}\n",
    "root": ":80 {\n\troot * /etc\n\tfile_server\n}\n",
    "file": ":80 {\n\trespond {file./etc/hostname}\n}\n",
    "proxy": ":80 {\n\treverse_proxy backend1:8080 {\n\t\ttransport http {\n"
    "\t\t\tforward_proxy_url http://192.0.2.1:3128\n\t\t}\n\t}\n}\n",
}

SITES = {
    "internal": "shop.example.test {\n\ttls internal\n\tPROXY\n}\n",
    "mail": "shop.example.org {\n\ttls me@example.com\n\tPROXY\n}\n",
    "names": "{\n\temail me@example.com\n}\na.example.org, b.example.org {\n\tPROXY\n}\n",
    "demand": "{\n\ton_demand_tls {\n\t\task http://localhost:9123/ask\n\t}\n}\n"
    "https:// {\n\ttls {\n\t\ton_demand\n\t}\n\tPROXY\n}\n",
    "wildcard": "*.example.org {\n\ttls me@example.com {\n\t\tdns cloudflare x\n\t}\n\tPROXY\n}\n",
    "zerossl": "{\n\tcert_issuer zerossl key\n}\nz.example.org {\n\tPROXY\n}\n",
}


def watch(runtime: str, who: str, folder: Path, tmp_path: Path) -> dict:
    before = copy_stores(tmp_path / "stores")
    user = USER if who == "user" else []
    command = [sys.executable, str(WATCH), runtime, str(folder), str(tmp_path / "calls")]
    words = [*hidden_stores(tmp_path / "stores"), *user, *command]
    said = in_containers(words) if runtime == "podman" else in_a_watched_network(words, tmp_path)
    assert listing(tmp_path / "stores") == before
    result = json.loads(said.splitlines()[-1])
    assert result["faults"] == []
    assert result["strayed"] == []
    assert result["alive"]
    assert result["calls"] > 0
    return result


def in_containers(words: list[str]) -> str:
    """Here whatever container of the lab sends a packet to another host is caught, too."""
    with strangers() as seen:
        done = subprocess.run(words, capture_output=True, text=True, timeout=1500)
    assert done.returncode == 0, done.stderr
    assert seen == set()
    return done.stdout


def in_a_watched_network(words: list[str], folder: Path) -> str:
    """Here whatever program of the lab sends a packet to another host is caught, too."""
    done = watched_network(*words, cwd=folder, timeout=1500)
    assert done.returncode == 0, done.said
    assert done.packets == ()
    return done.said


WHO = [
    ("process", "root"), ("process", "user"),
    pytest.param("podman", "root", marks=pytest.mark.podman),
]  # fmt: skip


@root_only
@watched
@pytest.mark.parametrize(("runtime", "who"), WHO)
def test_caddyfiles_that_reach_far_touch_nothing(runtime, who, tmp_path):
    folder = tmp_path / "caddyfiles"
    folder.mkdir()
    for name, text in OWN.items():
        (folder / name).write_text(text)
    result = watch(runtime, who, folder, tmp_path)
    assert result["loaded"] + result["refused"] == len(OWN)
    assert not list(Path("/var/tmp").glob("caddylab-stray*"))


@root_only
@watched
@pytest.mark.parametrize(("runtime", "who"), WHO)
def test_sites_by_https_are_served_and_touch_nothing(runtime, who, tmp_path):
    folder = tmp_path / "caddyfiles"
    folder.mkdir()
    for name, text in SITES.items():
        text = text.replace("PROXY", "reverse_proxy backend1:8080 backend2:8080")
        (folder / name).write_text(text)
    result = watch(runtime, who, folder, tmp_path)
    assert result["answers"] == {name: [200, 200] for name in SITES}


@root_only
@watched
@pytest.mark.attack
@pytest.mark.timeout(1800)
@pytest.mark.skipif(
    not os.environ.get(FOLDER),
    reason=f"{FOLDER} names no folder: caddytest/integration/caddyfile_adapt of Caddy's source.",
)
@pytest.mark.parametrize(("runtime", "who"), WHO)
def test_caddys_own_examples_touch_nothing(runtime, who, tmp_path, figure):
    result = watch(runtime, who, Path(os.environ[FOLDER]), tmp_path)
    figure(
        f"{runtime}, {who}: {result['loaded']} of Caddy's own Caddyfiles loaded, "
        f"{result['refused']} refused with a sentence, {result['calls']} calls, none strayed"
    )
