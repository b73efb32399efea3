"""What helps with the tasks of lab 13, your own site: hints by what was observed."""

from caddylab._exercises.task import Hints

WHO_ANSWERS = Hints(
    "who answers",
    "One of your five is another one's. Ask the site yourself: `lab.fire(1, path=…)` and its "
    "`.backends`, or `lab.get(…)` with `host=` or `scheme=`.",
    "Read each matcher letter by letter, and mind what comes before any matcher: by which name, "
    "and by which scheme, a request has come.",
    "`lab.routes` lists what leads to an upstream. What fits none of the other blocks falls to the "
    "`handle` without a matcher; a redirect is Caddy's own answer.",
)
NO_SITE = Hints(
    "no such site",
    "The customers come to `pizza.example` by HTTPS, as before. Does your file still have that "
    "site? Look at `lab.routes`.",
    "Mending a site does not change its address: links, bookmarks and certificates hang on it.",
    "The address stands before the opening brace. With `:80`, or with `http://` in front of the "
    "name, nobody answers on port 443.",
)
NO_SUCH_SERVER = Hints(
    "no such server",
    "Look at the upstreams in your file. Which servers does the company have?",
    "Whatever you write as an upstream, the lab starts a backend for it. In life nobody is there.",
    "There are `account:3000`, `shop1:8000` and `shop2:8000`, and each of them has its own work: "
    "the shop does not know the accounts, nor the other way round.",
)
WRONG_HOUSE = Hints(
    "wrong house",
    "Somebody was asked for what is not theirs. Look at who answered the shop's customers, and who "
    "those of the accounts.",
    "The shop's pair does not know the accounts, and the account server has no menu. To ask the "
    "other house is no help, it is a wrong answer.",
    "Compare your routes with those of the file that you began with: `lab.routes`.",
)
WRONG_PAGE = Hints(
    "wrong page",
    "Ask for a page of the accounts and look at the path in the answer: that is what the server "
    "was asked for. What was it before you changed the file?",
    "The account server knows `/profile`. It does not know what stands in front of it in the "
    "address.",
    "`handle_path` takes away all that it has matched. `handle` takes away nothing; inside of it, "
    "`uri strip_prefix` does.",
)
UNWELL = Hints(
    "errors while all is well",
    "Nothing is broken yet, and not everybody has an answer from a backend. Look at the status, "
    "and at who answered.",
    "502: the upstream did not answer. 503: Caddy thought that there was none. 504: it took longer "
    "than you allow. And an answer of Caddy's own is nobody's.",
    "Compare your file with the one that you began with. An active check needs a page that answers "
    "200; a timeout must leave a healthy answer its time.",
)
NOBODY_TRIES_AGAIN = Hints(
    "nobody tries again",
    "A server of the pair is down. How many attempts did Caddy make for a customer who got an "
    "error? `.attempts()` lists them.",
    "The other one is well. Somebody has to ask it, for this customer and not only for the next.",
    "Is what you have added in the block of the pair's `reverse_proxy`? `lb_retries` or "
    "`lb_try_duration` allow one attempt more.",
)
ASKS_THE_DEAD_AGAIN = Hints(
    "asks the dead one again",
    "Some customers were tried twice and got an error all the same. Whom did Caddy ask the second "
    "time?",
    "A retry asks the policy once more, and the policy does not know who has just failed.",
    "`fail_duration` makes Caddy remember it, in the block of the pair.",
)
SILENCE = Hints(
    "waits in silence",
    "A server of the pair hangs. How long did Caddy wait for its answer?",
    "Silence is no error, so nothing is retried. Something has to turn it into one, early enough "
    "to leave time for the other server.",
    "`response_header_timeout` stands in `transport http`, in the pair's `reverse_proxy`.",
)
TWICE = Hints(
    "order sent twice",
    "Look for an order (POST) with two attempts that reached a server. Who has carried it out?",
    "An order that was sent may have been carried out, whatever came of it. Nobody but the "
    "customer can know whether to send it again.",
    "Which requests may be retried after they were sent is up to `lb_retry_match`. And what "
    "`handle_errors` does is one attempt more.",
)
NO_PATIENCE = Hints(
    "no patience",
    "The account server is away for a moment. When did its customers get their error: at once, or "
    "after a while?",
    "There is nobody else to ask. Whoever does not wait gets an error, however often they try in "
    "the same instant.",
    "`lb_try_duration` is how long Caddy goes on trying. Is yours as long as a restart, and does "
    "it stand in the block of `account:3000`?",
)
CONDEMNED = Hints(
    "condemned",
    "The account server was back, and still its customers got errors. What did Caddy think of it? "
    "Compare `.state` and `.opinion`.",
    "Caddy remembers the failure longer than the restart takes. With a second server that is "
    "wise. Here there is none.",
    "`fail_duration` is how long a failure counts, `health_interval` and `health_passes` how long "
    "an active check takes to see that all is well again. Both stand beside `lb_try_duration`.",
)
EXPORT_CUT = Hints(
    "export cut off",
    "Look at the export: what did its customer get, and after how long?",
    "It is slow, and well. A limit that ends a silent page ends this one, too, if both have the "
    "same.",
    "A page that is different needs a block of its own: `handle` or `handle_path` for its path, "
    "with a `reverse_proxy` to the same server and a limit of its own, or none.",
)
EXPORT_LOST = Hints(
    "export lost",
    "Ask for `/account/export` and look at the path in the answer: that is what the server was "
    "asked for. What was it before you changed the file?",
    "The server knows `/export`. It does not know what stands in front of it in the address.",
    "`handle_path` takes away all that it has matched. `handle` takes away nothing; inside of it, "
    "`uri strip_prefix` does.",
)
ENDLESS = Hints(
    "endless",
    "The account server hangs. How long does the customer of an ordinary page wait?",
    "A customer would rather have an error soon than none at all. Something has to end the wait, "
    "and nothing may begin it anew.",
    "`response_header_timeout` ends one attempt. `lb_retries` and `lb_try_duration` allow more of "
    "them, and here each of them meets the same server.",
)
