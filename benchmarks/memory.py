"""A learner's memory at work: server, kernel by what it has imported, Caddy, backends."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack

import psutil
from jupyter_client.manager import KernelManager, start_new_kernel

from benchmarks._row import Row
from caddylab._machine.ports import Port
from caddylab._machine.waiting import poll

BAR = 300
STEPS = {
    "a kernel": "pass",
    "`import caddylab`": "import caddylab",
    "a lab, a run and its table (pandas)": """
from caddylab import Lab
lab = Lab(runtime="process", backends=2)
lab.load("random")
run = lab.fire(200)
run.table()""",
    "altair": "import altair",
    "a chart (its PNG is drawn by a JavaScript engine)": "run.chart()",
}
"""What a learner does, step by step, so that each shows how much larger it makes a kernel."""


def run() -> list[Row]:
    """Measure with and without the PNGs that come with charts."""
    return [
        *_work("with PNGs", {}),
        *_work("PNGs off", {"CADDYLAB_PICTURES": "off"}),
    ]


def _work(how: str, environ: dict[str, str]) -> list[Row]:
    with ExitStack() as stack:
        server = stack.enter_context(_server())
        manager, client = start_new_kernel(env=os.environ | environ)
        stack.callback(manager.shutdown_kernel)
        stack.callback(client.stop_channels)
        kernel, sizes = _kernel(manager), {}
        for what, code in STEPS.items():
            answer = client.execute_interactive(code, timeout=120, output_hook=lambda _: None)
            if answer["content"]["status"] != "ok":
                raise RuntimeError(answer["content"]["evalue"])
            sizes[what] = _mib(kernel)
        return _rows(how, _mib(server), sizes, kernel.children(recursive=True))


def _rows(
    how: str, server: float, sizes: dict[str, float], others: list[psutil.Process]
) -> list[Row]:
    caddy = sum(_mib(each) for each in others if "caddy" in each.name())
    lab = sum(map(_mib, others)) - caddy
    before = dict(zip(sizes, [0.0, *sizes.values()], strict=False))
    parts = {
        "JupyterLab's server": server,
        **{what: size - before[what] for what, size in sizes.items()},
        "Caddy": caddy,
        "the keeper and the backends": lab,
    }
    whole = server + [*sizes.values()][-1] + caddy + lab
    name = f"memory of a learner at work, {how}"
    told = "; ".join(f"{what} {size:.0f}" for what, size in parts.items())
    return [Row(name, f"{whole:.0f} MiB", told, whole / BAR, f"≤ {BAR} MiB", whole <= BAR)]


def _kernel(manager: KernelManager) -> psutil.Process:
    return psutil.Process(manager.provisioner.pid)


def _mib(process: psutil.Process) -> float:
    """A process's own memory and its share of shared memory, in MiB (PSS, as Linux counts it)."""
    return float(process.memory_full_info().pss) / 2**20


class _server:
    """A JupyterLab that is ready, started as by `caddylab open`, with a learner's settings."""

    def __enter__(self) -> psutil.Process:
        port = Port()
        number = port.number
        port.close()  # nobody else shares its port
        self._folder = tempfile.TemporaryDirectory()
        command = [sys.executable, "-c", "from caddylab.cli import main; main()"]
        self._process = subprocess.Popen(
            [*command, "open", self._folder.name, "--no-browser", f"--port={number}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        process = psutil.Process(self._process.pid)
        if not poll(lambda: bool(process.net_connections()), 120, 0.1):
            raise RuntimeError("JupyterLab did not begin to listen.")
        return process

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(20)
        self._folder.cleanup()
