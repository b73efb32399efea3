"""What can happen on a game day that chapters 9 to 11 are about, and the site of that day."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from caddylab._gameday.on_call import OnCall
from caddylab._gameday.scenario import Scenario

LEVEL = 4
GROWN = """\
:80 {
	# Accounts: backend 1 keeps the logins in its memory. It speaks HTTPS.
	@accounts path /login /me
	reverse_proxy @accounts https://backend1:8443

	# Everything else: the name server knows who works there, today backends 2 and 3.
	reverse_proxy {
		dynamic a app 8080
		lb_policy round_robin
	}
}
"""
"""The Caddyfile of the day, on the last level."""
ACCOUNTS, APP = 1, (2, 3)
"""Who stands behind its names."""
AWAY, LOADING, STEP = 0.5, 3.0, 1.0
"""Of each server in the deploy: seconds away, seconds until it is ready, and until the next one."""
MOVES = 10.0
FEED, PHONES, TRIES, SPELL = "/feed", 60.0, 2, 60.0
"""What the phones ask for, how many a second, how often again, and for how long at a time."""


def _deploy(site: OnCall, backend: int) -> Iterator[float]:
    yield 0
    for number in itertools.cycle(APP):
        site.chaos.do(number, lambda hand: hand.stop())
        yield AWAY
        site.chaos.start(number, LOADING)
        yield LOADING + STEP


def _storm(site: OnCall, backend: int) -> Iterator[float]:
    yield 0
    for number in APP:
        site.chaos.afflict(number, "limited", lambda hand: hand.limited(2, takes=0.08, queue=10))
    while True:
        site.besiege(FEED, PHONES, SPELL, TRIES)
        yield SPELL


def _moves(site: OnCall, backend: int) -> Iterator[float]:
    yield 0
    for number in itertools.cycle(APP):
        site.chaos.move(number)
        yield MOVES


def _certificate(site: OnCall, backend: int) -> Iterator[float]:
    yield 0
    site.forge(ACCOUNTS)


PRODUCTION = (
    Scenario(
        "endless deploy",
        "around",
        "A pipeline deployed over and over: backends 2 and 3 were restarted in turns, and after "
        "each start lived for three seconds before they were ready.",
        "Ask for readiness: a check of `/ready` for upstreams that are named one by one, since "
        "active checks do not run for dynamic ones; or send on to the other one who is told 503. "
        "With it patience (`lb_try_duration`), and a memory that is over before the next one goes.",
        _deploy,
        chapter=9,
        level=LEVEL,
    ),
    Scenario(
        "retry storm",
        "around",
        "An update of the app made phones ask for `/feed` without a pause, and each of them twice "
        "again when it got an error. It was more than backends 2 and 3 can do.",
        "Look at what the backends are asked for (`lab.backend(2).requests()`), and turn that path "
        "away at the door, or give it a proxy of its own with `unhealthy_request_count`, so that "
        "it can fill no queue in which others stand. Retries of your own make it worse.",
        _storm,
        chapter=10,
        level=LEVEL,
    ),
    Scenario(
        "moving names",
        "around",
        "Backends 2 and 3 got new addresses, one of them every ten seconds. The name server told "
        "them at once, and Caddy asked it once a minute.",
        "Ask more often (`refresh 2s`), and bridge the time between with a retry and a memory. "
        "Or name the servers one by one, if somebody keeps those names right.",
        _moves,
        chapter=11,
        level=LEVEL,
    ),
    Scenario(
        "strange certificate",
        "around",
        "Backend 1 was restarted with a new certificate, signed by an authority that nobody "
        "trusts. So Caddy did not take its answers.",
        "The log has the words, and a 502 has not: `.attempts()`. Send the accounts to the other "
        "servers, by a cookie, until the certificate is right; the members log in once more. "
        "`tls_insecure_skip_verify` ends the alarm, too, and from then on whoever takes the "
        "server's place gets the passwords.",
        _certificate,
        chapter=11,
        level=LEVEL,
    ),
)
