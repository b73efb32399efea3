"""Break the Balancer: load balancing and fallback with a real Caddy, in Jupyter."""

from caddylab._backend import Backend
from caddylab._claims import Claim, Verdicts, plausible, verdicts
from caddylab._cli.doctor import doctor
from caddylab._errors import (
    ArgumentError,
    CaddyfileError,
    CaddyGone,
    CaddylabError,
    FaultError,
    LabClosed,
    LabError,
    NotYet,
    RuntimeUnavailable,
    StartFailed,
    TrafficError,
    WaitTimeout,
)
from caddylab._faults import Fault
from caddylab._gameday.game import GameDay
from caddylab._lab import Lab
from caddylab._magic import register as _register_magic
from caddylab._projector import projector
from caddylab._records import Answerer, Attempt, Outcome, Request, Span
from caddylab._survey import Survey
from caddylab._survey_trial import Trial
from caddylab._terminal import show_what_it_can as _show_what_it_can
from caddylab._traffic.clients import Clients
from caddylab._traffic.traffic import Traffic, compare
from caddylab._widgets.predict import Prediction, predict, predictions

__all__ = [
    "Answerer",
    "ArgumentError",
    "Attempt",
    "Backend",
    "CaddyGone",
    "CaddyfileError",
    "CaddylabError",
    "Claim",
    "Clients",
    "Fault",
    "FaultError",
    "GameDay",
    "Lab",
    "LabClosed",
    "LabError",
    "NotYet",
    "Outcome",
    "Prediction",
    "Request",
    "RuntimeUnavailable",
    "Span",
    "StartFailed",
    "Survey",
    "Traffic",
    "TrafficError",
    "Trial",
    "Verdicts",
    "WaitTimeout",
    "compare",
    "doctor",
    "plausible",
    "predict",
    "predictions",
    "projector",
    "verdicts",
]

_register_magic()
_show_what_it_can()
