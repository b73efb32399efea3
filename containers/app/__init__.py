"""The course's backend: a small FastAPI app that says who answered, and fails when told to.

Importing the package reads nothing from its surroundings, so that one process can import it
once and fork many backends; `create_app` reads the environment when it is called.
"""

from __future__ import annotations

import os

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.types import ASGIApp

from .answers import Answering
from .control import Control
from .faults import FaultSwitch
from .journal import Journal
from .observer import Observer
from .routes import router
from .sessions import Sessions
from .settings import Settings

__all__ = ["create_app"]

# Nobody collects it here, and looking for a collector would be part of every latency.
_NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}


def create_app() -> ASGIApp:
    """Make one backend: `uvicorn --factory app:create_app`.

    Environment: `BACKEND_ID`; `CONTROL_PORT`, `CONTROL_SECRET`, `CONTROL_HOST` and
    `CONTROL_INSTANCE` for the control channel, which is off without the first two.

    Raises:
        ValueError: a variable is unusable; the message names it and says what it takes.
    """
    settings = Settings.from_environment(os.environ)
    faults, journal = FaultSwitch(), Journal()
    control = Control(settings, faults, journal)
    app = FastAPI(openapi_url=None, lifespan=control.lifespan, telemetry=_NO_TELEMETRY)
    app.state.backend_id = settings.backend_id
    app.state.sessions = Sessions()
    app.include_router(router)
    control.answering = answering = Answering(app, settings.backend_id)
    return Observer(answering, settings.backend_id, faults, journal)
