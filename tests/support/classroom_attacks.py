"""What a learner tries against another; this source is run in the attacker's own kernel.

`try_all(TARGET)` returns the outcome of each attempt. It uses only the standard library and
whatever the attacker has.
"""

import http.client
import json
import os
import pathlib
import signal
import socket


def said(attempt, *arguments):
    """The system's answer: the name of the error, or `done`."""
    try:
        attempt(*arguments)
    except OSError as error:
        return type(error).__name__
    return "done"


def connect(path):
    with socket.socket(socket.AF_UNIX) as attempt:
        attempt.connect(path)


def bind(port):
    """Share a port that somebody else has, to get some of its visitors."""
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        attempt.bind(("127.0.0.1", port))


def status(port, path, method="GET", **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse().status
    connection.close()
    return answer


def of_process(pid):
    """What can be done to another learner's process, and read of it."""
    folder = pathlib.Path(f"/proc/{pid}")
    return {
        "terminate": said(os.kill, pid, signal.SIGTERM),
        "environment": said((folder / "environ").read_bytes),
        "memory": said((folder / "mem").open, "rb"),
        "open files": said(os.listdir, folder / "fd"),
    }


def try_all(target):
    with_my_token = {"Authorization": f"token {os.environ['JUPYTERHUB_API_TOKEN']}"}
    guessed = {"Authorization": "Bearer " + "0" * 32}
    server, user = target["server"], target["user"]
    return {
        "folders": {path: said(os.listdir, path) for path in target["folders"]},
        "files": {path: said(pathlib.Path(path).read_bytes) for path in target["files"]},
        "sockets": {path: said(connect, path) for path in target["sockets"]},
        "ports": {str(port): said(bind, port) for port in target["ports"]},
        "processes": [of_process(pid) for pid in target["processes"]],
        "control": [
            status(port, "/faults", "PUT", **headers)
            for port in target["control"]
            for headers in ({}, guessed)
        ],
        "server": [
            status(server, f"/user/{user}/api/contents", **headers)
            for headers in ({}, with_my_token, guessed)
        ],
        "hub": [
            status(target["hub"], f"/hub/api/users/{user}{what}", method, **with_my_token)
            for what, method in (("", "GET"), ("/server", "DELETE"), ("/tokens", "POST"))
        ],
        "proxy": [
            status(target["proxy"], "/api/routes", **headers) for headers in ({}, with_my_token)
        ],
    }  # fmt: skip


print(json.dumps(try_all(TARGET)))  # noqa: F821 (set in the cell before)
