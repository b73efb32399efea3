"""The configuration of each learner's Jupyter server, on one machine and in the image."""

import subprocess
import sys
from pathlib import Path

c = get_config()  # noqa: F821 (Jupyter defines it)

# Over TCP, every user of the machine could read what a kernel prints.
c.KernelManager.transport = "ipc"

FOLDER = "break-the-balancer"
c.ServerApp.default_url = f"/lab/tree/{FOLDER}/course/00-start-here.ipynb"

# Even where these are installed, the course needs no extension manager, no second notebook
# application, no language servers (each start would look for them all, with Node) and none of
# nbgrader's pages, since `nbgrader fetch` and `nbgrader submit` are run in a terminal. Together
# they take 30 MB a learner.
c.LabApp.extension_manager = "readonly"
NBGRADER = ("assignment_list", "course_list", "formgrader", "validate_assignment")
UNUSED = ["jupyter_lsp", "notebook", *(f"nbgrader.server_extensions.{page}" for page in NBGRADER)]
c.ServerApp.jpserver_extensions = dict.fromkeys(UNUSED, False)

# Puts the course's newest version beside whatever the learner has changed, in a separate process,
# since what it imports would stay in the server's memory.
COPY = """
import sys
from pathlib import Path
from caddylab._cli import notebooks
notebooks.copy_to(Path(sys.argv[1]))
"""
subprocess.run([sys.executable, "-c", COPY, Path.home() / FOLDER], check=False)
