"""What helps with the tasks of lab 05."""

from __future__ import annotations

from caddylab._exercises.task import Hints

TWO_MORE = Hints(
    "two more",
    "Draw four boxes and put the people into them, before and after.",
    "For each person the highest number wins. Two new numbers can win a person, but they change "
    "nothing between the two old ones.",
    "Who moved is exactly who is on the new backends now. How many is that, if all four have "
    "their share?",
)
ONE_LESS = Hints(
    "one less",
    "Whose number was not the highest one? Does anything change for them?",
    "Only the people of the backend that goes have to find another one.",
    "How many people has one of four backends?",
)
ORDER = Hints(
    "order",
    "What goes into the number that is made for a person and a backend?",
    "The person's address and the backend's address. Is its place in the list among them?",
    "Try it: swap the backends behind `reverse_proxy`, and compare `t.backends` before and after.",
)
OTHERS_MOVED = Hints(
    "others moved",
    "Look at the rows of the people whose backend was up all the time.",
    "A backend that lives keeps its people, whatever happens to another one.",
    "Which `lb_policy` looks at the person alone?",
)
CULPRIT = Hints(
    "which backend",
    "Which colour vanishes for a while, from all of its rows at the same time?",
    "A row that keeps its colour from left to right had nothing to do with it.",
    "`outing.attempts()` has a column `error`. Who was asked in the lines that have one?",
)
HOW_MANY = Hints(
    "how many moved",
    "Count rows, not cells: each row is a person.",
    "Who has more than one colour in their row was taken elsewhere for a while.",
    "`outing.table()` has the columns `client` and `backend`. For how many clients is there more "
    "than one backend?",
)
FOR_GOOD = Hints(
    "lost for good",
    "Look at the right end of the rows. Are the crosses still there?",
    "A cross says that the backend that was asked does not know the session. Another one may know "
    "it still: what is in a backend's memory is lost only if its process ends.",
    "Take one person of `outing.table()` and read the column `body`. Does the counter `views` go "
    "on where it stopped, in the end?",
)
NOT_TRUSTED = Hints(
    "nobody is trusted",
    "Which address do the backends hear of? Send one request to `/echo` through the proxy and "
    "look at `x_forwarded_for` in its body.",
    "The person's address is gone: Caddy has thrown the header away, because it does not trust "
    "the one who sent it.",
    "`trusted_proxies` in the global options' `servers` says whom Caddy believes.",
)
PEER = Hints(
    "goes by the connection",
    "All people come by one connection's address: the proxy's. Which address does your policy "
    "look at?",
    "Caddy knows the people's addresses, it believes your proxy. The policy does not use them.",
    "There are two policies that hash an address. Look at `lb_policy` once more.",
)
LEFT_END = Hints(
    "believes the left end",
    "The header reads “lie, person”: the proxy has written the right end, the person all the rest.",
    "Read from the right, and stop at the first address that is not one of your own proxies.",
    "There is an option beside `trusted_proxies` that makes Caddy read from the right.",
)
EVERYBODY = Hints(
    "believes everybody",
    "Who may write into `X-Forwarded-For`, so that you believe it?",
    "Only your own proxy. Here a stranger from somewhere in the Internet is believed as well.",
    "Behind `trusted_proxies` there are the addresses of those you believe. Make them fewer.",
)
NEIGHBOURS = Hints(
    "believes a neighbour",
    "Somebody who is not your proxy, but has an address like it, wrote the header. Whom does your "
    "Caddyfile believe besides the proxy?",
    "Your network holds more than your proxy: a printer, a colleague's laptop, a server that was "
    "broken into. Whoever is believed can be anybody they like.",
    "Count the addresses behind `trusted_proxies`. How many are your proxy's?",
)
THROWN_OUT = Hints(
    "thrown out",
    "Look at one person: where did they log in, and who answered their next page?",
    "All requests of one person must come to the same backend, the login and the pages alike. "
    "What is the same in all of them, and in nobody else's?",
    "It is `lb_policy`. Mind what it looks at: the whole address of a page differs between "
    "`/login` and `/me`, and a cookie's name must not be one that the site uses itself.",
)
ONE_PLACE = Hints(
    "all in one place",
    "Who has nothing to do?",
    "All these people have one address, so a policy that looks at the address sees one person. "
    "Look at something in which they differ.",
    "Caddy's documentation lists every `lb_policy`. Besides the address there are several things "
    "in a request that one can go by.",
)
