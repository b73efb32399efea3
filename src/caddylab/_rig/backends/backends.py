"""All backends of a lab, as a notebook shows them."""

from __future__ import annotations

from caddylab._look.html_table import table
from caddylab._rig.backends.backend import Backend


class Backends(list[Backend]):
    """Backends in their order."""

    def __repr__(self) -> str:
        return "\n".join(f"{each.name} is {each.state}; {each.judged}" for each in self)

    def _repr_html_(self) -> str:
        return table((), ((f"{each.name} is {each.state}", each.judged) for each in self))
