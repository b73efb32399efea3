"""A learner: logs in at the hub, starts a server, and runs code in kernels over HTTP."""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import nbformat
from websocket import create_connection

from caddylab._machine.waiting import poll

FOLDER = "break-the-balancer"
CELL_TIMEOUT = 300.0
"""Seconds: ten learners share two cores."""

Message = dict[str, Any]


class CellFailed(Exception):
    """A cell raised an error, which is in the message."""


class Kernel:
    """A kernel of a learner's server, with JupyterLab's own protocol (REST and WebSocket)."""

    def __init__(self, http: httpx.Client, path: str) -> None:
        self._http, self._abandoned = http, False
        session = {"path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"}}
        answer = http.post("api/sessions", json=session).raise_for_status().json()
        self.session, self.id = answer["id"], answer["kernel"]["id"]
        address = str(http.base_url.join(f"api/kernels/{self.id}/channels"))
        self._socket = create_connection(
            address.replace("http", "ws", 1), timeout=CELL_TIMEOUT,
            header=[f"Authorization: {http.headers['Authorization']}"],
        )  # fmt: skip

    def run(self, code: str) -> list[Message]:
        """Execute one cell and return its output.

        Raises:
            CellFailed: it raised an error.
        """
        id = secrets.token_hex(8)
        header = {"msg_id": id, "msg_type": "execute_request", "username": "", "session": id,
                  "date": "", "version": "5.3"}  # fmt: skip
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content,
                   "channel": "shell", "buffers": []}  # fmt: skip
        self._socket.send(json.dumps(message))
        outputs = list(self._until_idle(id))
        for output in outputs:
            if output["msg_type"] == "error":
                raise CellFailed("\n".join(output["content"]["traceback"]))
        return outputs

    def run_as_told(self, code: str, again: int = 3) -> list[Message]:
        """Like `run`, but try again if the error says that the machine was busy."""
        try:
            return self.run(code)
        except CellFailed as error:
            if not again or "Run the cell once more" not in str(error):
                raise
            return self.run_as_told(code, again - 1)

    def ask(self, code: str) -> str:
        """What a cell prints."""
        outputs = self.run(code)
        return "".join(o["content"]["text"] for o in outputs if o["msg_type"] == "stream")

    def abandon(self) -> None:
        """Close the browser and leave the kernel as it is."""
        self._socket.close()
        self._abandoned = True

    def close(self) -> None:
        """Shut the kernel down."""
        if self._abandoned:
            return
        self._socket.close()
        self._http.delete(f"api/sessions/{self.session}").raise_for_status()

    def _until_idle(self, id: str) -> Iterator[Message]:
        while True:
            received = self._socket.recv()
            if isinstance(received, bytes) or not received:
                continue  # the buffers of a widget
            message = json.loads(received)
            if message["parent_header"].get("msg_id") != id:
                continue
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return
            if message["channel"] == "iopub":
                yield message


class Learner:
    """A learner with a session at the hub.

    Args:
        url: the hub's address.
        name, password: the learner's account.
    """

    def __init__(self, url: str, name: str, password: str) -> None:
        self.name = name
        self.token = self._log_in(url, password)
        headers = {"Authorization": f"token {self.token}"}
        self.hub = httpx.Client(base_url=f"{url}/hub/", headers=headers, timeout=60,
                                trust_env=False)  # fmt: skip
        self.server = httpx.Client(base_url=f"{url}/user/{name}/", headers=headers, timeout=120,
                                   trust_env=False)  # fmt: skip

    def arrive(self) -> None:
        """Have the hub start this learner's server, and wait until it is ready."""
        self.hub.post(f"api/users/{self.name}/server").raise_for_status()
        assert poll(self.is_there, 120, interval=0.3), f"{self.name} has no server after 120 s"

    def restart(self) -> None:
        """Stop the server and have it started again."""
        self.hub.delete(f"api/users/{self.name}/server").raise_for_status()
        assert poll(lambda: not self._servers(), 60, interval=0.3), "it goes on"
        self.arrive()

    def is_there(self) -> bool:
        """Whether the server is ready."""
        return bool(self._servers().get("", {}).get("ready"))

    def _servers(self) -> dict[str, Any]:
        user = self.hub.get(f"api/users/{self.name}").raise_for_status().json()
        return dict(user["servers"])

    def __enter__(self) -> Learner:
        return self

    def __exit__(self, *_: object) -> None:
        self.hub.close()
        self.server.close()

    @contextlib.contextmanager
    def kernel(self, path: str = f"{FOLDER}/course/scratch.ipynb") -> Iterator[Kernel]:
        """A kernel for the notebook `path`, in its folder."""
        kernel = Kernel(self.server, path)
        try:
            yield kernel
        finally:
            kernel.close()

    def work_through(
        self,
        path: str,
        source: nbformat.NotebookNode | None = None,
        stay: Callable[[], object] = bool,
    ) -> list[Message]:
        """Run a notebook from top to bottom in a kernel of its own; return its output.

        Args:
            path: where it is on the server.
            source: another notebook to run in its place.
            stay: is called before the last cell, which ends the lab, and returns when it may run.
        """
        notebook = source or self.server.get(f"api/contents/{path}").raise_for_status().json()
        cells = source.cells if source else notebook["content"]["cells"]
        with self.kernel(path) as kernel:
            code = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
            shown = [message for cell in code[:-1] for message in kernel.run_as_told(cell)]
            stay()
            return shown + kernel.run_as_told(code[-1])

    def _log_in(self, url: str, password: str) -> str:
        """Log in as a browser does, and have the hub make a token for the rest."""
        with httpx.Client(base_url=url, timeout=60, trust_env=False) as browser:
            browser.get("/hub/login").raise_for_status()
            form = {"username": self.name, "password": password, "_xsrf": browser.cookies["_xsrf"]}
            answer = browser.post("/hub/login", data=form)
            if answer.status_code != 302:
                raise PermissionError(f"{self.name}: {answer.status_code}")
            browser.get("/hub/home").raise_for_status()
            headers = {"X-XSRFToken": browser.cookies["_xsrf"]}
            made = browser.post(f"/hub/api/users/{self.name}/tokens", headers=headers, json={})
            token: str = made.raise_for_status().json()["token"]
            return token
