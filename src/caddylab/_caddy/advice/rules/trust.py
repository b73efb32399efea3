"""Rules about whom Caddy believes."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import collapse_addresses, ip_network

from caddylab._caddy.advice.rules.registry import Findings, Remark, rule
from caddylab._caddy.advice.rules.subject import Subject


@rule(
    "every-proxy-trusted",
    "Everybody is trusted to be a proxy",
    write="Name the addresses of the proxies in front: `trusted_proxies static 192.0.2.0/24`.",
)
def everybody(subject: Subject) -> Findings:
    """Where every address counts as a trusted proxy, any client can write its own address into
    `X-Forwarded-For`, and Caddy and the backends believe it.
    """
    for server in subject.servers:
        for wrapper in server.get("listener_wrappers") or []:
            if wrapper.get("wrapper") == "proxy_protocol" and _all(wrapper.get("allow") or []):
                lines = [s.line for s in subject.statements("allow") if _all(s.words[1:])]
                yield Remark(
                    lines[0] if len(lines) == 1 else None,
                    "Every client may begin with a PROXY line: the address that it claims is"
                    " believed.",
                    "Name the addresses of the proxies in front: `allow 192.0.2.0/24`.",
                )
    for line in _trusting(subject):
        yield Remark(
            line, "Every client counts as a trusted proxy: its own `X-Forwarded-For` is believed."
        )


def _trusting(subject: Subject) -> Iterator[int | None]:
    """The line of each list of proxies that leaves nobody out."""
    listed = [s for s in subject.statements("trusted_proxies") if s.words[1:2] == ["static"]]
    lines: list[int | None] = [s.line for s in listed if _all(s.words[2:])]
    ranges = [(s.get("trusted_proxies") or {}).get("ranges", []) for s in subject.servers]
    if any(map(_all, ranges)):
        yield from lines or [None]
    for proxy in subject.proxies:
        if _all(proxy.handler.get("trusted_proxies", [])):
            yield proxy.line("trusted_proxies")


def _all(ranges: list[str]) -> bool:
    """Whether these networks together are every IPv4 or every IPv6 address."""
    for version in (4, 6):
        networks = [n for n in map(_network, ranges) if n is not None and n.version == version]
        if any(network.prefixlen == 0 for network in collapse_addresses(networks)):
            return True
    return False


def _network(text: str):  # type: ignore[no-untyped-def]
    try:
        return ip_network(text, strict=False)
    except ValueError:
        return None
