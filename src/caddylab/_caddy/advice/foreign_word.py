"""A word that somebody brings along from another program, and how it is looked up."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from caddylab._caddy.advice import vocabulary as known

CADDY1, NGINX, HAPROXY, TRAEFIK, NOBODY = "Caddy 1", "nginx", "HAProxy", "Traefik", ""
APACHE, ENVOY = "Apache", "Envoy"
HERE = "between the braces of `reverse_proxy`"
IN_SITE = "in the site, not in `reverse_proxy`"


@dataclass(frozen=True)
class Foreign:
    """Words of one meaning, and what to write instead.

    Args:
        words: by the program they belong to; `NOBODY` for a word that merely sounds like one.
            `timeout+connect` is `timeout` with the argument `connect`.
        write: the lines to write in Caddy 2; empty where nothing need be written.
        why: a remark on them; where nothing need be written, the reason.
        carries: a pattern; arguments that match it take the place of the example in `write`.
    """

    words: dict[str, str]
    write: str
    why: str = ""
    carries: str = ""

    def help(self, word: str, arguments: Sequence[str] = ()) -> str:
        """One sentence for somebody who has written `word`, with `arguments` behind it."""
        remark = f" ({self.why})" if self.why else ""
        whose = self._whose(word)
        if not self.write:
            return f"{whose}; take it away: {self.why}."
        lines = " ⏎ ".join(self._with(line, " ".join(arguments)) for line in self.lines())
        return f"{whose}; in Caddy 2 write `{lines}`{remark}."

    def standing(self, place: str) -> Foreign:
        """The same with a remark on where its lines stand, if there are any to write."""
        if not self.write or place in self.why:
            return self
        return replace(self, why=f"{place}; {self.why}" if self.why else place)

    def _with(self, line: str, arguments: str) -> str:
        """A line to write, with the learner's arguments in the place of the example's."""
        option, _, example = line.partition(" ")
        if option == "lb_policy" and self.carries:
            return _policy(arguments) or line
        if not self.carries or not re.fullmatch(self.carries, example):
            return line
        fit = [x for x in (arguments, *arguments.split()) if re.fullmatch(self.carries, x)]
        return f"{option} {fit[0]}" if len(set(fit)) == 1 else line

    def lines(self) -> list[str]:
        """What to write, line by line."""
        return self.write.splitlines()

    def has(self, word: str) -> bool:
        """Whether `word` is one of these."""
        return any(word.lower() in words.lower().split() for words in self.words.values())

    def _whose(self, word: str) -> str:
        spelled = [who for who in self.words if who and word in self.words[who].split()]
        alike = [who for who in self.words if who and Foreign({who: self.words[who]}, "").has(word)]
        whose = [f"{who}'s" for who in spelled or alike]
        said = word.replace("+", " ")
        return f"`{said}` is {' and '.join(whose)} word" if whose else f"Caddy has no `{said}`"


def _policy(name: str) -> str:
    """The line for a policy that is called `name` elsewhere; empty if nobody knows it."""
    word, *rest = name.split() or [""]
    if spelled := _CADDYS.get(_plain(word)):
        return " ".join(["lb_policy", spelled, *rest]) if rest else known.POLICIES[spelled]
    return next((entry.lines()[0] for entry in POLICIES if entry.has(word)), "")


def _plain(word: str) -> str:
    return re.sub(r"[_-]", "", word.lower())


_CADDYS = {_plain(name): name for name in known.POLICIES}


LAST = "the upstreams in their order: the backup last"
WEIGHTS = "a weight for each upstream, in their order"

POLICIES = (
    Foreign({HAPROXY: "static-rr", NOBODY: "rr", APACHE: "byrequests"},
            "lb_policy round_robin"),
    Foreign({TRAEFIK: "wrr", NOBODY: "weighted weight"},
            "lb_policy weighted_round_robin 3 1", WEIGHTS),
    Foreign({TRAEFIK: "p2c", NOBODY: "power_of_two two_choices"}, "lb_policy random_choose 2"),
    Foreign({NGINX: "least_time", TRAEFIK: "leasttime"}, "lb_policy least_conn",
            "Caddy has no policy that goes by time"),
    Foreign({HAPROXY: "leastconn", ENVOY: "least_request", APACHE: "bybusyness"},
            "lb_policy least_conn"),
    Foreign({APACHE: "bytraffic heartbeat"}, "lb_policy least_conn",
            "Caddy has no policy that goes by bytes or by load"),
    Foreign({HAPROXY: "source", NGINX: "hash", NOBODY: "ip client_ip consistent_hash",
             ENVOY: "ring_hash maglev", TRAEFIK: "hrw"},
            "lb_policy client_ip_hash"),
    Foreign({HAPROXY: "uri", NOBODY: "url"}, "lb_policy uri_hash"),
    Foreign({HAPROXY: "hdr rdp-cookie"}, "lb_policy header X-User"),
    Foreign({HAPROXY: "url_param"}, "lb_policy query user"),
    Foreign({NGINX: "backup", HAPROXY: "backup", TRAEFIK: "failover", NOBODY: "primary"},
            "lb_policy first", LAST),
)  # fmt: skip
"""Names of policies elsewhere."""


def meaning(table: tuple[Foreign, ...], word: str, arguments: Sequence[str] = ()) -> str:
    """The sentence for a word of one of the tables; empty for any other word.

    Args:
        table: one of those above.
        word: what was written, in any case; of `loadBalancer.sticky` each part may be known.
        arguments: what stands behind it on its line.
    """
    for name, rest in _spellings(word, list(arguments)):
        for entry in table:
            if entry.has(name):
                return entry.help(name if "+" in name else word, rest)
    return ""


def _spellings(word: str, arguments: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Under which spellings a word may be known, the most exact first, each with its arguments."""
    if arguments:
        first, _, value = arguments[0].partition("=")
        yield f"{word}+{first}", [value, *arguments[1:]] if value else arguments[1:]
    parts = word.split(".")
    for start in range(len(parts)):
        yield ".".join(parts[start:]), arguments
    for part in reversed(parts[:-1]):
        yield part, arguments
