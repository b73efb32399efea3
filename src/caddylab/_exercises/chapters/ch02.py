"""Lab 02, a crash: retry and memory, the way back, and who failed."""

from __future__ import annotations

from caddylab._exercises.answers import named, numbers
from caddylab._exercises.bench import Bench
from caddylab._exercises.chapters.calm import all_well, shared
from caddylab._exercises.chapters.crash import Help, crash, elsewhere, ended, unseen
from caddylab._exercises.task import Finding, Findings, Hints, question, task
from caddylab._traffic.traffic import Traffic

NO_RETRY = Hints(
    "no retry",
    "Take one request that failed. How many attempts did Caddy make for it?",
    "One attempt failed, and nothing followed. Somebody must try again, so that the client need "
    "not know.",
    "`lb_retries` and `lb_try_duration` make Caddy try again; they are off unless you set them.",
)
NO_MEMORY = Hints(
    "no memory",
    "Count the attempts on the dead backend. Does their number grow as long as it is down?",
    "A retry asks the policy once more, and the policy does not know what happened a moment ago. "
    "It may choose the dead one again.",
    "`fail_duration` is how long Caddy remembers a failure; it is off unless you set it.",
)
HELP = Help(NO_RETRY, NO_MEMORY)


@task("02.1", "Nobody notices", points=2)
def nobody_notices(bench: Bench) -> Findings:
    """Write a Caddyfile with which no client sees an error when one of the two backends, no matter
    which, is **killed** while 20 clients ask. As long as all is well, both backends share the
    work: each has at least a fifth of it.
    """
    people = bench.people(20)
    yield from all_well(bench.fire(60, concurrency=20, clients=people, path=bench.delay(30)))
    victim = bench.any_backend()
    yield unseen(crash(bench, people, victim), victim, HELP)
    yield elsewhere(bench, victim, HELP)


LONG_MEMORY = Hints(
    "remembers too long",
    "The backend is up, and in Caddy's opinion it is “failed”. That is not a health check.",
    "It is Caddy's memory of the requests that failed. No good news shortens it; it only fades "
    "with time.",
    "`fail_duration` is how long a failure counts.",
)
RARE_CHECK = Hints(
    "asks too rarely",
    "The backend is up, and in Caddy's opinion it is “unhealthy”. When will Caddy ask again?",
    "The time until Caddy learns better is the time until its next check, or several of them.",
    "`health_interval` is the time between two checks, `health_passes` how many good ones it "
    "takes.",
)


NOT_ASKED = Hints(
    "not asked",
    "The backend is up, and in Caddy's opinion it is healthy. Who answers the clients instead?",
    "Caddy would use it, but nobody is sent there: whoever had to move stays where they are.",
    "Look at `lb_policy`: does it tie people to a backend?",
)


@task("02.2", "Home again", points=3)
def home_again(bench: Bench) -> Findings:
    """One of the two backends is killed under 20 clients and started again soon after. Mend the
    Caddyfile so that it has its share again **3 seconds** after it is up: at least a fifth of all
    requests. Still no client sees an error.
    """
    yield from all_well(bench.fire(60, concurrency=20, clients=20, path=bench.delay(30)))
    victim = bench.any_backend()
    run = bench.fire(10_000, concurrency=20, clients=20, path=bench.delay(100), background=True)
    bench.wait_until(lambda: ended(run) > 40, 10)
    victim.kill()
    bench.pause(1.2)  # so long that a check of every second sees it
    victim.start()
    before = len(run)
    took = bench.soon(lambda: _answered(run, victim.number, before) > 2, 3)
    opinion = victim.opinion
    run.stop()
    yield unseen(run, victim, HELP)
    yield Finding(
        f"Backend {victim.number} answers again, 3 seconds after it is up.",
        took is not None,
        f"It was back after {took:.1f} s."
        if took is not None
        else f"After 3 s it had no request yet. In Caddy's opinion it was {opinion}.",
        _absent(opinion),
        run,
    )
    again = bench.fire(60, concurrency=20, clients=20, path=bench.delay(30))
    yield shared("It has its share again.", again, (1, 2), NOT_ASKED)
    victim.kill()
    yield elsewhere(bench, victim, HELP)


def _absent(opinion: str) -> Hints:
    """Why a backend that is up has no requests."""
    if "failed" in opinion:
        return LONG_MEMORY
    return RARE_CHECK if "unhealthy" in opinion else NOT_ASKED


NO_RETRIES = """
:80 {
	reverse_proxy backend1:8080 backend2:8080 {
		lb_policy round_robin
		fail_duration 10s
	}
}
"""
TWO_WORDS = Hints(
    "two words",
    "Both backends are dead. Which two status codes does Caddy have for that, and when does it "
    "use which?",
    "502 is for a backend that was tried and did not answer, 503 for none left to try. For each "
    "request, ask: whom does Caddy still trust?",
    "There is no `lb_retries` here, so each request tries one backend at most. `fail_duration` "
    "remembers each failure on its own.",
)


@question("02.3", "All down", points=2, reads=numbers(6))
def all_down(bench: Bench, answer: list[int]) -> Findings:
    """Round robin over two backends with `fail_duration 10s` and **no** `lb_retries`. Both
    backends are killed. Then six requests are sent, one after the other.

    Which status does each of them get? Give six numbers. Predict first. Then measure, if you
    like.
    """
    bench.load(NO_RETRIES)
    for backend in bench.backends:
        backend.kill()
    run = bench.fire(6)
    measured = [request.status for request in run.requests]
    right = sum(mine == real for mine, real in zip(answer, measured, strict=True))
    yield Finding(
        "Your six numbers are what was measured.",
        right == 6,
        f"You said {', '.join(map(str, answer))}: {right} of 6 are right.",
        TWO_WORDS,
        run if right == 6 else None,
    )


ARTICLE = """
:80 {
	reverse_proxy backend1:8080 backend2:8080 backend3:8080 {
		lb_policy round_robin
		lb_retries 1
		fail_duration 10s
	}
}
"""
SWAPPED = Hints(
    "which was which",
    "`incident.attempts()` has a column `error`. Which backends are in the lines with an error, "
    "and what does each error say?",
    "A dead backend's computer refuses the connection at once; a hung one's accepts it, and then "
    "nothing comes. Which of the two costs a client its time?",
    "Look at the durations of the failed attempts, and at the requests with the outcome "
    "“timeout”: who was asked?",
)
INNOCENT = Hints(
    "an innocent one",
    "You accuse a backend that answered to the end. `incident.chart()` shows who did not.",
    "Find the moment after which a backend has no answers any more. There are two such moments.",
    "The picture's rows are backends; an attempt that failed is marked in the row of the one "
    "that was asked.",
)


def incident(bench: Bench) -> Traffic:
    """First one backend is killed, then another one hangs."""
    bench.load(ARTICLE)
    run = bench.fire(rate=20, duration=2.4, timeout=0.8, background=True)
    bench.pause(0.8)
    bench.backend(1).kill()
    bench.pause(0.8)
    bench.backend(3).hung()
    return run.wait()


@question("02.4", "Who was it?", points=3, backends=3, reads=named("killed", "hung"), case=incident)
def who_was_it(bench: Bench, answer: dict[str, int]) -> Findings:
    """`incident` is a run over three backends with a retry and a memory. Something happened to
    two of the backends while it went on: one was **killed**, one **hung**. Which was which?

    Look at the run from all sides: `incident.chart()`, `incident.attempts()`,
    `incident.table()`. Answer with the backends' numbers.
    """
    run = incident(bench)
    truth = {fault.kind: fault.backend for fault in bench.faults}
    accused = {number for number in answer.values() if number in truth.values()}
    yield Finding(
        "It was these two.",
        len(accused) == 2,
        f"You accuse backends {' and '.join(map(str, answer.values()))}: "
        f"{len(accused)} of the two that failed {'is' if len(accused) == 1 else 'are'} there.",
        INNOCENT,
    )
    yield Finding(
        "You know which was which.",
        answer == truth,
        f"You say that backend {answer['killed']} was killed and backend {answer['hung']} hung.",
        SWAPPED,
        run if answer == truth else None,
    )


def _answered(run: Traffic, backend: int, after: int) -> int:
    """How many requests that were sent after so many others the backend has answered."""
    return sum(request.answered_by == backend for request in list(run.requests)[after:])
