"""The common mistakes: how Caddy words them, and what a beginner needs to hear.

The first entry that fits wins, so the particular stand before the general. A pattern is
searched in Caddy's message and, on the lines below it, the learner's own line, "surplus }" if the
file closes more than it opens, and "begins like JSON" if it does. Its named groups fill the
`$word`s of the help; besides these there are `$option` (the first word of the learner's line),
`$example` (right use of the word or the option), `$meaning` (of a `$word` in `table`) and `$near`
(the one of `names` that is most like `$word`). Where one of them is missing the entry does not fit.
"""

from __future__ import annotations

from caddylab._caddy.advice.mistakes.directives import DIRECTIVES, LOGS, MODULES
from caddylab._caddy.advice.mistakes.directives import NO_DIRECTIVE as NO_DIRECTIVE
from caddylab._caddy.advice.mistakes.mistake import Mistake as Mistake
from caddylab._caddy.advice.mistakes.proxy import OPTIONS, POLICIES, UPSTREAMS
from caddylab._caddy.advice.mistakes.structure import BRACES, REQUEST, SITES, TEMPLATES
from caddylab._caddy.advice.mistakes.values import VALUES

MISTAKES = (
    *TEMPLATES,
    *BRACES,
    *SITES,
    *DIRECTIVES,
    *OPTIONS,
    *POLICIES,
    *LOGS,
    *MODULES,
    *UPSTREAMS,
    *VALUES,
    *REQUEST,
)
