"""Halves the time of Altair's import: to be imported before it.

Altair checks charts with jsonschema, and jsonschema compiles a grammar of internationalised
addresses (1.7 s), if there is one, for a format that no chart has.
"""

import sys

GRAMMAR = "rfc3987_syntax"

if GRAMMAR not in sys.modules:
    sys.modules[GRAMMAR] = None  # type: ignore[assignment]  # as if it were not installed
    try:
        import jsonschema  # noqa: F401
    finally:
        del sys.modules[GRAMMAR]
