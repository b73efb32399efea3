"""Break the Balancer: load balancing and fallback with a real Caddy, in Jupyter."""

from caddylab._backend import Backend
from caddylab._errors import (
    CaddyfileError,
    CaddylabError,
    FaultError,
    LabClosed,
    LabError,
    RuntimeUnavailable,
    StartFailed,
    TrafficError,
    WaitTimeout,
)
from caddylab._faults import Fault
from caddylab._lab import Lab
from caddylab._notebook import register_magic
from caddylab._records import Attempt, Outcome, Request, Span
from caddylab._traffic.clients import Clients
from caddylab._traffic.traffic import Traffic

__all__ = [
    "Attempt",
    "Backend",
    "CaddyfileError",
    "CaddylabError",
    "Clients",
    "Fault",
    "FaultError",
    "Lab",
    "LabClosed",
    "LabError",
    "Outcome",
    "Request",
    "RuntimeUnavailable",
    "Span",
    "StartFailed",
    "Traffic",
    "TrafficError",
    "WaitTimeout",
]

register_magic()
