"""JupyterHub's configuration as Zero to JupyterHub derives it from z2jh-values.yaml.

KubeSpawner describes each learner's pod as it would for a cluster, and Podman plays it. From the
environment it takes PODS_IMAGE (instead of the one in a registry), PODS_NETWORK, PODS_ADDRESS (at
which the network's containers find this machine), PODS_PASSWORD, PODS_FOLDER and three ports.
"""

import asyncio
import json
import os
from pathlib import Path

import yaml
from kubernetes_asyncio.client import ApiClient
from kubespawner import KubeSpawner
from traitlets.config import Config

VALUES = Path(__file__).parents[2] / "containers/classroom/z2jh-values.yaml"
CHART = {  # set by the chart itself
    "pvc_name_template": "claim-{user_server}",
    "common_labels": {"app.kubernetes.io/name": "jupyterhub"},
    "extra_labels": {"hub.jupyter.org/network-access-hub": "true"},
}
TRAITS = {  # set by the chart's jupyterhub_config.py
    "cmd": "cmd", "defaultUrl": "default_url", "startTimeout": "start_timeout",
    "memory.guarantee": "mem_guarantee", "memory.limit": "mem_limit",
    "cpu.guarantee": "cpu_guarantee", "cpu.limit": "cpu_limit", "uid": "uid", "fsGid": "fs_gid",
    "storage.capacity": "storage_capacity", "extraPodConfig": "extra_pod_config",
    "allowPrivilegeEscalation": "allow_privilege_escalation",
}  # fmt: skip
ELSEWHERE = {"image", "storage", "networkPolicy", "cloudMetadata"}
"""Keys that are not traits: they are read below, or concern the cluster's network."""


def spawner_settings(values: dict) -> dict:
    """KubeSpawner's traits, from the chart's values."""
    server = values["singleuser"]
    unknown = server.keys() - ELSEWHERE - {key.partition(".")[0] for key in TRAITS}
    assert not unknown, f"What does the chart make of {unknown}?"
    settings = CHART | {TRAITS[key]: look_up(server, key) for key in TRAITS}
    settings["image"] = "{name}:{tag}".format(**server["image"])
    storage = server["storage"]
    volume, claim = "volume-{user_server}", {"claimName": "{pvc_name}"}
    settings["volumes"] = {
        volume: {"name": volume, "persistentVolumeClaim": claim}, **storage["extraVolumes"],
    }  # fmt: skip
    settings["volume_mounts"] = {
        volume: {"name": volume, "mountPath": storage["homeMountPath"]},
        **storage["extraVolumeMounts"],
    }
    return settings | values["hub"]["config"]["KubeSpawner"]


def look_up(values: dict, key: str) -> object:
    """The value at a path such as `memory.limit`."""
    for part in key.split("."):
        values = values[part]
    return values


class PodmanSpawner(KubeSpawner):
    """Starts the very pod that KubeSpawner would send to Kubernetes."""

    async def start(self) -> str:
        """Play the pod; returns the server's address."""
        pod = ApiClient().sanitize_for_serialization(await self.get_pod_manifest())
        for container in pod["spec"]["containers"]:
            del container["ports"]  # Podman 4 would publish them on every address
        file = Path(os.environ["PODS_FOLDER"], f"{self.pod_name}.json")
        file.write_text(json.dumps(pod, indent=1))
        await podman("kube", "play", "--network", os.environ["PODS_NETWORK"], str(file))
        infra = await podman("pod", "inspect", "--format", "{{.InfraContainerID}}", self.pod_name)
        inspected = json.loads(await podman("inspect", infra.strip()))[0]
        (network,) = inspected["NetworkSettings"]["Networks"].values()
        return f"http://{network['IPAddress']}:{self.port}"

    async def poll(self) -> int | None:
        """Return None while the pod runs."""
        try:
            inspected = json.loads(await podman("inspect", f"{self.pod_name}-notebook"))[0]
        except RuntimeError:
            return 1
        return None if inspected["State"]["Running"] else inspected["State"]["ExitCode"]

    async def stop(self, now: bool = False) -> None:
        """End the pod; its volume stays."""
        await podman("pod", "rm", "--force", "--ignore", "--time", "10", self.pod_name)


async def podman(*words: str) -> str:
    """Podman's output."""
    settings = {name: text for name, text in os.environ.items() if name != "CONTAINER_HOST"}
    process = await asyncio.create_subprocess_exec(
        "podman", *words, env=settings,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"podman {' '.join(words)}: {(out + err).decode()}")
    return out.decode()


def configure(c: Config) -> None:
    """Configure JupyterHub."""
    environ = os.environ
    folder = Path(environ["PODS_FOLDER"])
    c.JupyterHub.bind_url = f"http://127.0.0.1:{environ['PODS_PORT']}"
    c.JupyterHub.hub_bind_url = f"http://{environ['PODS_ADDRESS']}:{environ['PODS_HUB_PORT']}"
    c.JupyterHub.db_url = f"sqlite:///{folder / 'jupyterhub.sqlite'}"
    c.JupyterHub.cookie_secret_file = str(folder / "cookie_secret")
    c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{environ['PODS_PROXY_PORT']}"
    c.ConfigurableHTTPProxy.pid_file = str(folder / "proxy.pid")
    c.JupyterHub.authenticator_class = "shared-password"
    c.SharedPasswordAuthenticator.user_password = environ["PODS_PASSWORD"]
    c.Authenticator.allow_all = True
    c.JupyterHub.spawner_class = PodmanSpawner
    c.KubeSpawner.update(spawner_settings(yaml.safe_load(VALUES.read_text())))
    c.KubeSpawner.image = environ["PODS_IMAGE"]
    c.KubeSpawner.image_pull_policy = "Never"


if "get_config" in globals():
    configure(get_config())  # type: ignore[name-defined]  # noqa: F821 (JupyterHub defines it)
