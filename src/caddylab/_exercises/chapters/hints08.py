"""What helps with the tasks of lab 08, fallback strategies: hints by what was observed."""

from caddylab._exercises.task import Hints

UNWELL = Hints(
    "errors while all is well",
    "Nothing is broken yet, and not every client has its answer from a backend. Look at the "
    "status, and at who answered.",
    "502: the upstream that Caddy chose did not answer. 503: Caddy thought that there was none. "
    "And an answer from no backend at all is one that Caddy has made up itself.",
    "Compare the upstreams with the backends' names and ports. What is for the bad times only "
    "must not stand where it is always done.",
)
OWN_WORDS = Hints(
    "404 changed",
    "Ask for a path that no backend knows, and for an error of a backend's own: "
    "`lab.get('/no-such-page')`, `lab.get('/status/503')`. Compare the status, the `.text` and the "
    "`.headers` with what a backend says without your additions.",
    "This answer came from a backend. You are asked to replace only what Caddy itself has to say "
    "when no backend answers.",
    "What stands in `handle_errors` touches Caddy's own errors only. `handle_response`, "
    "`intercept`, and a `header` beside `reverse_proxy` touch the backends' answers.",
)
STATUS_LOST = Hints(
    "status lost",
    "Look at the status of the answers while both backends are down.",
    "People read the page, machines read the status: a search engine and your monitoring must "
    "see that this is an error.",
    "`respond` keeps the error's status unless you write another one behind the text. A "
    "redirect, or a file that is not there, has a status of its own.",
)
STATUS_CHANGED = Hints(
    "status changed",
    "Compare the status that clients got with Caddy's error: a 502 is one for which a backend was "
    "tried, a 503 one for which there was none left to try.",
    "Somebody has written a number of their own over Caddy's. One number cannot be right for both.",
    "`respond` keeps the error's status unless you write another one behind the text. "
    "(`{err.status_code}` is the error's own, should you need to name it.)",
)
NO_PAGE = Hints(
    "no page",
    "Kill both backends in your own lab, and look at `lab.get().text`.",
    "The answer is empty: nobody has told Caddy what to say about this error, which is its own "
    "and not a backend's.",
    "`handle_errors` is a block of the site, beside `reverse_proxy` and not in it. Which errors "
    "does yours handle?",
)
SOME_PAGES = Hints(
    "not for every error",
    "Some answers have a page and some are empty. Compare the status of the ones and the others.",
    "Caddy has two words for “down”: 502 for a backend that was tried, 503 for none left to try. "
    "Both are the same to your user.",
    "The codes behind `handle_errors` say which errors it handles; without any code it handles "
    "them all.",
)
NOT_HTML = Hints(
    "not html",
    "Look at the header `Content-Type` of the page: `lab.get().headers`. A browser shows your "
    "tags as text.",
    "The answer has to say that it is HTML. Caddy does not guess that from the tags.",
    "`header` sets it, in the same block as `respond`.",
)
STILL_NEW = Hints(
    "still new ones",
    "Which requests were sent after the reload, and still went to backend 2?",
    "To drain means: nothing *new*. That a backend is busy, or that others are preferred, is not "
    "enough.",
    "Either backend 2 is no longer among the upstreams, or `lb_policy` gives it no share at all.",
)
OTHERS = Hints(
    "others idle",
    "Who works after the reload? Count the answers of each backend.",
    "Only backend 2 is to be taken out. The other two have to carry its share together.",
    "How many upstreams stand behind `reverse_proxy`? And if you use weights, how many are there? "
    "Each upstream needs one, in the order of the list. Where one is missing, the last upstream "
    "gets nothing, and when another one is down, Caddy cuts most connections.",
)
TURNED_AWAY = Hints(
    "turned away",
    "Look at the clients who came after the reload: their status, and whom Caddy asked for them.",
    "An upstream that must not be used must not be tried either. And nobody may be told to come "
    "back later: two backends are well.",
    "Look at the list of upstreams and at every option that makes Caddy think that a backend is "
    "down or full.",
)
CUT_OFF = Hints(
    "cut off",
    "Look at the long requests: when did they end, and how?",
    "What is under way has to end well, on the Caddyfile with which it began.",
    "Caddy does that by itself at a reload. Which option of yours is in its way?",
)
NO_REST = Hints(
    "no rest",
    "All is well, and backend 3 has requests. Why was it chosen?",
    "A backup is not the one with the smallest share. It is asked only when nobody else is left.",
    "Either the policy prefers the others strictly, or backend 3 does not stand among their "
    "upstreams, but where Caddy's errors are handled.",
)
NEVER_ASKED = Hints(
    "never asked",
    "Backends 1 and 2 are down. How often did Caddy ask backend 3?",
    "Not once. Caddy has met an error, and nobody has told it to go on to backend 3 with it.",
    "If you use `handle_errors`: does it handle this status? Look at the clients'. If backend 3 is "
    "an upstream like the others: what makes Caddy try again after an error?",
)
SAME_AGAIN = Hints(
    "same again",
    "Take one request that failed, and read its attempts. Whom did Caddy ask, and whom then?",
    "A retry asks the policy again, and the policy gives the same answer, as long as it does not "
    "know that this backend has just failed.",
    "`fail_duration` makes Caddy remember it.",
)
GIVES_UP = Hints(
    "gives up",
    "Some requests were served by backend 3, and some failed. How many attempts did Caddy make "
    "for those that failed?",
    "The first client finds two dead backends before the third. Somebody has to pay for finding "
    "that out, but with time, not with an error.",
    "Count how many more attempts the first client needs; `lb_retries` allows so many.",
)
NO_WAY_BACK = Hints(
    "no way back",
    "Backends 1 and 2 are up again. What does Caddy think of them? Compare `.state` and "
    "`.opinion`.",
    "Caddy's bad opinion of a backend outlives the reason for it. The question is, for how long.",
    "`fail_duration` is how long a failure counts; `health_interval` and `health_passes` are how "
    "long an active check needs to change its mind.",
)
WHO_IS_ILL = Hints(
    "who is ill",
    "Look at `orders.attempts()`, and there at the column `status`.",
    "The ill one has *answered*, and its answer was an error. An attempt without a status has "
    "another kind of trouble.",
    "Find the only attempt with a status that is not 200, and see whose it is.",
)
WHO_IS_INNOCENT = Hints(
    "who is innocent",
    "One backend answered each of its orders well until Caddy gave it up. Look at its last "
    "attempt in `orders.attempts()`.",
    "There is an error, but is it the backend's? Read it: who had too little to send?",
    "`orders.chart()` shows from when on Caddy takes which backend for failed.",
)
WHICH_ORDER = Hints(
    "which order",
    "The first 503 is a consequence. Something has happened before it.",
    "A 503 has no attempts at all: Caddy knows already that nobody is left. Look for the order "
    "for which Caddy still tried.",
    "`orders.attempts()` names the order of each attempt in its first column, `n`.",
)
FIVE_HUNDRED = Hints(
    "500 comes through",
    "Look at the readers who got an error. Whose is it, and how many attempts did Caddy make?",
    "A 500 is an answer, and Caddy passes answers on. Remembering it spares the next reader, but "
    "not this one: somebody has to ask the other backend.",
    "`lb_retry_match` can look at the status; `lb_retries` has to allow a second attempt.",
)
SITE_DOWN = Hints(
    "down after an order",
    "Orders came, and then the readers had errors, though one backend is well all the time. The "
    "picture shows the orders: as in task 08.4, one of them makes Caddy blame it.",
    "An order's text has gone to the first backend and is not there for a second attempt. Such "
    "an attempt fails, and the innocent backend is blamed.",
    "Every `lb_retry_match` block qualifies requests of its own. Which of yours also fits a POST?",
)
TWICE = Hints(
    "twice",
    "Look for an order with two attempts that reached a backend. Who has carried it out?",
    "A second attempt is harmless for those who only read. An order that was sent once must not "
    "be sent again, whatever came of it.",
    "Which methods may be retried is up to `lb_retry_match`; what happens in `handle_errors` or "
    "`handle_response` is an attempt, too.",
)
SILENCE = Hints(
    "waits in silence",
    "Look at the readers of a hung backend: how long did Caddy wait for its answer?",
    "Silence is no error, so nothing is retried. Something must turn it into one, early enough to "
    "leave time for the other backend.",
    "`response_header_timeout` in `transport http` is this clock; `dial_timeout` ends another "
    "kind of silence, and `lb_try_duration` ends none.",
)
RULE_REPLACED = Hints(
    "not retried",
    "The clock works: the attempt on the hung backend ended in time. What did Caddy do then?",
    "It gave up. Caddy's own rule is to retry a GET after such an error. A rule of yours takes its "
    "place, and then only what your rule allows is retried.",
    "Is there a block that fits a GET to which nobody has answered? Caddy asks the blocks in their "
    "order, and where there is no answer an `expression` about its status ends the search. So mind "
    "which block stands first; or let one `expression` ask for `{rp.is_transport_error}` before "
    "the status.",
)
FORGETS = Hints(
    "asks the hung one again",
    "Look at a reader's two attempts. Whom did Caddy ask first, and whom then?",
    "When several ask at a time, the policy's next choice may be the hung backend once more.",
    "`fail_duration` makes Caddy remember who has just failed.",
)
