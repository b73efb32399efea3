"""What helps with the tasks of lab 9, deploys and reloads: hints by what was observed."""

from caddylab._exercises.task import Hints

NOBODY_ASKS_AGAIN = Hints(
    "nobody asks again",
    "Who got an error while a server was away? How many attempts did Caddy make for them?",
    "The other server was well all the time. Somebody has to be sent there who met the one that "
    "is away.",
    "`lb_retries` asks again at once, `lb_try_duration` for as long as it says. Only one of them "
    "helps where for a moment nobody can be asked.",
)
HELD_AGAINST_IT = Hints(
    "held against it",
    "Look at the attempts of those who got an error: were there any? And which servers were well "
    "at that moment?",
    "The first server was back, and Caddy did not ask it: it still held a failure against it when "
    "the second one went.",
    "Compare `fail_duration` with the length of a step of the deploy, and with how long a request "
    "may wait: `lb_try_duration`.",
)
ASKED_AGAIN_AND_AGAIN = Hints(
    "asked again and again",
    "A server has died for good. How many requests tried it all the same?",
    "Each of them pays for what the one before it has learned already.",
    "Something must remember a failure. How long is long enough here, and not too long for a "
    "deploy?",
)
NOT_READY = Hints(
    "not ready",
    "Who gave the errors? Look at the column `backend` of `.attempts()`, and at when it was.",
    "The server is up, and says 503: it has still to load its data. Caddy has to learn that "
    "before a user does.",
    "What does your check ask for, how often, and how many failures does it take? `/live` and "
    "`/ready` are two questions. And no retry helps against a status, unless it is told to.",
)
BACK_LATE = Hints(
    "back late",
    "The server has become ready. How long does it take until it has work again?",
    "Something still speaks against it when it is well: a check that comes seldom, a check that "
    "has to be passed often, or a failure that is remembered.",
    "Look at `health_interval`, `health_passes` and `fail_duration`.",
)
CUT = Hints(
    "cut",
    "How did the WebSockets end, and when? `.ends` and `.table()` tell it.",
    "For Caddy a connection belongs to the configuration under which it was opened. That one has "
    "gone.",
    "One option of `reverse_proxy` says for how long the old ones may live on. "
    "(`grace_period` is not it: that one is about requests.)",
)
FORGOTTEN = Hints(
    "forgotten",
    "One server is dead, and Caddy knew it until the reload. Who got an error just after it?",
    "What a Caddy has learned is gone with its configuration. Somebody meets the dead server once "
    "more, and needs a second attempt.",
    "A memory does not help the one who meets it first. What does?",
)
HUNG_UP = Hints(
    "hung up",
    "The orders that failed were sent on connections that had been idle for a while. What does "
    "`.attempts()` say of them?",
    "Caddy may use a connection for longer than the server keeps it. An order on it is lost, and "
    "Caddy must not send it again. So it must not come to that.",
    "Look at `keepalive` in `transport http`: who has to hang up first?",
)
SENT_TWICE = Hints(
    "sent twice",
    "A server was killed while it worked on orders. How many attempts were made for each of them?",
    "Nobody knows whether the server had carried it out. An error is right then; a second pizza "
    "is not.",
    "Orders do not need `lb_retry_match` here. There is another way to keep the first kind of loss "
    "from happening.",
)
