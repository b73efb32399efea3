"""Break the Balancer: load balancing and fallback with a real Caddy, in Jupyter."""

from __future__ import annotations

import sys

from caddylab._look.terminal import show_what_it_can as _show_what_it_can

TYPE_CHECKING = False  # Ctrl-C while `typing` is imported would end a command in a traceback
if TYPE_CHECKING:
    from caddylab._public import *  # noqa: F403


# A lab needs pandas, Altair and Jupyter, which take seconds; `caddylab lint` needs none of them.


def __getattr__(name: str) -> object:
    if name.startswith("_") and name != "__all__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from caddylab import _public

    return getattr(_public, name)


def __dir__() -> list[str]:
    from caddylab import _public

    return [*(name for name in globals() if name.startswith("__")), *_public.__all__]


if "IPython" in sys.modules:  # a notebook has the cell magics from the import on
    from caddylab import _public as _public
_show_what_it_can()
