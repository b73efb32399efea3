"""The picture beside a live output, for GitHub, nbconvert and whatever else shows nothing live."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable

VARIABLE = "CADDYLAB_PICTURES"
"""Set to `off` it leaves pictures out, and a notebook needs 50 to 90 MB less memory."""


def beside(draw: Callable[[], bytes]) -> dict[str, str]:
    """The picture as a part of a MIME bundle, unless none is wanted; only then is it drawn."""
    if os.environ.get(VARIABLE) == "off":
        return {}
    return {"image/png": base64.b64encode(draw()).decode()}
