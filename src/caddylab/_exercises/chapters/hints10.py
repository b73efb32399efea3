"""What helps with the tasks of lab 10, overload: hints by what was observed."""

from caddylab._exercises.task import Hints

TIMES = Hints(
    "times",
    "Let each happen in your own lab: `slow(2)` for both backends, the options, one `fire`. Then "
    "`t.amplification`, or `len(t.attempts())`.",
    "What a client sends again is a new request to Caddy, and Caddy does for it whatever it does "
    "for any.",
    "Tries are one more than retries, and layers multiply.",
)
NEVER_SENT = Hints(
    "not sent again",
    "One of the four is about an order. What does Caddy do with an order that a backend has got, "
    "and not answered? Chapter 3 has measured it.",
    "Caddy cannot know whether the order was executed. So it leaves it to the client.",
    "By itself Caddy tries only a GET again, once it was sent.",
)
NOBODY_LEFT = Hints(
    "nobody left",
    "One of the four has a memory. Go through its ten requests one after the other: who is left to "
    "be asked?",
    "A backend that has failed is left out. When both are, nobody is asked any more.",
    "With `fail_duration` and nothing else, one failure is enough for each of them.",
)
IN_VAIN = Hints(
    "worked in vain",
    "Compare how many requests the backends were sent (`t.attempts()`) with how many somebody "
    "was glad of (`t.good`).",
    "What is sent to a backend is worked on, however long it waits there, even for those who have "
    "left. It must not be sent at all when the queue is longer than people's patience.",
    "Which option says how many requests one upstream may have in hand? Is it small enough?",
)
TOO_FEW = Hints(
    "too few let in",
    "Nobody waits too long, and yet too few are served. What did the workers do meanwhile?",
    "Each backend has two workers. If fewer than two are let in, or if nobody waits for the next "
    "free one, they stand idle.",
    "Make the number a little larger than the number of workers.",
)
LEFT_WAITING = Hints(
    "left waiting",
    "Many had no answer at all when they left. Where had they been waiting: at a backend, or in "
    "Caddy? The timeline shows it.",
    "A waiting room in which people lose their patience is a queue, too. Whoever cannot be served "
    "in time should hear it at once.",
    "Look at `lb_try_duration`, and compare it with half a second.",
)
NOBODY_TRIES_AGAIN = Hints(
    "nobody tries again",
    "A backend has died. How many attempts did Caddy make for somebody who got an error?",
    "The other backend is well. A retry is right here: a dial that fails costs nobody anything.",
    "`lb_retries`; and `fail_duration`, so that the dead one is not asked again and again.",
)
DOWN = Hints(
    "stays down",
    "The bus has gone. Look at the last second: what do the people who come then wait for?",
    "The queue is longer than their patience, and it is kept up by tries: their own and Caddy's. "
    "It must never get so long.",
    "A limit for each upstream keeps the queue short, however often anybody tries.",
)
CLOSED = Hints(
    "closed",
    "The bus has gone, the workers have nothing to do, and Caddy asks nobody. Why not?",
    "For Caddy a timeout is a failure like any other. What remembers failures takes an overload "
    "for two dead backends.",
    "Keep the memory for what is dead. Which timeout makes failures of what is only late?",
)
