"""What helps with the tasks of lab 01, the happy path: hints by what was observed."""

from caddylab._exercises.task import Hints

NO_ANSWER = Hints(
    "no answer",
    "Look at the status of the answers. Who made it: a backend, or Caddy?",
    "502 is Caddy's word for “the upstream that I chose did not answer”, 503 for “I had none to "
    "choose”. One of the two is your case.",
    "Compare the upstreams of `reverse_proxy` with the backends' names and ports, and every "
    "`health_…` option with what a backend really answers.",
)
ONE_ALONE = Hints(
    "some get nothing",
    "Look at who gets nothing at all.",
    "Every backend has to be among the upstreams, and the policy has to use all of them, whoever "
    "asks.",
    "It is in the list behind `reverse_proxy`, or in `lb_policy`.",
)
NO_TURNS = Hints(
    "no turns",
    "Read the picture from left to right. Is there a pattern that repeats?",
    "The next backend must follow from the one before, not from chance and not from how busy it "
    "is.",
    "`lb_policy` says how Caddy chooses. Without that line it draws lots.",
)
UNEVEN = Hints(
    "uneven",
    "Take three marks that follow one another. Where is the same backend among them twice?",
    "In one round each backend may have one request, no more.",
    "Look for a backend that is listed twice, and for weights behind `lb_policy`: a weight of 2 "
    "means two in a row.",
)
ROUNDS = Hints(
    "does not add up",
    "Add your three numbers up.",
    "Every request is answered, and by one backend only.",
    "The three numbers are those of `t.shares`, for `t = lab.fire(100)`.",
)
ODD_ONE = Hints(
    "odd one",
    "33 full rounds are 99 requests. Who gets the last one?",
    "It goes to whoever begins a round. Which upstream does round robin take first?",
    "Read “Explain” in chapter 1 again, on the counter behind `round_robin`; then measure it in a "
    "lab with `Lab(backends=3)`.",
)
ALL_UNHEALTHY = Hints(
    "all unhealthy",
    "Ask the backends yourself: they are up. So who thinks that they are not? `lab.backends` "
    "shows both opinions.",
    "Caddy asks each backend for a path, and takes what it answers as its health. The question "
    "has to be one that a healthy backend answers with 200.",
    "`health_uri` is that path. Which paths do the backends know? `lab.get(...)` tells you.",
)
NOBODY_WATCHES = Hints(
    "nobody watches",
    "Look at how often Caddy asked the ill backend how it was.",
    "Somebody has to notice that a backend is ill before it is given the next request: here, "
    "Caddy's active health check.",
    "Without `health_uri` Caddy never asks.",
)
TOO_SELDOM = Hints(
    "too seldom",
    "When did Caddy ask the ill backend how it was?",
    "The time until Caddy notices is the time until its next check, or several of them.",
    "`health_interval` says how often Caddy asks, `health_fails` how many bad answers it takes.",
)
RARELY = Hints(
    "asks too rarely",
    "The backends are up, and Caddy says “unhealthy”. When will it ask again?",
    "Caddy's first check came too early. Until the next one it knows no better.",
    "`health_interval` is the time between two checks.",
)
NOT_CONVINCED = Hints(
    "not convinced",
    "Caddy has asked since the backends are up, and still does not believe it.",
    "What does Caddy want to hear, and how many times?",
    "Look at `health_uri`, `health_status`, `health_timeout` and `health_passes`.",
)
REMEMBERS = Hints(
    "remembers too long",
    "Caddy says “failed”: that is not a health check, it is a memory of requests that failed.",
    "Requests that came too early are held against a backend for a while. Nothing but time ends "
    "that.",
    "`fail_duration` is how long a failure counts.",
)
