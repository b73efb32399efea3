"""The people of a check: browsers at addresses by chance, who are not to be told from visitors."""

from __future__ import annotations

import random
from ipaddress import IPv4Address

from caddylab._engine.clients import Clients

PAGES = ("/echo", "/status/200", "/status/202")
"""Pages that are as good as `/test-api`, which is in every notebook: no Caddyfile prepares for them
alone."""
BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Accept": "text/html,application/xhtml+xml,*/*;q=0.8",
}
MANY = 60
"""So many people come where a check does not say how many: to a policy that goes by the person,
one client would be all of them."""
NETWORKS = (62, 81, 94, 145, 188)
"""The first numbers of addresses on the Internet; the clients of a lab have others."""
STEP, SIZE = 7919, 2**24
"""How far neighbours are apart, in so large a network: a prime, so that no two meet."""


class Newcomers(Clients):
    """People at addresses that a seed decides; with the same seed, the same people."""

    def __init__(self, count: int, seed: int) -> None:
        chance = random.Random(f"crowd {seed}")
        self._network, self._first = chance.choice(NETWORKS), chance.randrange(SIZE)
        super().__init__(count)

    def address(self, k: int) -> str:
        """The address of the `k`-th of them."""
        return str(IPv4Address(self._network * SIZE + (self._first + k * STEP) % SIZE))


def page(seed: int) -> str:
    """The page that a check asks for."""
    return random.Random(f"page {seed}").choice(PAGES)


def delay(seed: int, ms: int) -> str:
    """A page that takes a little longer than so many milliseconds."""
    return f"/delay/{ms + random.Random(f'delay {seed}').randint(1, max(2, ms // 10))}"


def order(seed: int, body: bytes) -> bytes:
    """An order with a remark, so that no length tells it from others."""
    return body + b"." * random.Random(f"order {seed}").randint(1, 99)
