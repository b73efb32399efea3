"""Lab 02, a crash: retry and memory, the way back, and who failed."""

from __future__ import annotations

from caddylab._labs.answers import named, numbers
from caddylab._labs.bench import Bench
from caddylab._labs.calm import all_well
from caddylab._labs.task import Finding, Findings, Hints, question, task
from caddylab._records import Outcome, Request
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
LOST = Hints(
    "in flight",
    "Look at when the failed requests were sent, and what their attempts say.",
    "Requests that were under way when the backend died need a second attempt too, and enough "
    "time for it.",
    "Look at `lb_try_duration`, at every timeout, and at `lb_retry_match`.",
)


@task("02.1", "Nobody notices", points=2)
def nobody_notices(bench: Bench) -> Findings:
    """Write a Caddyfile with which no client sees an error when backend 2 is **killed** while 20
    clients ask. As long as all is well, both backends share the work.
    """
    calm = bench.fire(60, concurrency=20, clients=20)
    yield from all_well(calm)
    crash = bench.fire(600, concurrency=20, clients=20, path="/delay/30", background=True)
    bench.wait_until(lambda: _answered(crash) > 100, 10)
    bench.backend(2).kill()
    crash.wait()
    yield _unseen(crash)


LONG_MEMORY = Hints(
    "remembers too long",
    "Backend 2 is up, and in Caddy's opinion it is “failed”. That is not a health check.",
    "It is Caddy's memory of the requests that failed. No good news shortens it; it only fades "
    "with time.",
    "`fail_duration` is how long a failure counts.",
)
RARE_CHECK = Hints(
    "asks too rarely",
    "Backend 2 is up, and in Caddy's opinion it is “unhealthy”. When will Caddy ask again?",
    "The time until Caddy learns better is the time until its next check, or several of them.",
    "`health_interval` is the time between two checks, `health_passes` how many good ones it "
    "takes.",
)


@task("02.2", "Home again", points=3)
def home_again(bench: Bench) -> Findings:
    """Backend 2 is killed under 20 clients and started again soon after. Mend the Caddyfile so
    that it has its share again **3 seconds** after it is up, and still no client sees an error.
    """
    yield from all_well(bench.fire(60, concurrency=20, clients=20))
    run = bench.fire(10_000, concurrency=20, clients=20, path="/delay/100", background=True)
    bench.wait_until(lambda: _answered(run) > 40, 10)
    bench.backend(2).kill()
    bench.pause(1.2)  # so long that a check of every second sees it
    bench.backend(2).start()
    before = len(run)
    took = bench.soon(lambda: _by_two(run, before) > 2, 3)
    opinion = bench.backend(2).opinion
    run.stop()
    yield _unseen(run)
    yield Finding(
        "Backend 2 answers again, 3 seconds after it is up.",
        took is not None,
        f"It was back after {took:.1f} s."
        if took is not None
        else f"After 3 s it had no request yet. In Caddy's opinion it was {opinion}.",
        RARE_CHECK if opinion == "unhealthy" else LONG_MEMORY,
        run,
    )


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


def _unseen(run: Traffic) -> Finding:
    """No client has seen the crash, but for those whom no Caddyfile could have saved."""
    requests = [r for r in run.requests if not _excused(r)]
    errors = sum(request.outcome is not Outcome.OK for request in requests)
    failed = [sum(a.backend == 2 and a.error != "" for a in r.attempts) for r in requests]
    return Finding(
        "No client sees an error when backend 2 is killed.",
        errors == 0,
        f"{errors} of {len(requests)} requests failed. Caddy tried again {run.retries} times; "
        f"{sum(failed)} attempts on backend 2 failed.",
        _crash_hints(run, max(failed)),
        run,
    )


def _excused(request: Request) -> bool:
    """We ended it ourselves, or its answer had begun when the backend was killed."""
    begun = request.outcome is Outcome.RESET and request.status is not None
    return begun or request.outcome is Outcome.CANCELLED


def _crash_hints(run: Traffic, most: int) -> Hints:
    """A request that tried the dead backend twice is the proof that Caddy had forgotten."""
    if run.retries == 0:
        return NO_RETRY
    return NO_MEMORY if most > 1 else LOST


def _answered(run: Traffic) -> int:
    return sum(request.outcome is not Outcome.PENDING for request in list(run.requests))


def _by_two(run: Traffic, after: int) -> int:
    """How many requests that were sent after so many others backend 2 has answered."""
    return sum(request.answered_by == 2 for request in list(run.requests)[after:])
