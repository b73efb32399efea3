"""Certificates come from the lab's own authority, which this machine is never told to trust.

Caddy puts the root certificate of each authority into the machine's trust store unless it is told
not to, for each authority by its name. The authority `local` is made whenever something asks for
it, whether or not the Caddyfile names it; so it is always configured.
"""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

DEFAULT = "local"


def own_authority(config: Json) -> Json:
    """Keep certificates within the lab: none is installed, nobody on the network is asked for one.

    Changes `config` and returns it.
    """
    _trust_nowhere(_inside(config, "apps", "pki", "certificate_authorities"))
    tls = _inside(config, "apps", "tls")
    tls["disable_ocsp_stapling"] = True
    _issue_here(_inside(tls, "automation"))
    return config


def _trust_nowhere(authorities: Json) -> None:
    authorities.setdefault(DEFAULT, {})
    for name in authorities:
        authorities[name] = {**(authorities[name] or {}), "install_trust": False}


def _issue_here(automation: Json) -> None:
    policies = automation["policies"] = automation.get("policies") or []
    if all(policy.get("subjects") for policy in policies):
        policies.append({})  # the one for every other name: Caddy's own would ask Let's Encrypt
    for policy in policies:
        policy["issuers"] = [_internal(policy.get("issuers") or [])]
        policy["disable_ocsp_stapling"] = True


def _internal(issuers: list[Json]) -> Json:
    wanted = (issuer for issuer in issuers if issuer.get("module") == "internal")
    return next(wanted, {"module": "internal"})


def _inside(config: Json, *keys: str) -> Json:
    """The dictionary at this place, made where it is missing or null."""
    for key in keys:
        config[key] = config.get(key) or {}
        config = config[key]
    return config
