"""Marks in Caddy's log, which tell what became of a backend's answer that was not just passed on.

A page in its place may happen to have the same status and length: in a `handle_response`, in an
`intercept`, or in `handle_errors` when the last retry failed as well. Before the handlers that
decide it stands a `log_append`, whose field is in the closing line only if the handler has run.
"""

from __future__ import annotations

from typing import Any

from caddylab._caddy.adapted.letting_in import only_asks
from caddylab._caddy.adapted.tree import Json, find, handlers

COPIED, WRITTEN = "caddylab_copied", "caddylab_written"
ASK = "X-Caddylab-Ask"
"""A header: a backend answers as if the request had come for the path in it."""


def mark_answers(config: Json) -> None:
    """Make the log show whether a backend's answer was passed on or replaced."""
    _mark(config, COPIED, copies)
    intercepts = (handler.get("handle_response") for handler in handlers(config, "intercept"))
    for pages in (*intercepts, *find(config, "errors")):
        _mark(pages, WRITTEN, writes)


def let_nobody_else_be_asked(config: Json) -> None:
    """Keep what a lab asks of the backend that answers from those who only say who may come in."""
    for proxy in handlers(config, "reverse_proxy"):
        if only_asks(proxy):
            request = proxy.setdefault("headers", {}).setdefault("request", {})
            request.setdefault("delete", []).append(ASK)


def copies(handler: Json) -> bool:
    """Whether this handler passes the backend's answer on, from within a `handle_response`."""
    return handler.get("handler") == "copy_response"


def writes(handler: Json) -> bool:
    """Whether it writes an answer of Caddy's own; an `intercept` keeps a body it does not write."""
    name = handler.get("handler")
    return name == "file_server" or (name == "static_response" and bool(handler.get("body")))


def _mark(tree: Any, field: str, wanted: Any) -> None:
    if isinstance(tree, dict):
        if isinstance(chain := tree.get("handle"), list):
            tree["handle"] = [each for handler in chain for each in _marked(handler, field, wanted)]
        for value in tree.values():
            _mark(value, field, wanted)
    elif isinstance(tree, list):
        for value in tree:
            _mark(value, field, wanted)


def _marked(handler: Json, field: str, wanted: Any) -> list[Json]:
    mark = {"handler": "log_append", "key": field, "value": "yes"}
    return [mark, handler] if wanted(handler) else [handler]
