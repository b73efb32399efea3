"""The lab as plain child processes: no containers, no admin rights."""

from __future__ import annotations

import contextlib
import json
import secrets
from pathlib import Path
from typing import Any

import httpx
import psutil

from caddylab._caddy.running import program
from caddylab._caddy.running.persistent import Cautious
from caddylab._caddy.safety import memory
from caddylab._caddy.safety.authority import own_authority
from caddylab._errors import StartFailed
from caddylab._machine import loopback as _loopback
from caddylab._machine import shipped
from caddylab._machine.ports import LOOPBACK, Port
from caddylab._machine.waiting import poll
from caddylab._runtimes import lab_folder as folders
from caddylab._runtimes import temporary
from caddylab._runtimes.base import BACKEND_PORT, NAMES, Address, Gate, NameServer
from caddylab._runtimes.keeper import Keeper
from caddylab._runtimes.loopbacks import Loopbacks
from caddylab._runtimes.names import names_port
from caddylab._runtimes.process_backend import START_TIMEOUT, UNIX, ProcessUnit, lives
from caddylab._runtimes.spent import Spent


class ProcessRuntime:
    """A Caddy and its backends as processes on free loopback ports.

    Caddy's admin API listens on a unix socket in a folder that is private to the user; on
    Windows, on a loopback port that asks for the lab's secret as its `Origin`.
    """

    name = "process"
    moves = False

    def __init__(self, lab_id: str, backends: int = 2) -> None:
        self.lab_id = lab_id
        self.secret = secrets.token_hex(16)
        self._ports: dict[object, Port] = {"site": Port(), "closed": Port()}
        self.site: Address = (LOOPBACK, self._ports["site"].number)
        self.listen = f"{LOOPBACK}:{self.site[1]}"
        self.folder = folders.base() / lab_id
        self.units = [self._unit(number) for number in range(1, backends + 1)]
        self.keeper: Keeper
        self._caddy: psutil.Process | None = None
        self._admin = self._admin_client()
        self._spent = Spent()
        self._loopbacks = Loopbacks()
        self._names: NameServer | None = None
        self._closed = False

    def _unit(self, number: int) -> ProcessUnit:
        return ProcessUnit(
            number,
            self.secret,
            self.folder,
            lambda: self.keeper,
            lambda name: self.output(name=name),
        )

    def start(self) -> None:
        folders.create(self.lab_id)
        self.keeper = Keeper(self.folder, forked=True)
        try:
            self._launch_caddy()
            for unit in self.units:
                unit.launch()
            for unit in self.units:
                unit.wait()
            self._wait_for_caddy()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        folders.close(self.lab_id)  # whatever stops us now, the next sweep goes on
        if hasattr(self, "keeper"):
            self.keeper.close()
        self._admin.close()  # whoever asks just now has no answer to wait for any more
        folders.ensure_gone(self.folder)
        for port in self._ports.values():
            port.close()
        self._loopbacks.close()
        for unit in self.units:
            unit.close()

    def caddy_runs(self) -> bool:
        return lives(self._caddy)

    def caddy_pid(self) -> int:
        assert self._caddy is not None
        return self._caddy.pid

    def restart_caddy(self) -> None:
        with contextlib.suppress(psutil.Error):
            if self._caddy:
                self._caddy.kill()
        poll(self._caddy_is_gone, START_TIMEOUT)
        (self.folder / "admin.sock").unlink(missing_ok=True)
        self._launch_caddy()
        self._wait_for_caddy()

    def _caddy_is_gone(self) -> bool:
        found = self.keeper.look("caddy")
        return not (self.caddy_runs() or (found and found["running"]))

    def admin(self) -> httpx.Client:
        return self._admin

    def dial(self, host: str, port: int) -> str:
        number = int(host.removeprefix("backend"))
        if port == BACKEND_PORT:
            return self.units[number - 1].dial
        closed, port = self._reserved("closed")
        return f"{closed}:{port}"

    def names(self) -> NameServer:
        found = self.keeper.look("names")
        if self._names is None or not (found and found["running"]):
            self._names = self._start_names()
        return self._names

    def _start_names(self) -> NameServer:
        control = self._reserved("names")
        before = self._names.resolver if self._names else f"{LOOPBACK}:0"  # as Caddy sees it
        env = {
            NAMES: before,
            "CONTROL_PORT": str(control[1]),
            "CONTROL_SECRET": self.secret,
        }
        self.keeper.backend("names", shipped.containers(), control[1], env)
        asked = names_port(control, self.secret, START_TIMEOUT)
        if asked is None:
            output = self.output(name="names")
            raise StartFailed(f"The name server did not become ready. Its last output:\n{output}")
        return NameServer(f"{LOOPBACK}:{asked}", control)

    def place(self, number: int, move: int = 0) -> Address:
        return self._loopbacks.address(number, move)

    def gate(self, n: int) -> Gate:
        if n == 0:
            return Gate(self.listen, self.site)
        host, number = self._reserved(("site", n))
        return Gate(f"{host}:{number}", (host, number))

    @property
    def here(self) -> Path:
        return self.folder

    def extra_config(self) -> dict[str, Any]:
        return {"admin": self._admin_block()}

    def boot(self) -> str:
        """What Caddy runs before anything is loaded."""
        return json.dumps(own_authority(self.extra_config()))

    @property
    def own_folder(self) -> str:
        return str(self.folder)

    def bring(self, path: Path) -> str:
        return str(path)

    def log_writer(self) -> dict[str, Any]:
        return {"output": "file", "filename": str(self._log), "roll": False}

    def read_log(self, offset: int) -> bytes:
        self._spent.read_until(self._log, offset)
        try:
            with open(self._log, "rb") as log:
                log.seek(offset)
                return log.read()
        except FileNotFoundError:
            return b""

    def log_trouble(self) -> str:
        return temporary.log_trouble(self.folder, str(self.folder))

    def output(self, lines: int = 20, name: str = "caddy") -> str:
        try:
            text = (self.folder / f"{name}.out").read_text("utf-8", errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-lines:])

    @property
    def _log(self) -> Path:
        return self.folder / "caddy.log"

    def _reserved(self, key: object) -> Address:
        if key not in self._ports:
            self._ports[key] = Port()
        return LOOPBACK, self._ports[key].number

    def _admin_block(self) -> dict[str, Any]:
        quiet = {"config": {"persist": False}}
        if UNIX:
            return {"listen": f"unix/{self.folder}/admin.sock|0600", **quiet}
        host, port = self._reserved("admin")
        origins = [f"http://{self.secret}"]
        return {"listen": f"{host}:{port}", "enforce_origin": True, "origins": origins, **quiet}

    def _admin_client(self) -> httpx.Client:
        if UNIX:
            uds = str(self.folder / "admin.sock")
            transport = Cautious(self.caddy_runs, uds, verify=False)
            # Caddys before 2.10 answer no other name on a unix socket
            return _loopback.client("http://127.0.0.1", timeout=10, transport=transport)
        host, port = self._reserved("admin")
        # On a loopback address Caddy holds the host against the same list as the origin
        headers = {"Host": self.secret, "Origin": f"http://{self.secret}"}
        return _loopback.client(f"http://{host}:{port}", headers=headers, timeout=10)

    def _launch_caddy(self) -> None:
        boot = self.folder / "boot.json"
        with temporary.told():
            boot.write_text(self.boot(), "utf-8")
        homes = {"XDG_DATA_HOME": str(self.folder), "XDG_CONFIG_HOME": str(self.folder)}
        command = [str(program.executable()), "run", "--config", str(boot)]
        command = memory.limited(command) if UNIX else command
        env = homes | memory.ENVIRONMENT
        self._caddy = psutil.Process(self.keeper.spawn("caddy", command, env))

    def _wait_for_caddy(self) -> None:
        if not poll(self._caddy_answers, START_TIMEOUT):
            raise StartFailed(f"Caddy did not become ready. Its last output:\n{self.output()}")

    def _caddy_answers(self) -> bool:
        if not self.caddy_runs():
            raise StartFailed(f"Caddy ended at once. Its last output:\n{self.output()}")
        if UNIX and not _loopback.listens(self.folder / "admin.sock"):
            return False
        with contextlib.suppress(httpx.TransportError):
            return self._admin.get("/config/admin").status_code == 200
        return False
