"""Why a task's solution works: one line each, shown once it is passed and never before."""

from __future__ import annotations

from caddylab._exercises import progress
from caddylab._exercises.task import Task

WHY = {
    "01.1": "Round robin is one counter for everybody, so any three requests in a row meet all "
    "three backends, however many clients there are.",
    "01.2": "The counter moves before Caddy looks, so backend 2 is first, and the odd hundredth "
    "request is its as well.",
    "01.3": "The check asked for a page that the backends do not have, and a 404 counts as ill. "
    "Asking for a page that is there, often, tells the ill from the well.",
    "01.4": "A backend that failed a check gets nothing until it passes one: the time to the next "
    "check is the time of the outage.",
    "02.1": "The retry saves the requests that meet the dead backend, and the memory keeps all "
    "others away from it.",
    "02.2": "Caddy comes back when its memory has faded, not when the backend is well: a short "
    "memory brings it home soon, and the retry pays for the tests in between.",
    "02.3": "The first two find out the hard way, one for each backend: 502. From then on Caddy "
    "remembers both, and has nobody to ask: 503.",
    "02.4": "Who is killed refuses, at once. Who hangs takes the request and says nothing, until "
    "a clock runs out.",
    "03.1": "The timeout makes an error of being slow, the retry saves that request, and the "
    "memory spares those who come later.",
    "03.2": "A budget for more attempts must be longer than the timeout, or it is used up when "
    "the first attempt fails.",
    "03.3": "One slow page can no longer condemn a backend: either its failures are too few to "
    "count, or a timeout of its own makes none.",
    "03.4": "An order that was sent may have been carried out already, so it waits for its one "
    "answer; only a question may be asked twice.",
    "03.5": "The patient client stopped asking while all stood still, so it met the hang once. "
    "Those who come by the clock met it one by one.",
    "04.1": "What is in hand tells them apart: the slow one is always full, and the sinkhole, "
    "which is done at once, is always empty.",
    "04.2": "With `unhealthy_status` a bad answer counts as a failure, so the memory stops what "
    "only looked like an idle backend.",
    "04.3": "The memory keeps later requests away, and the retry on status saves those who met "
    "the sinkhole first.",
    "04.4": "Least connections shares the work in hand. Who is done ten times sooner gets far "
    "more, without anybody having to say who that is.",
    "04.5": "The count decides only while requests are under way. Between equals it is a coin.",
    "05.1": "The highest number wins, so a new backend can only take its own share, one that "
    "goes leaves only its own people, and the order of the list says nothing.",
    "05.2": "The retry alone would ask the same hash again. With the memory the dead backend is "
    "left out, and the second highest number wins, for its people only.",
    "05.3": "A backend that hung still has its sessions, so its people found them again. Only one "
    "that is started anew has forgotten them.",
    "05.4": "`client_ip_hash` reads the header, and the strict reading, from the right, stops at "
    "the first address that your own proxy did not write.",
    "05.5": "The address is the same for all, so something must decide that differs: a name in "
    "the query, or a cookie.",
    "06.1": "The cookie names the backend, and `max_age` makes the browser keep it after it has "
    "been closed.",
    "06.2": "`fallback` says how to choose for those who have no cookie yet; the others are not "
    "chosen for at all.",
    "06.3": "The cookie is a fingerprint of the backend's address. With a secret in it, nobody "
    "outside can compute one.",
    "06.4": "Retry and memory find another backend, and the new cookie that comes with its answer "
    "keeps the visitor there.",
    "06.5": "An address would have moved the whole office at once; a cookie moves each browser by "
    "itself, and leaves it where it went.",
    "07.1": "Chance is even only in the long run: with 40 requests a fair coin wanders, and runs "
    "of five are ordinary.",
    "07.2": "A counter cannot come in clumps. Chance would need hundreds of requests to be as "
    "even.",
    "07.3": "Look at the share of the slow one: a blind policy gives it all of its share, and a "
    "counter gives everybody exactly the same.",
    "07.4": "`least_conn` looks at all of them each time, so it does not matter which one is slow; "
    "in a quiet hour chance decides between equals.",
    "08.1": "`handle_errors` writes the page and leaves the status alone: people read the one, "
    "machines the other.",
    "08.2": "A weight of 0 keeps the backend in the list and gives it nothing new; what it has "
    "begun ends under the old Caddyfile.",
    "08.3": "The backup is asked only where the others have failed, so it is idle as long as one "
    "of them answers.",
    "08.4": "The order was sent to the ill backend, so its body was gone at the second attempt, "
    "and Caddy blamed the innocent one for it.",
    "08.5": "A reader's request may be sent again after a 500 or a silence; an order may not. The "
    "timeout makes the silence an error first.",
    "09.1": "The memory spares those who come later, and those who come while it still speaks "
    "against everybody wait until it has faded, or until somebody is back.",
    "09.2": "The check had found the server away before it was back, and asked whether it serves, "
    "not whether it lives. Or whoever was told to come later was sent on to the other one.",
    "09.3": "The delay lets old connections outlive their configuration. What was learned does "
    "not, so the first to meet the dead server again needs a second attempt.",
    "09.4": "Caddy hangs up before the server does, so no order is ever sent on a dying "
    "connection, and none has to be sent again.",
    "10.1": "Each layer tries once more than it retries, and layers multiply. An order that was "
    "sent stays sent, and a memory leaves nobody to ask.",
    "10.2": "The limit keeps the queue shorter than people's patience, so the workers work only "
    "for those who still wait.",
    "10.3": "Retry and memory carry the dead one, and the limit keeps the bus from filling a queue "
    "that tries would keep full.",
    "11.1": "Whoever refuses, or shows the wrong name, is a 502; nobody to ask is a 503; a 421 and "
    "a redirect are answers, and only the log tells the first two apart.",
    "11.2": "The clock makes Caddy ask again, and the shorter it is, the sooner the new address "
    "gets work; retry and memory bridge the time until then.",
    "11.3": "Each question holds everybody up, so few questions are the cure; retry and memory "
    "carry what the old answer costs.",
    "11.4": "Without the line Caddy expects each server's own name, which is what the certificates "
    "show. To check nothing would have believed the stranger as well.",
    "12.1": "The error log has what Caddy could not do for somebody in the end. A retry that "
    "succeeds, an answer of 500 and a client who leaves are none of that.",
    "12.2": "`log_append` is worked out when the request is over, so it knows who answered at last "
    "and how many tries it took; the retry alone would have left no trace.",
    "12.3": "The check asks for the page that users ask for, often, and has little patience: one "
    "interval and one timeout are less than three seconds.",
    "12.4": "The share of bad requests by your promise, divided by the share that it allows.",
    "13.1": "`/account/*` begins with `/account/`, so `/account` itself is the shop's, and so is "
    "`/accounts/all`. What Caddy redirects, no backend sees.",
    "13.2": "A pair can fail over: timeout, retry and memory. An order that was sent stays with "
    "the one that has it.",
    "13.3": "There is nobody to fail over to, so patience is all that helps, and a memory would "
    "only turn people away from a server that is back.",
    "13.4": "The slow page has a clock of its own, so the clock for all others can be short "
    "enough to notice a hang.",
}
"""By the tasks' ids."""


def next_task(passed: Task) -> str:
    """The first task of the same lab that is not passed; after the last one, where to go."""
    chapter = passed.id.partition(".")[0]
    standings = progress.of_notebook()
    lab = [standing for id, standing in standings.items() if id.partition(".")[0] == chapter]
    later = [s for s in lab if s.task.id > passed.id and s.passed is None]
    missing = [s for s in lab if s.task.id != passed.id and s.passed is None]
    for standing in [*later, *missing]:
        return f"{standing.task.id} · {standing.task.title}"
    return "all tasks of this lab are passed. The way onward is at the end of this notebook."
