"""What helps with the tasks of lab 07, random: hints by what was observed."""

from caddylab._exercises.task import Hints

NO_RANGE = Hints(
    "no range",
    "Look at `least` and `most`: which one is the smaller number?",
    "Backend 1 can get no fewer than 0 and no more than 40 of 40 requests.",
    "Write the lower end of your range as `least`, the upper end as `most`.",
)
TOO_NARROW = Hints(
    "too narrow",
    "Chance left your range in too many of the twenty series. Do it yourself: fire 40 requests "
    "ten times, and note what backend 1 got.",
    "Twenty of forty is the most likely count, and still most series have another one. Remember "
    "the histogram of tens.",
    "`plausible` takes the probability of leaving the range as `error`; chapter 7 asked for one "
    "in 10,000, you need one in ten.",
)
TOO_WIDE = Hints(
    "too wide",
    "You would win this bet always. What does your range tell you, then?",
    "A range that nothing can leave shows no fault, either. Chance is more orderly than that.",
    "`plausible` takes the probability of leaving the range as `error`: one in ten is wanted.",
)
SHORT_RUN = Hints(
    "run too short",
    "Fire 40 requests, and look at `lab.last.chart()`. How long is the longest run?",
    "Chance does not take care to change. After three in a row, the fourth is the same in one of "
    "two cases.",
    "Chapter 7 has the line that finds the longest run; use it for ten series of 40, and take "
    "the one in the middle.",
)
LONG_RUN = Hints(
    "run too long",
    "Fire 40 requests, and look at `lab.last.chart()`. How long is the longest run?",
    "Such a run happens, but not in a typical series. How likely is it that ten throws in a row "
    "are the same?",
    "Chapter 7 has the line that finds the longest run; use it for ten series of 40, and take "
    "the one in the middle.",
)
UNANSWERED = Hints(
    "no answer",
    "Look at the status of the answers. Who made it: a backend, or Caddy?",
    "502: the upstream that Caddy chose did not answer. 503: Caddy had none to choose.",
    "Compare the upstreams of `reverse_proxy` with the backends' names and ports.",
)
LEFT_OUT = Hints(
    "somebody left out",
    "Count the answers of each backend. Who gets nothing, or hardly anything?",
    "Every backend has to be among the upstreams, and the policy has to use all of them, whoever "
    "asks.",
    "Compare the list behind `reverse_proxy` with the backends, and `lb_policy` with what the "
    "policy looks at.",
)
CHANCE = Hints(
    "chance",
    "Look at four requests in a row, anywhere in the picture. Is one backend there twice?",
    "Over many requests the shares are fair. Over four they are not, and four is all that you "
    "have here: the choice must not be thrown.",
    "`lb_policy` says how to choose. `least_conn` throws, too, when all are idle.",
)
REMEMBERED = Hints(
    "remembered",
    "Look at one client who asks several times: who answers?",
    "The job's four requests may come from anybody, also from one client. Whoever is remembered "
    "does not go round.",
    "Look at `lb_policy`: does it go by anything that a client carries?",
)
IN_A_ROW = Hints(
    "several in a row",
    "Read the picture from left to right. There is a pattern that repeats; where is the same "
    "backend in it twice in a row?",
    "The shares are equal, and still a job of four meets two backends only. In one round each "
    "backend may have one request, no more.",
    "Look at the weights behind `lb_policy`: a weight of 2 means two in a row.",
)
LOADED = Hints(
    "unequal",
    "Count the answers of each backend over the whole run. Chance alone would not do this.",
    "Each backend is as good as the others, and has to count once.",
    "Look for one that is listed twice, for weights that differ, and for a policy that prefers "
    "whoever stands first.",
)
NOT_SLOW = Hints(
    "not the slow one",
    '`riddle.chart("in flight")`: at which backend do requests pile up?',
    "The slow one holds each of its requests much longer than the others do. How many it got "
    "does not say how quick it was.",
    "`riddle.table()` has the latency of each request beside the backend that answered it.",
)
IT_WAS_BLIND = Hints(
    "it was blind",
    "How many requests did the slow backend get, compared with the others?",
    "Your policy looks at how busy the backends are. Would it have sent so many to one that was "
    "up to its neck in work?",
    "Compare with chapter 7, where four policies meet a slow backend: what was its share under "
    "each?",
)
TOO_UNEVEN = Hints(
    "it did not count",
    "Compare the shares of the five quick backends with each other.",
    "Your policy goes round: after six requests everybody had one. Are the shares as even as that?",
    "Which policy looks at nothing, and does not count either?",
)
NOT_SPARED = Hints(
    "not spared",
    "How many requests did the slow backend get, and how many would be its fair share?",
    "Its share is that of a quick one. Something has to look at how busy a backend is, or to learn "
    "that it is slow.",
    "Some values of `lb_policy` look at the requests under way: at all backends, or at a few. "
    "(Whom you leave out yourself is no answer: next time another one is slow.)",
)
ERRORS = Hints(
    "errors",
    "Clients got errors, and not one backend was down. Look at the status: whose is it?",
    "A slow backend is to be spared, and a busy moment is to be waited for. Neither is a reason to "
    "turn somebody away.",
    "Look at every timeout and at every limit of yours: what happens to the request that meets "
    "it? `lb_retries` and `lb_try_duration` give it a second chance.",
)
IDLE = Hints(
    "left out when idle",
    "The slow one was spared. Now look at the quiet hour: one request at a time, all is well. Who "
    "gets nothing?",
    "With nothing under way, all backends are equally busy, and the policy has to choose "
    "all the same. In this version of Caddy, one of them does not choose fairly then.",
    "Read “Where two choices surprise” in chapter 7 again. Which other policy looks at how busy "
    "the backends are?",
)
