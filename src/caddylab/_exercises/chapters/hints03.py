"""What helps with the tasks of lab 03, a slow service: hints by what was observed."""

from caddylab._exercises.task import Hints

NO_TIMEOUT = Hints(
    "no timeout",
    "Look at the slowest requests. What did Caddy do in all that time?",
    "It waited for an attempt that would have come to its end by itself, long after. Somebody "
    "must cut it off in good time; only then is it an error that Caddy can act on.",
    "`response_header_timeout` in a block `transport http` cuts off an attempt that has no answer "
    "yet. How much time does it leave for a second one?",
)
NO_RETRY = Hints(
    "no retry",
    "Take one request that failed. How many attempts did Caddy make for it?",
    "The attempt was cut off, and nothing followed. Somebody must try again, and there must be "
    "time left for it.",
    "`lb_retries` says how often Caddy tries again, `lb_try_duration` for how long in all. Both "
    "are off unless you set them, and the second has to be longer than one attempt.",
)
NO_MEMORY = Hints(
    "no memory",
    "Count the attempts on the slow backend. Do they go on for as long as it is slow?",
    "A retry asks the policy once more, and the policy does not know what happened a moment ago. "
    "Everybody finds out anew, some of them twice.",
    "`fail_duration` is how long Caddy remembers a failure; it is off unless you set it. Active "
    "health checks are another way to know.",
)
ADDS_UP = Hints(
    "adds up",
    "Take the slowest request and look at its attempts, one after the other.",
    "What a client waits is the sum: each attempt that was cut off, the pauses between them, and "
    "the one that succeeded.",
    "Look at `response_header_timeout`, and at how many attempts `lb_retries` or "
    "`lb_try_duration` allow.",
)
NO_TIME_LEFT = Hints(
    "no time left",
    "Take a request that got a 504. How many attempts has it, and how long did they take?",
    "When the first attempt was cut off, there was no time left for a second one, or nobody to "
    "make it. Before each further try Caddy also waits a quarter of a second.",
    "`response_header_timeout` is the time for one attempt, `lb_try_duration` the time for all of "
    "them together. Compare the two.",
)
BAD_NEWS = Hints(
    "bad news comes late",
    "Both backends are slow now, so nobody can be helped. What do the clients still wait for?",
    "Caddy goes on trying, or looking for somebody, for as long as it is allowed to. Add it up: "
    "the attempts, each to its own limit, and the pauses; or the whole budget.",
    "The time for one attempt is `response_header_timeout`; the time for all is `lb_try_duration`, "
    "after which one last attempt may still have to end. A smaller number in one of them helps.",
)
CONDEMNED = Hints(
    "condemned",
    "The two who asked for the slow page are not the ones who suffer. Who is, what status do they "
    "get, and what does Caddy think of its backends?",
    "The slow page fails on both backends, and each failure counts against the backend, not "
    "against the page. Then Caddy has nobody left. How much proof should it want?",
    "`max_fails` says how many failures within `fail_duration` it takes. Or give the page a "
    "`handle` with a `reverse_proxy` of its own.",
)
NOT_LEFT_OUT = Hints(
    "not left out",
    "A backend is slow at everything now, a dozen users have met it, and still it is tried.",
    "Caddy may want proof, but a dozen failures are proof enough, and they have to be remembered "
    "for a while.",
    "Look at `max_fails` and `fail_duration` together. (Active health checks can do it as well: "
    "which path would they ask for?)",
)
TWICE = Hints(
    "done twice",
    "Ask both backends what they have executed: `lab.backend(1).requests()`. Is there an order "
    "that both of them have?",
    "Caddy gave up on the slow one, and had the other do it again. But the slow one did not give "
    "up. "
    "An order that was sent must not be sent again.",
    "`lb_retry_match` says which requests may be sent twice. Without it these are GETs only.",
)
IN_THE_DARK = Hints(
    "in the dark",
    "Look at the orders that got a 504. Were they carried out? Do their clients know?",
    "An order that is cut off may be carried out all the same. If it must not be sent twice and "
    "its client wants to know, there is only one way: wait for it. So orders need another rule "
    "than GETs.",
    "A timeout holds for a whole `reverse_proxy` block. Two blocks, one of them with a matcher "
    "for the orders, can have different ones.",
)
QUESTIONS_WAIT = Hints(
    "questions wait",
    "The orders are safe now. Look at the slowest GETs: how long did Caddy wait for the slow "
    "backend?",
    "What is good for an order is bad for a question. An order has to be waited for; a question "
    "can be asked again elsewhere, and soon. One clock cannot do both.",
    "`response_header_timeout` is such a clock, and each `reverse_proxy` has its own. Two of them, "
    "one for the orders and one for the rest, may have different options.",
)
REFUSED = Hints(
    "orders lost",
    "Look at the orders that failed: which status did they get, and was a backend tried at all?",
    "502: the upstream that was chosen did not answer. 503: there was none to choose, or somebody "
    "said no. An order has to reach a backend that takes it.",
    "Look at the rule that is for the orders: its matcher, its upstreams, and whose failures it "
    "remembers.",
)
PATIENT = Hints(
    "who stops asking",
    "How many requests does a patient client have under way at a time?",
    "While it waits for an answer it does not ask. So how often can one freeze catch it?",
    "Read “Who measures, and when” in chapter 3 again.",
)
CROWD = Hints(
    "by the clock",
    "How many users of the crowd come while everything stands still? And how long does each of "
    "them wait: the first one, one in the middle, the last one?",
    "Who comes when the freeze is nearly over waits only for its rest. Count those whose wait is "
    "longer than half a second.",
    "Fifty a second, one second, and a wait that shrinks from one second to nothing. "
    '`crowd.chart("latency")` shows it as a slope.',
)
