"""JupyterHub for a class on one machine, where every learner is a Unix user.

    jupyterhub --config jupyterhub_config.py

It runs as root, since it starts each learner's server as that learner. README.md in this folder
says how to set it up. What may differ between machines comes from the environment:

    CLASSROOM_FOLDER          the hub's own files, for root only (/var/lib/caddylab-classroom)
    CLASSROOM_ADDRESS         the URL that it is served at (http://127.0.0.1:8000)
    CLASSROOM_HUB_PORT        a loopback port on which servers reach the hub (8081)
    CLASSROOM_PROXY_PORT      a loopback port on which the hub controls its proxy (8001)
    CLASSROOM_IDLE            seconds without activity until a server is ended (3600)
"""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROGRAMS = Path(sys.executable).parent
FOLDER = Path(os.environ.get("CLASSROOM_FOLDER", "/var/lib/caddylab-classroom"))
IDLE = int(os.environ.get("CLASSROOM_IDLE", "3600"))
LOOPBACK = "127.0.0.1"
CULLER = "idle-culler"

FOLDER.mkdir(mode=0o700, parents=True, exist_ok=True)
FOLDER.chmod(0o700)
os.umask(0o077)  # also for what the hub writes beside these files

c = get_config()  # noqa: F821 (JupyterHub defines it)

# Nothing listens on the network. To let the class in from there, put a web server with a
# certificate in front (README.md has a Caddyfile): passwords must not travel in the clear.
c.JupyterHub.bind_url = os.environ.get("CLASSROOM_ADDRESS", "http://127.0.0.1:8000")
c.JupyterHub.hub_ip = LOOPBACK
c.JupyterHub.hub_port = int(os.environ.get("CLASSROOM_HUB_PORT", "8081"))
c.ConfigurableHTTPProxy.api_url = (
    f"http://{LOOPBACK}:{os.environ.get('CLASSROOM_PROXY_PORT', '8001')}"
)

c.JupyterHub.db_url = f"sqlite:///{FOLDER / 'jupyterhub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(FOLDER / "cookie_secret")
c.ConfigurableHTTPProxy.pid_file = str(FOLDER / "proxy.pid")

# Everybody has a password of their own: whoever knows another's can do all that the other can.
c.JupyterHub.authenticator_class = "pam"
c.PAMAuthenticator.allowed_groups = {"learners", "teachers"}
c.PAMAuthenticator.admin_groups = {"teachers"}

c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"
c.Spawner.cmd = [str(PROGRAMS / "jupyterhub-singleuser")]
c.Spawner.environment = {
    "PATH": os.pathsep.join([str(PROGRAMS), os.environ.get("PATH", os.defpath)]),
    "JUPYTER_CONFIG_PATH": str(HERE / "jupyter"),
    "CADDYLAB_RUNTIME": "process",
    # The rest saves memory: README.md says how much.
    "CADDYLAB_PICTURES": "off",
    "PYTHONPATH": str(HERE / "lean"),
    "MALLOC_ARENA_MAX": "2",
    "OPENBLAS_NUM_THREADS": "1",
}
c.Spawner.ip = LOOPBACK
c.Spawner.start_timeout = c.Spawner.http_timeout = 120  # when a class arrives all at once


def close_home(spawner):
    """Let nobody but the learner into the learner's home, which many systems leave open to all."""
    Path("~" + spawner.user.name).expanduser().chmod(0o700)


c.Spawner.pre_spawn_hook = close_home

# End the server of a learner who has left, to free memory. The files stay.
c.JupyterHub.last_activity_interval = max(1, min(300, IDLE // 4))
c.JupyterHub.services = [
    {
        "name": CULLER,
        "command": [
            sys.executable, "-m", "jupyterhub_idle_culler",
            f"--timeout={IDLE}", f"--cull-every={max(1, min(300, IDLE // 4))}",
        ],
    }
]  # fmt: skip
c.JupyterHub.load_roles = [
    {
        "name": CULLER,
        "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
        "services": [CULLER],
    }
]
