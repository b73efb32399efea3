"""What choosing an upstream costs Caddy: processor time a request, with few upstreams and many."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from caddylab._border import border
from caddylab._caddy.running.program import executable
from caddylab._errors import ArgumentError, LabError
from caddylab._look.html_table import table
from caddylab._look.progress_bar import Bar
from caddylab._machine.environ import inherited
from caddylab._runtimes.temporary import temporary

POLICIES = ("round_robin", "random", "least_conn", "ip_hash")
UPSTREAMS = (2, 100, 1000)
ROUNDS, MOST, FEWEST, LARGEST = 5, 2000, 8, 20_000
"""How many rounds; the most upstreams; and the fewest and the most requests that are measured."""
Spent = Mapping[tuple[str, int], list[float]]


@border(ArgumentError)
class PolicyCosts:
    """Caddy's processor time for each request, by policy and number of upstreams.

    Args:
        spent: microseconds per request in each round, by policy and number of upstreams.

    Attributes:
        policies, upstreams: what was measured.
    """

    def __init__(self, spent: Spent) -> None:
        self._spent = {cell: list(found) for cell, found in spent.items()}
        self.policies = tuple(dict.fromkeys(policy for policy, _ in spent))
        self.upstreams = tuple(dict.fromkeys(size for _, size in spent))

    def of(self, policy: str, upstreams: int) -> float:
        """Microseconds per request, in the best of the rounds: other work on the machine only adds.

        Args:
            policy: its name, such as "random".
            upstreams: how many.

        Raises:
            ArgumentError: this combination was not measured.
        """
        if (policy, upstreams) not in self._spent:
            raise ArgumentError(
                f"{policy} with {upstreams} upstreams was not measured, but "
                f"{', '.join(self.policies)} with {', '.join(map(str, self.upstreams))}."
            )
        return min(self._spent[policy, upstreams])

    def _rows(self) -> Iterator[tuple[str, ...]]:
        for policy in self.policies:
            yield policy, *(f"{self.of(policy, size):.0f} µs" for size in self.upstreams)

    def _heads(self) -> tuple[str, ...]:
        return "Caddy's CPU a request", *(f"{size:,} upstreams" for size in self.upstreams)

    def __repr__(self) -> str:
        rows = [self._heads(), *self._rows()]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join("   ".join(map(str.ljust, row, widths)).rstrip() for row in rows)

    def _repr_html_(self) -> str:
        return table(self._heads(), self._rows())


@border(ArgumentError)
def policy_costs(
    upstreams: Iterable[int] = UPSTREAMS,
    policies: Iterable[str] = POLICIES,
    *,
    requests: int = 160,
) -> PolicyCosts:
    """Measure what each policy costs Caddy, on a fleet of cheap upstreams.

    A Caddy of its own, which writes no log, stands before upstreams that all live in one process,
    since a thousand processes are too many. Each policy is measured five times, in turns, and the
    best time counts. It is always done by processes, whatever the runtime of your lab.

    Args:
        upstreams: how many, up to 2,000.
        policies: names of `lb_policy` that take no argument.
        requests: how many are sent for each figure, in each round.

    Raises:
        ArgumentError: there cannot be so many.
        RuntimeUnavailable: there is no Caddy that runs as a process.
        LabError: the measurement has failed; says why.
    """
    sizes, names = list(dict.fromkeys(upstreams)), list(dict.fromkeys(policies))
    _check(sizes, names, requests)
    spent: dict[tuple[str, int], list[float]] = defaultdict(list)
    wanted = {
        "caddy": str(executable()), "upstreams": sizes, "policies": names,
        "requests": requests, "rounds": ROUNDS, "folder": str(temporary()),
    }  # fmt: skip
    figures = ROUNDS * len(sizes) * len(names)
    with Bar() as bar:
        for n, (policy, size, microseconds) in enumerate(_figures(wanted), 1):
            spent[policy, size].append(microseconds)
            bar.show(n / figures, f"{policy}, {size:,} upstreams")
    return PolicyCosts(spent)


def _check(sizes: list[int], policies: list[str], requests: int) -> None:
    if not sizes or not all(1 <= size <= MOST for size in sizes):
        raise ArgumentError(f"A fleet has from 1 to {MOST:,} upstreams, not {sizes}.")
    if unknown := [policy for policy in policies if policy not in POLICIES]:
        raise ArgumentError(f"Measured can be {', '.join(POLICIES)}, not {', '.join(unknown)}.")
    if not policies:
        raise ArgumentError(f"Measured can be {', '.join(POLICIES)}, and here is none of them.")
    if not FEWEST <= requests <= LARGEST:
        raise ArgumentError(
            f"From {FEWEST} to {LARGEST:,} requests can be measured, not {requests}."
        )


def _figures(wanted: dict[str, object]) -> Iterator[tuple[str, int, float]]:
    """The lines of the fleet's process as they come; the process is gone afterwards in any case."""
    command = [sys.executable, "-m", "caddylab._survey.fleet_main"]
    with (
        tempfile.TemporaryFile("w+") as said,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True,
            env=inherited(),
        ) as process,
    ):  # fmt: skip
        assert process.stdin
        assert process.stdout
        try:
            process.stdin.write(json.dumps(wanted) + "\n")
            process.stdin.flush()
            for line in process.stdout:
                policy, size, microseconds = json.loads(line)
                yield policy, size, microseconds
        finally:
            process.stdin.close()  # which ends it, and the Caddy before it
            process.wait()
        said.seek(0)
        if process.returncode:
            why = said.read().strip().splitlines() or ["it ended without a word"]
            raise LabError(f"The fleet could not be measured: {why[-1]}")
