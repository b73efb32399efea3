"""Why Caddy cannot mend what is left of a row."""

from __future__ import annotations

from caddylab._trial.seen import Seen

RESET = (
    "Caddy resets connections that are opened in the very moment of a reload; whoever asks again "
    "is served."
)
REASONS = {
    "all down": "No upstream is left, and Caddy has nobody to ask. Only a server "
    "that still runs would help.",
    "slow": "Caddy cannot know beforehand that an answer will be late; it can only leave the slow "
    "backend out once a check has found it.",
    "reload with WebSockets and streams open": "Without `stream_close_delay` a reload closes them.",
    "overload": "More is asked for than all backends together can do; Caddy cannot do it for them. "
    "`unhealthy_request_count` would turn the surplus away at once.",
    "answer cut short": "The head of the answer has gone to the user when its body breaks off: "
    "there is no way back.",
    "name server slow": "Whoever asks just when Caddy has to look its upstreams up waits for the "
    "name server. Ask one that is near (`resolvers`), and not too often (`refresh`).",
    "name server silent": "Without its name server Caddy does not know whom to ask. A fixed "
    "upstream beside `dynamic` is asked then.",
}
HOWEVER_MANY = {*REASONS, "backends close idle connections"} - {"slow"}
"""Rows in which another upstream would help nobody."""
UNDER_WAY = (
    "An order (POST) that has reached a backend is not sent to another one: it might be carried "
    "out twice. Only the application can make that safe."
)
MEMORY_LOST = (
    "A session in a backend's memory ends with that backend, whatever Caddy does; keep sessions "
    "where all backends find them."
)
ONE_ONLY = "There is one upstream only, so nobody can take its place."
OTHERWISE = "No line that was tried spares users the rest of it, by more than chance."


def reasons(seen: Seen, upstreams: int) -> list[str]:
    """Why Caddy cannot mend what is left of a row, after all that helps has been added."""
    said = []
    if seen.reset:
        said.append(RESET)
    if any(seen.cost):
        alone = upstreams < 2 and not seen.reloads and seen.row not in HOWEVER_MANY
        said.append(ONE_ONLY if alone else REASONS.get(seen.row, OTHERWISE))
    if seen.under_way:
        said.append(UNDER_WAY)
    if seen.lost:
        said.append(MEMORY_LOST)
    return said
