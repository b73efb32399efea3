"""What helps with the tasks of lab 11, names and HTTPS: hints by what was observed."""

from caddylab._exercises.task import Hints

WHAT_THEY_SEE = Hints(
    "what they see",
    "Not all five are right. Each is an experiment of one line: load it, and look at the status of "
    "`lab.fire(1).requests[0]`.",
    "Ask of each: has Caddy tried a backend? Did the backend answer, or was it not believed?",
    "502: an attempt failed. 503: there was nobody to try. 421 is an answer of the backend's own, "
    "and 308 one of Caddy's.",
)
NOBODY_IS_ASKED = Hints(
    "nobody is asked",
    "The servers' addresses change, and only the name server knows them. Does your Caddyfile ask "
    "it? Look at `lab.names`.",
    "An upstream that stands in the file is where it was when the file was written.",
    "`dynamic a app 8080` in the block of `reverse_proxy`, in place of the upstreams behind it.",
)
MOVED = Hints(
    "the old address",
    "A server has moved, and some readers got an error. Where did Caddy dial for them? "
    "`.attempts()` has the addresses.",
    "Until Caddy asks again it believes the old answer. Meanwhile somebody else is well: for "
    "these readers, and for the next ones.",
    "A retry helps the one who meets the old address, `fail_duration` those who come after. With "
    "a policy that leaves the choice to chance, a retry alone may meet it twice.",
)
LATE = Hints(
    "asks too late",
    "The server that has moved is well, at its new address. How long did nobody go there?",
    "Only the clock makes Caddy ask the name server again.",
    "`refresh` stands in a block of its own, behind `dynamic a`.",
)
STANDS_IN_LINE = Hints(
    "stands in line",
    'The name server is slow. How many requests waited, and when? Draw them: `.chart("timeline")`.',
    "While Caddy asks, everybody waits. The fewer questions, the fewer of them.",
    "How often does `refresh` let it ask, and how often without that line?",
)
NOT_BELIEVED = Hints(
    "not believed",
    "Nothing is broken, and Caddy does not take the servers' answers. Its reason stands in the "
    "column `error` of `.attempts()`.",
    "The certificate of each server is for the name by which your file dials it. Which name does "
    "Caddy expect?",
    "Look at what `transport http` says of TLS, and what Caddy would do without it.",
)
BELIEVED = Hints(
    "believes everybody",
    "A stranger has taken the place of a server, with a certificate that is not that server's. "
    "Who got its answers?",
    "Encrypted is not trusted. Whoever does not look at the certificate talks to anybody.",
    "Nothing may switch the check off, and the connection has to be TLS at all.",
)
