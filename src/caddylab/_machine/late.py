"""Large libraries, imported when they are first needed.

A notebook's Stop can break off an import in its middle, and what is then half imported stays so:
with pandas every later chart would fail. So these imports are done where Stop does not reach.
"""

from __future__ import annotations

import importlib

from caddylab._machine.undisturbed import undisturbed

_there: set[str] = set()


def ensure(module: str) -> None:
    """Import `module` to its end, unless that has been done; the `import` after it is at once.

    Raises:
        KeyboardInterrupt: Stop was pressed; the import goes on to its end.
    """
    if module not in _there:
        undisturbed(lambda: importlib.import_module(module))
        _there.add(module)
