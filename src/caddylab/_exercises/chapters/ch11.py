"""Lab 11, names and HTTPS: what users see, a move, a slow name server, and a stranger."""

from __future__ import annotations

import dataclasses

from caddylab._errors import FaultError
from caddylab._exercises.answers import named
from caddylab._exercises.bench import Bench
from caddylab._exercises.chapters.calm import all_well, served
from caddylab._exercises.chapters.findings import all_right, has_work_again
from caddylab._exercises.chapters.hints11 import (
    BELIEVED,
    LATE,
    MOVED,
    NOBODY_IS_ASKED,
    NOT_BELIEVED,
    STANDS_IN_LINE,
    WHAT_THEY_SEE,
)
from caddylab._exercises.task import Finding, Findings, question, task
from caddylab._machine.certificates import Signer
from caddylab._rig.backends.backend import Backend
from caddylab._traffic.traffic import Traffic

SITE = "{}{{\n\treverse_proxy {}{{\n\t\t{}\n\t}}\n}}\n"
NAMED = SITE.format(":80 ", "", "dynamic a app 8080")
MISNAMED = "transport http {\n\t\t\ttls_server_name shop.example\n\t\t}"
READERS = 40
"""Where chance chooses between two, one retry alone fails for one of so many, all but surely."""
SOON = 3.0
SLOW, FELT, SHARE = 1.0, 0.5, 6


@question(
    "11.1",
    "What do they see?",
    points=1,
    reads=named("moved", "nobody", "misnamed", "misdirected", "plain"),
)
def what_they_see(bench: Bench, answer: dict[str, int]) -> Findings:
    """Five sites, and what happens there. Which **status** does a client get?

    - `moved`: `dynamic a app 8080`; both servers have moved a moment ago, after Caddy had asked
    - `nobody`: `dynamic a app 8080`; Caddy asks, and the name server knows nobody of that name
    - `misnamed`: `https://app:8443` with `tls_server_name shop.example`
    - `misdirected`: `https://app:8443` with `header_up Host shop.example`
    - `plain`: the site `shop.example`, and a client who comes to it by `http://`
    """
    true = dict(_seen(bench))
    yield all_right("You know what each of them sees.", answer, true, WHAT_THEY_SEE)


def _seen(bench: Bench) -> list[tuple[str, int | None]]:
    bench.load(NAMED)
    bench.fire(2)
    with bench.names.moved(1), bench.names.moved(2):
        moved = _status(bench.fire(1))
    with bench.names.unlisted(1), bench.names.unlisted(2):
        bench.load(NAMED)
        nobody = _status(bench.fire(1))
    bench.load(SITE.format(":80 ", "https://app:8443 ", MISNAMED))
    misnamed = _status(bench.fire(1))
    bench.load(SITE.format(":80 ", "https://app:8443 ", "header_up Host shop.example"))
    misdirected = _status(bench.fire(1))
    bench.load(SITE.format("shop.example ", "backend1:8080 ", ""))
    plain = _status(bench.fire(1, scheme="http"))
    return [
        ("moved", moved), ("nobody", nobody), ("misnamed", misnamed),
        ("misdirected", misdirected), ("plain", plain),
    ]  # fmt: skip


def _status(run: Traffic) -> int | None:
    return run.requests[0].status


@task("11.2", "A server moves", points=3)
def a_server_moves(bench: Bench) -> Findings:
    """The name server knows two servers by the name `app`, at port 8080. Both work while all is
    well. Write a Caddyfile for port 80 so that, when one of them, no matter which, gets a new
    **address**,

    - every reader has a good answer all the same,
    - it has work again, at its new address, within **3 seconds**.
    """
    yield from _both_by_name(bench)
    moved = bench.any_backend()
    with bench.names.moved(moved.number):
        readers = bench.fire(READERS)
        yield served("Every reader has a good answer when a server has moved.", readers, MOVED)
        yield has_work_again(bench, moved.number, SOON, LATE)


@task("11.3", "A slow name server", points=2)
def a_slow_name_server(bench: Bench) -> Findings:
    """The same two servers behind the name `app`, at port 8080. They seldom move. But the name
    server takes a **second** for each answer. Write a Caddyfile for port 80 so that

    - of those who come in six seconds at most **one in six** waits for longer than half a second,
    - every reader has a good answer when one of them has moved.
    """
    yield from _both_by_name(bench)
    with bench.names.slow(SLOW):
        run = bench.fire(rate=10, duration=6, timeout=5)
    yield served("Everybody has an answer, sooner or later.", run, STANDS_IN_LINE)
    waited = sum((request.latency or 0) > FELT for request in run.requests)
    yield Finding(
        f"At most one in {SHARE} waits for longer than {FELT:g} s.",
        waited <= len(run) // SHARE,
        f"{waited} of {len(run)} did.",
        STANDS_IN_LINE,
        run,
        "timeline",
    )
    bench.load(bench.caddyfile)
    bench.fire(4)
    with bench.names.moved(bench.any_backend().number):
        readers = bench.fire(READERS)
    yield served("Every reader has a good answer when a server has moved.", readers, MOVED)


@task("11.4", "A stranger", points=3)
def a_stranger(bench: Bench) -> Findings:
    """Two servers speak HTTPS, `app1:8443` and `app2:8443`, each with a certificate for its own
    name. Somebody has written a Caddyfile for them, and every request gets a 502. Mend it so that

    - both work, and every reader has a good answer,
    - **nobody** gets an answer from a stranger who has taken a server's place, with another
      certificate. An error is right then.
    """
    yield from all_well(bench.fire(READERS))
    yield Finding(
        "They have good answers of the two servers.",
        {"app1:8443", "app2:8443"} == set(bench.numbers),
        f"Your upstreams are {', '.join(bench.numbers)}.",
        NOT_BELIEVED,
    )
    authority = Signer()
    site = bench.stack.site
    for who, signer, name in (
        ("the certificate of another name", site.authority, "stranger.example"),
        ("a certificate of another authority", authority, ""),
    ):
        bench.load(bench.caddyfile)
        backend = bench.any_backend()
        own = next(dial for dial, n in bench.numbers.items() if n == backend.number)
        _disguise(backend, signer, name or own.partition(":")[0])
        run = bench.fire(12)
        yield Finding(
            f"Nobody believes a stranger with {who}.",
            run.shares[backend.number] == 0,
            f"{run.shares[backend.number]} of {len(run)} got the stranger's answer.",
            BELIEVED,
            run,
        )


def _disguise(backend: Backend, signer: Signer, name: str) -> None:
    """Let it show this certificate, if anybody wants to see one, on new connections."""
    if backend.listener.certificate:
        [certificate] = signer.certificates([(name,)])
        backend.listen(dataclasses.replace(backend.listener, certificate=certificate))
    backend.kill()
    backend.restore()


def _both_by_name(bench: Bench) -> Findings:
    yield from all_well(bench.fire(READERS))
    try:
        bench.names.moved(1).undo()
    except FaultError as error:
        yield Finding("Caddy asks the name server.", False, str(error), NOBODY_IS_ASKED)
        return
    bench.load(bench.caddyfile)
    tried = [attempt for request in bench.fire(4).requests for attempt in request.attempts]
    fixed = {
        f"backend {a.backend}" for a in tried if a.backend and a.upstream == bench.dial(a.backend)
    }
    yield Finding(
        "Caddy goes where the name server says.",
        not fixed,
        f"By its name in the file it went to {', '.join(sorted(fixed)) or 'nobody'}.",
        NOBODY_IS_ASKED,
    )
