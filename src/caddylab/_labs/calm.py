"""What every task wants before anything breaks: all is well, and everybody works."""

from __future__ import annotations

from caddylab._labs.task import Finding, Findings, Hints
from caddylab._traffic.traffic import Traffic

USED = Hints(
    "not both used",
    "Who gets nothing, even before anything breaks?",
    "A spare that never works is another task. Here both backends share the work while all is "
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


def by_backends(run: Traffic, asked: str, hints: Hints = UNWELL) -> Finding:
    """Every request of a run has a good answer, and from a backend; `asked` says so."""
    answered = sum(run.shares.values())
    return Finding(
        asked,
        run.errors == 0 and answered == len(run),
        f"Backends answered {answered} of {len(run)} requests; {run.errors} failed.",
        hints,
        run,
    )


def all_well(run: Traffic) -> Findings:
    """Every request of a run over two backends is answered, and both of them answer some."""
    yield Finding(
        "While all is well, every request is answered.",
        run.errors == 0,
        f"{len(run) - run.errors} of {len(run)} requests were answered.",
        UNWELL,
        run,
    )
    shares = [run.shares[number] for number in (1, 2)]
    yield Finding(
        "While all is well, both backends work.",
        all(shares),
        f"Backend 1 answered {shares[0]} requests, backend 2 {shares[1]}.",
        USED,
        run,
    )
