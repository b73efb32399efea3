"""No lab makes this machine trust a certificate authority."""

# A lab that fails here would install authorities on this very machine; so what loads runs where
# copies stand before the trust stores, and the rest only looks at what would be loaded.

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from caddylab import Lab
from caddylab._caddy.safety.authority import own_authority
from caddylab._cli import authorities
from caddylab._rig.site.instrument import Instrument

STORES = ("/usr/local/share/ca-certificates", "/etc/ssl/certs", "/etc/pki", "/etc/ca-certificates")
SHOP = "{\n\tpki {\n\t\tca shop {\n\t\t\tname Shop\n\t\t}\n\t}\n}\n"
TLS = ":8443 {\n\ttls internal\n\trespond ok\n}"
AUTHORITIES = {
    "acme_server": ":80 {\n\tacme_server\n}",
    "tls internal": f":80 {{\n\trespond ok\n}}\n{TLS}",
    "pki": SHOP + ":80 {\n\trespond ok\n}",
    "pki local": SHOP.replace("shop", "local") + ":80 {\n\trespond ok\n}",
    "both": SHOP + f":80 {{\n\tacme_server {{\n\t\tca shop\n\t}}\n}}\n{TLS}",
}
OWNER = """
import sys
from caddylab import Lab
with Lab(runtime="process") as lab:
    for text in sys.argv[1:]:
        lab.load(text)
        print("loaded", flush=True)
"""


def owner() -> list[str]:
    return [sys.executable, "-c", OWNER, *AUTHORITIES.values()]


def run(command: list[str], **more: object) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, **more)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("loaded") == len(AUTHORITIES), done.stdout


root_only = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0 or not shutil.which("unshare"),
    reason="Only root can put empty folders before the trust store for one process.",
)


@root_only
def test_root_keeps_the_trust_store_of_the_machine_as_it_was(tmp_path):
    before = copy_stores(tmp_path)
    run([*hidden_stores(tmp_path), *owner()])
    assert listing(tmp_path) == before


@root_only
def test_a_users_lab_never_asks_for_rights(tmp_path):
    """Caddy's helper would write by `sudo tee`, which asks nothing where sudo asks nothing."""
    before = copy_stores(tmp_path / "stores")
    noted, helpers, home = tmp_path / "asked", tmp_path / "bin", tmp_path / "home"
    helpers.mkdir()
    home.mkdir()
    for name in ("sudo", "tee", "certutil", "update-ca-certificates", "trust", "keytool"):
        (helpers / name).write_text(f'#!/bin/sh\necho {name} "$@" >> {noted}\ncat > /dev/null\n')
        (helpers / name).chmod(0o755)
    env = {"PATH": f"{helpers}:{os.environ['PATH']}", "HOME": str(home), "TMPDIR": str(tmp_path)}
    user = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
    run([*hidden_stores(tmp_path / "stores"), *user, *owner()], env=os.environ | env)
    assert not noted.exists(), noted.read_text()
    assert list(home.iterdir()) == []
    assert listing(tmp_path / "stores") == before


def copy_stores(folder: Path) -> set[tuple[str, float]]:
    folder.mkdir(exist_ok=True)
    for n, store in enumerate(stores()):
        shutil.copytree(store, folder / str(n), symlinks=True)
    return listing(folder)


def hidden_stores(copies: Path) -> list[str]:
    """Runs a command where copies stand before the stores: a lab that fails harms nobody."""
    hide = "".join(f'mount --bind "{copies}/{n}" {store}\n' for n, store in enumerate(stores()))
    return ["unshare", "--mount", "sh", "-c", f'set -e\n{hide}exec "$@"', "sh"]


def stores() -> list[str]:
    return [store for store in STORES if Path(store).is_dir()]


@pytest.mark.parametrize("text", AUTHORITIES.values(), ids=AUTHORITIES)
def test_every_authority_is_told_to_stay_in_the_lab(lab, text):
    config = Instrument(lab.adapt(text), lab.stack.runtime, text).plan().config
    authorities = config["apps"]["pki"]["certificate_authorities"]
    assert "local" in authorities
    assert all(ca["install_trust"] is False for ca in authorities.values())


def test_what_caddy_runs_says_so_too(lab):
    running = lab.stack.runtime.admin().get("/config/apps/pki").json()
    assert running["certificate_authorities"]["local"]["install_trust"] is False


def test_the_first_configuration_says_so_too(lab):
    """Before anything is loaded."""
    runtime = lab.stack.runtime
    boot = json.loads(runtime.boot())
    assert boot["apps"]["pki"]["certificate_authorities"]["local"]["install_trust"] is False


def test_issuers_on_the_network_give_way_to_the_labs_own():
    acme = {"subjects": ["a.test"], "issuers": [{"module": "acme"}, {"module": "zerossl"}]}
    own = {"subjects": ["b.test"], "issuers": [{"module": "internal", "ca": "shop"}]}
    config = {"apps": {"tls": {"automation": {"policies": [acme, own]}}, "pki": None}}
    own_authority(config)
    policies = config["apps"]["tls"]["automation"]["policies"]
    assert [policy["issuers"] for policy in policies] == [
        [{"module": "internal"}], [{"module": "internal", "ca": "shop"}], [{"module": "internal"}],
    ]  # fmt: skip


def listing(folder: Path) -> set[tuple[str, float]]:
    return {
        (str(path.relative_to(folder)), path.lstat().st_mtime)
        for path in folder.rglob("*")
        if not path.is_dir()
    }


# --- what earlier versions left in the store -----------------------------------------------------


@pytest.fixture
def store(tmp_path):
    """A trust store with an authority of Caddy's, and one of somebody else's."""
    folder = tmp_path / "store"
    folder.mkdir()
    with Lab(runtime="process") as lab:
        lab.load(AUTHORITIES["tls internal"])
        [root] = lab.stack.runtime.folder.glob("caddy/pki/authorities/local/root.crt")
        shutil.copy(root, folder / "Caddy_Local_Authority.crt")
    (folder / "mine.crt").write_text("-----BEGIN CERTIFICATE-----\nbm90IENhZGR5\n"
                                     "-----END CERTIFICATE-----\n")  # fmt: skip
    return folder


def test_doctor_says_where_it_has_looked(tmp_path, monkeypatch):
    (there := tmp_path / "there").mkdir()
    stores = {str(there): (), str(tmp_path / "elsewhere"): ()}
    monkeypatch.setattr(authorities, "STORES", stores)
    assert f'(no "{authorities.NAME}" in {there}; ' in authorities.examine()
    monkeypatch.setattr(authorities, "STORES", {str(tmp_path / "elsewhere"): ()})
    assert authorities.examine().startswith("not looked at")


def test_doctor_finds_the_authorities_of_caddy_and_no_other(store, monkeypatch):
    assert [path.name for path in authorities.found([str(store)])] == ["Caddy_Local_Authority.crt"]
    monkeypatch.setattr(authorities, "found", lambda _: [store / "Caddy_Local_Authority.crt"])
    with pytest.raises(authorities.Trusted, match="Caddy_Local_Authority"):
        authorities.examine()


@pytest.mark.parametrize("answer", ["", "n", "no", "what", EOFError()])
def test_clean_removes_none_without_a_yes(store, capsys, answer):
    def ask(_: str) -> str:
        if isinstance(answer, EOFError):
            raise answer
        return answer

    authorities.offer(ask=ask, stores=[str(store)])
    assert len(list(store.iterdir())) == 2
    assert f"rm '{store}/Caddy_Local_Authority.crt'" in capsys.readouterr().out


@pytest.mark.parametrize("yes", [True, False])
def test_clean_removes_them_after_a_yes(store, yes):
    authorities.offer(yes, lambda _: "y", [str(store)])
    assert [path.name for path in store.iterdir()] == ["mine.crt"]
