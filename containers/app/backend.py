"""One backend: a small FastAPI app that says who answered, and fails when told to."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import AsyncIterator

import uvicorn
from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from starlette.types import ASGIApp

from .answers import Answering, Answers
from .control import Control
from .door import Door
from .faults import FaultSwitch
from .graceful import Graceful
from .journal import Journal
from .observer import Observer
from .routes import router
from .servers import BACKLOG
from .sessions import Sessions
from .settings import Settings

# Nothing collects it here, and looking for a collector would add to every latency.
_NO_TELEMETRY: TelemetryConfig = {"tracing": False, "metrics": False, "logs": False}


def run(bound: socket.socket) -> None:
    """Run a backend on an already bound socket until SIGTERM."""
    door = Door(bound, os.environ.get("LISTENER_FILE", ""))
    # Unless told not to, uvicorn takes the client's address from X-Forwarded-For for some peers
    # and not for others. Caddy's log already has a line for each request.
    config = uvicorn.Config(
        create_app(door), log_level="warning", backlog=BACKLOG, proxy_headers=False, ws="wsproto"
    )
    door.run(Graceful(config))


def create_app(door: Door | None = None) -> ASGIApp:
    """Create one backend's app; with a `door`, its listener can be changed while it runs.

    Environment: `BACKEND_ID`; `CONTROL_PORT`, `CONTROL_SECRET`, `CONTROL_HOST` and
    `CONTROL_INSTANCE` for the control channel, which is off without the first two.

    Raises:
        ValueError: a variable is invalid; the message names it and says what it accepts.
    """
    settings = Settings.from_environment(os.environ)
    faults, journal = FaultSwitch(door is not None and door.born.unready), Journal()
    control = Control(settings, faults, journal, door)

    @contextlib.asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        if door:
            await door.begin(observer)
        async with control.lifespan(app):
            yield
            if door:
                await door.close()

    app = FastAPI(openapi_url=None, lifespan=life, telemetry=_NO_TELEMETRY)
    app.state.backend_id = settings.backend_id
    app.state.sessions = Sessions()
    app.include_router(router)
    control.answering = answering = Answering(app, settings.backend_id)
    if door and door.born.answers:
        answering.answers = Answers.model_validate_json(door.born.answers)
    observer = Observer(answering, settings.backend_id, faults, journal, door)
    return observer
