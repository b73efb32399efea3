"""What counts as an answer, and what every task requires before anything breaks.

One rule holds for every check: an answer counts only if a backend gave it, unchanged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from caddylab._exercises.task import Finding, Findings, Hints
from caddylab._records import Answerer, Outcome, Request, passed_over
from caddylab._traffic.traffic import Traffic

LEAST = 0.4
"""The part of its fair share that a backend must get: of two, each a fifth of everything."""

USED = Hints(
    "not both used",
    "Who gets nothing, or next to nothing, even before anything breaks?",
    "A spare that hardly works is another task. Here both backends share the work while all is "
    "well.",
    "Look at the upstreams behind `reverse_proxy`, and at `lb_policy`.",
)
UNWELL = Hints(
    "errors while all is well",
    "Nothing is broken yet, and clients get errors already. Look at their status.",
    "502: the upstream that Caddy chose did not answer. 503: Caddy thought that there was none. "
    "504: it took longer than you allow.",
    "Compare the upstreams with the backends' names and ports, and the timeouts and the "
    "`health_…` and `unhealthy_…` options with what a backend answers.",
)
MADE_UP = Hints(
    "made up",
    "Some clients were told that all is well, and no backend has said so. Who did? Compare what "
    "clients got with what the backends said: `.table()` has the one, `.attempts()` the other.",
    "An answer that Caddy makes up helps nobody: the client wanted a backend's. Nor does an error "
    "that is given another status. What failed has to be done, not to be painted over.",
    "Look at every `respond`, `handle_errors`, `handle_response` and `replace_status`, and at "
    "what no handler takes. None of them can take the place of another attempt.",
)

DISGUISED = Hints(
    "another status",
    "Compare the status that clients got with that of the last attempt in `.attempts()`.",
    "People read a page, machines the status: your monitoring, and whoever would try again. An "
    "error under another number misleads them.",
    "Look at every status that you have written yourself: behind `respond` or `error`, and in "
    "`replace_status`. Caddy keeps the error's own where you write none; `abort` tells none.",
)


CHANCE = (
    " That was chance: when several retries come in the same instant, one of them may find nobody "
    "to ask, though a backend is well (chapter 3)."
)


def lost(requests: Sequence[Request]) -> int:
    """How many requests have no good answer from a backend."""
    return sum(not request.good for request in requests)


def made_up(request: Request) -> bool:
    """Whether its client takes something for a good answer that no backend said."""
    return request.outcome in (Outcome.OK, Outcome.NOBODY) and not request.good


def told(requests: Sequence[Request], patience: float = 0) -> str:
    """How many got no good answer, and what they got instead, as a sentence.

    Args:
        requests: those that are counted.
        patience: how long their clients waited for an answer (seconds), if that is of interest.
    """
    bad = Counter(_instead(r, patience) for r in requests if not r.good)
    if not bad:
        return f"All {len(requests)} requests were answered by a backend."
    kinds = ", ".join(f"{count} × {kind}" for kind, count in bad.items())
    failed = f"{bad.total()} of {len(requests)} requests had no good answer from a backend."
    return f"{failed} Instead: {kinds}.{CHANCE if passed_over(requests) else ''}"


def _instead(request: Request, patience: float) -> str:
    if request.outcome is Outcome.NOBODY:
        return "an empty answer of nobody's"
    if made_up(request):
        return f"an answer of Caddy's own making ({request.status})"
    if request.outcome is Outcome.TIMEOUT and patience:
        return f"no answer after {patience:g} s"
    return str(request.status or request.outcome.value)


def served(
    asked: str,
    run: Traffic,
    hints: Hints = UNWELL,
    *,
    seen: str = "",
    chart: str = "routing",
    requests: Sequence[Request] | None = None,
) -> Finding:
    """Every request has a good answer from a backend.

    Args:
        asked: the property, as a sentence.
        run: the traffic, to be drawn.
        hints: hints for errors; made-up answers have hints of their own.
        seen: what else was seen, as sentences.
        chart: how to draw the run.
        requests: those of the run that count; all of them if not given.
    """
    counted = run.requests if requests is None else requests
    return Finding(
        asked,
        lost(counted) == passed_over(counted),
        " ".join([told(counted, run.run.plan.timeout), seen]).rstrip(),
        MADE_UP if any(map(made_up, counted)) else hints,
        run,
        chart,
    )


def honest(asked: str, run: Traffic) -> Finding:
    """Where errors are allowed: each is told by the status that it has, whatever page is shown."""
    painted = any(map(made_up, run.requests))
    holds = not painted and not any(map(_disguised, run.requests))
    return Finding(asked, holds, told(run.requests), MADE_UP if painted else DISGUISED, run)


def _disguised(request: Request) -> bool:
    """Whether Caddy has told an error of a backend, or its own, by another status or by none."""
    own = {503}
    if request.attempts:
        own = {502, 504} if (last := request.attempts[-1].status) is None else {last}
    silent = request.outcome is Outcome.RESET
    return silent or (request.answerer is Answerer.CADDY and request.status not in own)


def all_well(run: Traffic) -> Findings:
    """Every request of a run over two backends is answered, and both take part."""
    yield served("While all is well, every request is answered.", run)
    yield shared("While all is well, both backends work.", run, (1, 2), USED)


def shared(asked: str, run: Traffic, numbers: Sequence[int], hints: Hints) -> Finding:
    """Each of these backends has at least a part of the work that can be called its share."""
    least = round(LEAST * len(run) / len(numbers))
    shares = [run.shares[number] for number in numbers]
    return Finding(
        asked,
        min(shares) >= least,
        f"Of {len(run)} requests, {_listed(numbers, shares)}; at least {least} are asked of each.",
        hints,
        run,
        "shares",
    )


def _listed(numbers: Sequence[int], shares: Sequence[int]) -> str:
    first, *others = zip(numbers, shares, strict=True)
    return ", ".join(
        [f"backend {first[0]} answered {first[1]}"] + [f"backend {n} {had}" for n, had in others]
    )


def attempts_on(requests: Sequence[Request], backend: int) -> int:
    """How many attempts were made on a backend."""
    return sum(a.backend == backend for request in requests for a in request.attempts)


def often(count: int) -> str:
    """A count in words."""
    return {0: "not once", 1: "once", 2: "twice"}.get(count, f"{count} times")
