"""What helps with the tasks of lab 04, least connections: hints by what was observed."""

from caddylab._exercises.task import Hints

SWAPPED = Hints(
    "which was which",
    "These are the two. But which of them has its requests in hand for long, and which is rid of "
    "them at once?",
    "Least connections gives the next request to whoever has least in hand. So whoever is done "
    "soon gets much, however it got rid of it, and whoever takes long gets little.",
    "Compare how many requests each backend answered (`case.shares`) with how long it took for "
    'one: `case.table().groupby("backend")["latency"].median()`.',
)
INNOCENT = Hints(
    "an innocent one",
    "One of those whom you accuse does honest work: it answers, and neither early nor late.",
    "What counts is not only how many requests a backend answered. How did they end, and how long "
    "did each take?",
    "`case.table()` has the columns `backend`, `outcome` and `latency`. Group it by the first one.",
)
SINKHOLE = Hints(
    "sinkhole",
    "Who answered most of the requests, and how long did it take for one? What does Caddy think "
    "of that backend?",
    "For Caddy nothing has failed: it got an answer each time. It must be told that such an answer "
    "is a failure, and it must remember it.",
    "`unhealthy_status` says which answers count as failures, `fail_duration` for how long. "
    "Neither does anything without the other.",
)
TOO_LATE = Hints(
    "too late",
    "Caddy did find out about the sinkhole. When, and how many requests had gone there by then?",
    "A sinkhole swallows hundreds of requests a second. Whoever asks it how it is now and then, "
    "wants much proof, or forgets soon, is too late.",
    "Look at `health_interval` and `health_fails`, or at `fail_duration` and `max_fails`. The "
    "clients' own requests are the quickest news.",
)
FIRST_ONES = Hints(
    "the first ones",
    "Take one request that failed. How many attempts did Caddy make for it?",
    "The sinkhole is left out soon, but the first ones who met it got its error. Their requests "
    "have to be tried once more; and for Caddy an answer is no reason to try again, unless it "
    "is told.",
    "`lb_retries` allows another try. The `expression` in `lb_retry_match` looks at the status: "
    "see the end of chapter 4.",
)
NO_MEMORY = Hints(
    "no memory",
    "Count the attempts on the sinkhole. Do they stop?",
    "A retry asks the same policy again, and for that policy the sinkhole is still the one with "
    "the least to do.",
    "`unhealthy_status` and `fail_duration` together let Caddy remember; a retry needs them.",
)
AS_MANY = Hints(
    "as many for the slow one",
    "Compare how many requests each backend had in hand at a time, and how many it answered.",
    "The slow backend was given too many, and everybody stood in its queue. It should get as much "
    "as it can finish, and nobody knows beforehand which one will be slow.",
    "Some values of `lb_policy` ask how much a backend has in hand, others do not. Does yours?",
)
NOT_ENOUGH = Hints(
    "not spared enough",
    "The slow backend got less than the other one, and still too much. Look at the picture: when "
    "did it get another one although it had more in hand?",
    "Your Caddyfile does spare the slow backend, but not each time, or not soon enough. A few "
    "requests too many are enough: each of them takes ten times as long.",
    "If your policy draws some backends and compares these: in this version of Caddy it does not "
    "always take the less busy one (measure it). There is a policy that compares all of them. If "
    "you go by a timeout or a limit: make it smaller, or its memory longer.",
)
FAILS = Hints(
    "errors",
    "The slow backend is slow, and no more: each of its answers would have been right. Who made "
    "errors of them?",
    "A timeout makes an error of a slow answer. Without a retry the client gets it.",
    "Look at every timeout, at `lb_retries` and at `unhealthy_request_count`.",
)
COUNTS = Hints(
    "counts",
    "Go through “together” one request after the other. How many has each backend in hand when "
    "the second one comes?",
    "Chance decides only between equals. Whenever one backend has less, it gets the next one.",
    "Read “The article's jam” in chapter 4 again: the first goes anywhere, the second to the other "
    "backend, and so on.",
)
FORGETS = Hints(
    "what counts is now",
    "When the second one of “apart” comes, the first one is answered. How much has each backend in "
    "hand then?",
    "Least connections remembers nobody's past. Whoever comes to two idle backends tosses a coin.",
    "Read in chapter 4 how many fours of a single client never met backend 2.",
)
CATCHES_UP = Hints(
    "catching up",
    "In “behind” backend 2 starts with nothing, backend 1 with three. Follow the four requests.",
    "Backend 2 gets one after the other until both have the same. What decides then?",
    "How many does it take until both have three, and how many are left over?",
)
