"""What Caddy's `/metrics` says, line by line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from caddylab._caddy.adapted.tree import Json, handlers

OWN = "vars"
"""The first handler of the lab's own questions to Caddy."""


class Metric(NamedTuple):
    """One line: `family` is the metric, `name` what the line says, such as `…_bucket`."""

    family: str
    name: str
    labels: dict[str, str]
    value: float

    @property
    def said(self) -> str:
        """Its labels as they are written in the line."""
        return ", ".join(f'{name}="{value}"' for name, value in self.labels.items())


def samples(text: str, adapted: Json, running: Json) -> Iterator[Metric]:
    """All of Caddy's own metrics but those of the lab's own questions.

    Args:
        text: in the text format of Prometheus.
        adapted: the JSON that Caddy made of the Caddyfile in force.
        running: the same with the lab's instruments.
    """
    from prometheus_client.parser import text_string_to_metric_families as families

    own = {*_servers(running)} - {*_servers(adapted)}
    handler = "" if any(handlers(adapted, OWN)) else OWN
    for family in families(text):
        if not family.name.startswith("caddy_") or family.name.startswith("caddy_admin_"):
            continue
        for found in family.samples:
            labels = dict(found.labels)
            if labels.get("handler") != handler and labels.get("server") not in own:
                yield Metric(family.name, found.name, labels, found.value)


def _servers(config: Json) -> Iterable[str]:
    found: Json = config.get("apps", {}).get("http", {}).get("servers", {})
    return found
