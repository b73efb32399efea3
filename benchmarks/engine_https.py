"""The engine in a closed loop over HTTPS, beside wrk: the same Caddy, with a certificate."""

from __future__ import annotations

import base64
import ssl
from statistics import median

from benchmarks._row import Row
from benchmarks._static import static_caddy
from benchmarks.engine_closed import ROUNDS, WORKERS, WRK, cost_of, need, own_cost, url
from caddylab._engine.tls import Trust
from caddylab._machine.certificates import Signer


def run() -> list[Row]:
    """In turn, the median of three rounds; ours verifies a certificate from a lab's authority."""
    need("wrk")
    signer = Signer()
    [certificate] = signer.certificates([("localhost", "127.0.0.1")])
    trust = Trust([ssl.DER_cert_to_PEM_cert(base64.b64decode(signer.root()))])
    rounds = []
    with static_caddy(certificate=certificate) as caddy:
        for _ in range(ROUNDS):
            ours = own_cost(caddy.address, trust)
            rounds.append((*ours, *cost_of([*WRK, f"{url(caddy.address, 's')}/test-api"])))
    rate, used, theirs, their_used = (median(column) for column in zip(*rounds, strict=True))
    return [
        Row(
            f"closed loop, {WORKERS} workers, static Caddy over HTTPS",
            f"{rate:,.0f} requests/s, {used:.0f} µs each",
            f"{theirs:,.0f} requests/s, {their_used:.0f} µs each (wrk)",
            rate / theirs, "≥ 0.9", rate / theirs >= 0.9,
        )
    ]  # fmt: skip
