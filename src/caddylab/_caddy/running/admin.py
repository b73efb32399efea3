"""Caddy's admin API, as far as a lab needs it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

import httpx

from caddylab._caddy.advice.explain import refuse, refuse_unset
from caddylab._caddy.running.persistent import always, persistently, while_it_runs
from caddylab._caddy.safety import memory
from caddylab._caddy.text import variables
from caddylab._errors import CaddyfileError, CaddyGone
from caddylab._machine.environ import inherited

QUICK = 2.0
"""Seconds within which a healthy Caddy answers."""
DEAD = "Caddy has ended, so nothing answers"


class Upstream(NamedTuple):
    """What Caddy counts for one upstream (`GET /reverse_proxy/upstreams`)."""

    fails: int
    num_requests: int


class Admin:
    """Talks to one Caddy.

    Args:
        client: an httpx client of the admin endpoint.
        runs: whether Caddy's process exists.
        last_words: the last output of that process.

    Every method that asks Caddy raises `CaddyGone` when Caddy has ended or does not answer.
    """

    def __init__(
        self,
        client: httpx.Client,
        runs: Callable[[], bool] = always,
        last_words: Callable[[], str] = str,
    ) -> None:
        self._client, self._runs, self._last_words = client, runs, last_words

    def answers(self) -> bool:
        """Whether Caddy runs and answers, soon."""
        try:
            return self._client.get("/config/admin", timeout=QUICK).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def adapt(self, text: str) -> dict[str, Any]:
        """Have Caddy turn a Caddyfile into its JSON, with this process's environment variables.

        Raises:
            CaddyfileError: in Caddy's own words, with the line where it names one.
        """
        answer = self._adapt(variables.fill(text, inherited()))
        if "error" in answer:
            raise self._for_want_of_variables(text, answer["error"]) or refuse(
                answer["error"], text
            )
        result: dict[str, Any] = answer["result"]
        return result

    def refusal(self, text: str) -> str:
        """Caddy's own words about a text that it does not take; nothing for one that it takes."""
        return str(self._adapt(text).get("error", ""))

    def _adapt(self, text: str) -> dict[str, Any]:
        answer: dict[str, Any] = self._post(
            "/adapt", text, {"Content-Type": "text/caddyfile"}
        ).json()
        return answer

    def _for_want_of_variables(self, text: str, message: str) -> CaddyfileError | None:
        """The error to raise where setting all variables would have spared Caddy's `message`."""
        values = inherited()
        missing = variables.unset(text, values)
        if not missing:
            return None
        tries = (variables.fill(text, values, value) for value in variables.PLAUSIBLE)
        if all(self._adapt(filled).get("error") == message for filled in tries):
            return None
        return refuse_unset(missing, message, text)

    def load(self, config: dict[str, Any], text: str = "") -> None:
        """Replace Caddy's configuration, even by an equal one: its memory begins afresh.

        Raises:
            CaddyfileError: Caddy refuses it; the old configuration stays. `text` is what the
                learner wrote.
        """
        headers = {"Content-Type": "application/json", "Cache-Control": "must-revalidate"}
        answer = self._post("/load", json.dumps(config), headers)
        if answer.status_code != 200:
            raise refuse(answer.json()["error"], text)

    def authority(self, name: str) -> str:
        """The root certificate of one of Caddy's own authorities, in PEM."""
        answer = self._wait(lambda: self._client.get(f"/pki/ca/{name}"))
        return str(answer.raise_for_status().json()["root_certificate"])

    def upstreams(self) -> dict[str, Upstream]:
        """Caddy's counts by dial address. Active health is not among them."""
        rows = self._wait(lambda: self._client.get("/reverse_proxy/upstreams")).json() or []
        return {row["address"]: Upstream(row["fails"], row["num_requests"]) for row in rows}

    def metrics(self) -> str:
        """Caddy's metrics, in the text format of Prometheus."""
        return self._wait(lambda: self._client.get("/metrics")).raise_for_status().text

    def _post(self, path: str, content: str, headers: dict[str, str]) -> httpx.Response:
        body = content.encode()
        return self._wait(lambda: self._client.post(path, content=body, headers=headers))

    def _wait(self, ask: Callable[[], httpx.Response]) -> httpx.Response:
        """Ask something that may take a while, but wait only as long as Caddy runs."""
        if not self._runs():  # where a container was, packets get lost
            raise gone(False, None, self._last_words)
        return self._ask(lambda: while_it_runs(ask, self._runs))

    def _ask(self, ask: Callable[[], httpx.Response]) -> httpx.Response:
        try:
            return persistently(ask, self._runs)
        except httpx.TransportError as error:
            raise gone(self._runs(), error, self._last_words) from error


def gone(
    runs: bool, error: Exception | None = None, last_words: Callable[[], str] = str
) -> CaddyGone:
    """The error for a Caddy that does not answer, whether it still runs or not."""
    what = f"Caddy runs, but gives no answer ({type(error).__name__})." if runs else f"{DEAD}."
    why = "" if runs else memory.verdict(last_words())
    return CaddyGone(
        f"{what}{why} `lab.reset()` starts it again, with the first, plain Caddyfile; then load "
        "yours."
    )
