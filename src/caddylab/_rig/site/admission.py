"""What can be an upstream in a lab, and the errors for anything else."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from caddylab._caddy.adapted.dynamic import asked, is_told
from caddylab._caddy.adapted.tree import Json
from caddylab._caddy.advice.foreign import parameter
from caddylab._caddy.safety import loops
from caddylab._caddy.text.places import line_of_upstream
from caddylab._caddy.text.tokens import parse
from caddylab._errors import CaddyfileError
from caddylab._look.counted import counted
from caddylab._rig.site.assignment import bare, is_unix, needed, number_of
from caddylab._rig.site.refusal import Refuse
from caddylab._runtimes.base import BACKEND_PORT, MOST_BACKENDS


class Admission:
    """Looks at the upstreams of one Caddyfile.

    Args:
        backends: how many the lab has.
        refuse: makes the errors.
        own: whether the Caddyfile is somebody's own: then whatever it names is an upstream.
        fold: whether several upstreams may share a backend, if there are too few.
    """

    def __init__(self, backends: int, refuse: Refuse, *, own: bool, fold: bool) -> None:
        self._backends, self._refuse, self._own, self._fold = backends, refuse, own, fold

    def check(self, dial: str) -> None:
        """Check one address.

        Raises:
            CaddyfileError: it is no upstream here.
        """
        host = dial.rpartition(":")[0]
        if (foreign := parameter(host)) and self._bare(host):
            reason = f"Caddy takes `{host}` for the name of one more upstream."
            raise self._refused(reason, dial, foreign)
        has = f"This lab has {self._names()}."
        if not (host or self._own or is_unix(dial) or is_told(dial)):
            raise self._refused(f"`{dial}` is no address of a backend.", dial, has)
        missing = f"`{host}` is not in this lab."
        if not self._own and (meant := self._slip(host)):
            raise self._refused(missing, dial, f"{has} Did you mean `{meant}`?")
        number = number_of(dial)
        if number and number > self._backends and not self._fold:
            raise self._refused(missing, dial, f"{has}{_wish(number)}")

    def check_name(self, source: Json) -> None:
        """Check the name that a name server is asked for.

        Raises:
            CaddyfileError: the name depends on the request, and not every name may mean the same.
        """
        if "{" in (name := asked(source)) and not self._fold:
            raise self._refuse(
                f"The name `{name}` is known only once a request comes, and the lab's name server "
                "has to know it before.",
                word="dynamic",
                help="Write the name itself.",
            )

    def check_number(self, dials: Sequence[str], numbers: dict[str, int]) -> None:
        """Check that there are enough backends.

        Args:
            dials: the upstreams.
            numbers: which backend stands for each.

        Raises:
            CaddyfileError: there are not.
        """
        wanted = needed(dials, own=self._own)
        if wanted <= self._backends or self._fold:
            return
        raise self._refused(
            f"This Caddyfile has {len(dials)} upstreams, and this lab has "
            f"{counted(self._backends, 'backend')}.",
            next(reversed(numbers)),
            f'`Lab.of("Caddyfile")` makes a lab that fits; so does `Lab(backends={wanted})`.',
        )

    def loop(self, way: Sequence[loops.Hop]) -> CaddyfileError:
        """The error for sites that send each request round and round.

        Args:
            way: from a site back to itself.
        """
        ports = " → ".join(f":{port}" for port in [way[0].site, *(hop.to for hop in way)])
        first = bare(way[0].dial)
        return self._refused(
            f"`{first}` sends each request back to where it came from ({ports}), again and again.",
            first,
            f"Name the backends instead: {self._names()}.",
        )

    def _refused(self, reason: str, dial: str, help: str) -> CaddyfileError:
        return self._refuse(reason, line=line_of_upstream(dial, self._refuse.text), help=help)

    def _bare(self, host: str) -> bool:
        """Whether the text has this word without a port, as an argument on a line."""
        statements = parse(self._refuse.text).walk()
        return any(host in statement.words[2:] for statement in statements)

    def _slip(self, host: str) -> str:
        """The backend of the course that was meant, if this looks like a slip of the pen."""
        names = [f"backend{number}" for number in range(1, self._backends + 1)]
        alike = get_close_matches(host, names, 1, 0.75) if host not in names else []
        return alike[0] if alike and number_of(f"{host}:1") is None else ""

    def _names(self) -> str:
        numbers = range(1, self._backends + 1)
        return ", ".join(f"backend{number}:{BACKEND_PORT}" for number in numbers)


def _wish(number: int) -> str:
    if number > MOST_BACKENDS:
        return f" A lab has {MOST_BACKENDS} backends at most."
    return f" For more backends: `Lab(backends={number})`."
