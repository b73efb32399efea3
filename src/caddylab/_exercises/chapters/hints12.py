"""What helps with the tasks of lab 12, watching: hints by what was observed."""

from caddylab._exercises.task import Hints

WHICH_LOG = Hints(
    "which log",
    "Not all five are right. Each is an experiment of some lines: load it, fire, and look at "
    '`len(lab.log("error"))`.',
    "The error log has what Caddy itself could not do for somebody. Ask of each request: did Caddy "
    "have an answer in the end, of whatever kind?",
    "Whose answer is a backend's own error? Which attempts are made at all, once Caddy remembers a "
    "failure? And for somebody who has left before there was an answer, look at `lab.log()`: which "
    "`status` is in the line?",
)
NO_LOG = Hints(
    "no access log",
    "The lab keeps a log, so that you can look. What would you look at in production?",
    "Caddy writes no access log unless it is told to.",
    "It is a directive of the site, of one word.",
)
LOSES = Hints(
    "log loses some",
    "Look at the options of your `log`, one after the other. What does each of them keep out?",
    "A log that keeps errors only, a sample, or lines without these fields tells no story; nor "
    "does one that goes nowhere.",
    "`level`, `output`, `sampling`, `format filter` and `log_skip` can each take something away. "
    "`log` alone takes nothing.",
)
NOBODY_TRIES_AGAIN = Hints(
    "nobody tries again",
    "A backend is dead, and somebody got an error. How many attempts were made for that request?",
    "One attempt failed, and the other backend was well. Somebody has to ask it.",
    "`lb_retries` lets Caddy try again. Where the policy leaves the choice to chance, once may "
    "not be enough.",
)
NO_UPSTREAM = Hints(
    "no upstream in the log",
    "Look at the columns of `lab.log()` after a run. Is there one called `upstream`, and who "
    "stands there?",
    "The access log has what the client saw. Who answered has to be added, and Caddy knows it "
    "only when the request is over.",
    "`log_append` takes the name of a field and a value. The proxy's placeholders begin with "
    "`{rp.`; one of them is about the upstream that was chosen last.",
)
NO_RETRIES = Hints(
    "no retries in the log",
    "Look at the columns of `lab.log()` after a run with a dead backend. Which says that somebody "
    "was saved?",
    "The number of tries is not in the access log by itself.",
    "One more `log_append`. The placeholder has the name of the option that it counts, "
    "without `lb_`.",
)
SLANDER = Hints(
    "calls the well ill",
    'Nothing is broken, and the checks name somebody. Look at the messages of `lab.log("health")`.',
    "A check that asks for what is not there, or expects what nobody answers, finds everybody ill.",
    "Compare `health_uri` and `health_status` with what `lab.get(...)` says of that page.",
)
MISSED = Hints(
    "not named",
    "A backend was ill, and no check said so. When was it asked, and for what?",
    "A check sees only what it asks for, and only when it asks. A page that is not asked for may "
    "be broken for ever.",
    "`health_uri` says what is asked for. `health_interval` says how often: half a minute unless "
    "you write it.",
)
LATE = Hints(
    "named too late",
    "A backend hangs, and the check that asks it waits. How long, until it gives up?",
    "Up to one interval passes until the next check, and that one waits for as long as "
    "its own patience lasts.",
    "`health_timeout` is that patience: five seconds unless you write it.",
)
BURNING = Hints(
    "burning",
    "Not all four are right. Each is a run of forty: `Objective(0.99).burn_rate(lab.log())`.",
    "Which share of the requests was bad, by that promise? And which share may be?",
    "The one divided by the other. Whoever was saved by a retry was served well.",
)
