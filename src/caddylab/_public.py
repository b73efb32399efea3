"""Every public name; `caddylab` passes them on, and imports this only when one is needed."""

from caddylab._claims.claims import Claim, Verdicts, plausible, verdicts
from caddylab._claims.judge import judge
from caddylab._claims.measured import measured
from caddylab._claims.predict import Prediction, predict, predictions
from caddylab._cli.doctor import doctor
from caddylab._engine.clients import Clients
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
    Stopped,
    TrafficError,
    WaitTimeout,
)
from caddylab._exercises.onward import onward
from caddylab._gameday.drill import Drill
from caddylab._gameday.game import GameDay
from caddylab._look.projector import projector
from caddylab._machine.answer import Answer
from caddylab._notebook.broken_off import register as _register_broken_off
from caddylab._notebook.lab import Lab
from caddylab._notebook.magic import register as _register_magic
from caddylab._records import Answerer, Attempt, Outcome, Request, Span
from caddylab._rig.backends.backend import Backend
from caddylab._rig.backends.faults import Fault
from caddylab._survey.policies import PolicyCosts, policy_costs
from caddylab._survey.sightings import Sightings
from caddylab._survey.survey import Survey
from caddylab._survey.trial import Trial
from caddylab._traffic.goodput import goodput
from caddylab._traffic.objective import Objective, histogram_quantile
from caddylab._traffic.traffic import Traffic, compare
from caddylab._trial.rehearsal import rehearse
from caddylab._trial.report import Rehearsal
from caddylab._trial.seen import Seen

__all__ = [
    "Answer",
    "Answerer",
    "ArgumentError",
    "Attempt",
    "Backend",
    "CaddyGone",
    "CaddyfileError",
    "CaddylabError",
    "Claim",
    "Clients",
    "Drill",
    "Fault",
    "FaultError",
    "GameDay",
    "Lab",
    "LabClosed",
    "LabError",
    "NotYet",
    "Objective",
    "Outcome",
    "PolicyCosts",
    "Prediction",
    "Rehearsal",
    "Request",
    "RuntimeUnavailable",
    "Seen",
    "Sightings",
    "Span",
    "StartFailed",
    "Stopped",
    "Survey",
    "Traffic",
    "TrafficError",
    "Trial",
    "Verdicts",
    "WaitTimeout",
    "compare",
    "doctor",
    "goodput",
    "histogram_quantile",
    "judge",
    "measured",
    "onward",
    "plausible",
    "policy_costs",
    "predict",
    "predictions",
    "projector",
    "rehearse",
    "verdicts",
]

_register_magic()
_register_broken_off()
