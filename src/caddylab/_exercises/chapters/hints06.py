"""What helps with the tasks of lab 06."""

from __future__ import annotations

from caddylab._exercises.task import Hints

NO_COOKIE = Hints(
    "no cookie",
    "Look at the headers of a newcomer's first answer. Is there a `set-cookie`?",
    "People stay with a backend here, but by something else than a cookie.",
    "One of the policies of `lb_policy` hands out cookies.",
)
OTHER_NAME = Hints(
    "another name",
    "Look at a newcomer's `set-cookie`. What stands before the equals sign?",
    "The cookie's name must be the one that was ordered. Without one, Caddy takes its own.",
    "The first word behind `lb_policy cookie` is the name.",
)
DECORATION = Hints(
    "decoration",
    "Take the cookie to another address, as the phone does in chapter 6. Who answers there?",
    "There is a cookie, but nobody reads it: people stay with a backend by something else.",
    "`lb_policy` has to be the one that hands the cookie out.",
)
LIFE_TIME = Hints(
    "life time",
    "Look at a newcomer's `set-cookie` to its end. Does it say how long it lasts?",
    "`Max-Age` says it, in seconds. Without it, a browser forgets the cookie when it is closed.",
    "`max_age` is the option. It has no place in the line of `lb_policy`: open a block of its own "
    "there, with braces. A second word in that line is the secret.",
)
SOME_NOTHING = Hints(
    "some get nothing",
    "Who gets nobody at all?",
    "All three backends have to be in the turns.",
    "Look at the upstreams behind `reverse_proxy`, and at what chooses for newcomers.",
)
BY_CHANCE = Hints(
    "no turns",
    "Read the picture from left to right. Is there a pattern that repeats?",
    "A newcomer has no cookie, so the cookie policy asks another one. Unless you say which, that "
    "one draws lots.",
    "`fallback` names it. It stands in a block of its own, with braces, behind `lb_policy cookie`.",
)
NO_SECRET = Hints(
    "no secret",
    "What goes into the value of the cookie? Is there anything that a stranger cannot know?",
    "The value is a fingerprint of the backend's address. Without a key anybody can compute it, "
    "and send all their requests to the backend of their choice.",
    "A second word behind `lb_policy cookie` is the secret.",
)
GUESSABLE = Hints(
    "guessable",
    "Nobody knows your secret. But how many tries does it take to find it?",
    "Who wants to forge a cookie needs no server to try: one cookie that they were given shows "
    "for each guess whether it was right. Millions a second are nothing.",
    "What people think of, others think of as well. Let chance make your secret; Python's module "
    "`secrets` does.",
)
PRINTED = Hints(
    "printed",
    "Where have you read this secret before, and who else has?",
    "It stands in this course. What everybody can read is in the lists of those who try.",
    "Take one that nobody has ever written down. Python's module `secrets` makes such words.",
)
STAYS_TEXT = Hints(
    "stays text",
    "Look at the secret that Caddy works with: it is in `lab.config()`. Is it what you meant?",
    "Caddy takes the secret as it stands there, braces and all. So the text of your Caddyfile is "
    "the whole secret.",
    "Caddy knows two kinds of words in braces. Some are filled in when a request comes, and only "
    "in certain places. Others begin with a dollar sign, and are filled in when the Caddyfile is "
    "read.",
)
GOES_HOME = Hints(
    "goes home",
    "Who had moved, and is back at their old backend now? By what does your policy know them?",
    "Their address is as it was, so whatever goes by the address leads them home. But home has "
    "been empty since the crash.",
    "A policy of `lb_policy` that gives people something new when they move is wanted.",
)
WHO_WAS_IT = Hints(
    "which backend",
    "Which colour stops, in all of its rows at the same time?",
    "A backend that crashes takes the logins of its people along. Where do the crosses begin?",
    "`riddle.attempts()` has a column `error`. Who was asked in the lines that have one?",
)
ROWS = Hints(
    "rows of one colour",
    "Look at a row of somebody who had no trouble at all. How many colours does it have?",
    "This policy knows people again. One that takes turns, draws lots or asks who is busy does "
    "not; and one that always prefers the same backend leaves nothing to the others.",
    "Which policies of chapters 5 and 6 tie people to a backend?",
)
ONE_OFFICE = Hints(
    "one office",
    "Look at the rows of clients 0 to 5. They have one address. Have they one backend?",
    "And look at those who had to move. Do they go home when their backend is up again?",
    "What would the rows of the office look like if the policy went by the address?",
)
