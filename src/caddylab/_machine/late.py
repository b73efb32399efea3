"""Large libraries, imported when they are first needed.

A notebook's Stop can break off an import midway, and a module half imported stays so:
with pandas, every later chart would fail. So these imports are done where Stop cannot reach.
"""

from __future__ import annotations

import importlib

from caddylab._machine.steady import in_thread
from caddylab._machine.undisturbed import undisturbed

PANDAS_USUAL_WIDTH, WIDTH = 50, 160
"""The most characters of a table's cell that pandas shows: its own default, and ours."""

_there: set[str] = set()


def ensure(module: str) -> None:
    """Finish importing `module`, unless that has been done; an `import` after this is instant.

    Raises:
        KeyboardInterrupt: Stop was pressed; the import goes on to its end.
    """
    if module not in _there:
        undisturbed(lambda: importlib.import_module(module))
        _there.add(module)
        if module == "pandas":
            _show_whole_words()


def is_there(module: str) -> bool:
    """Whether it has been imported completely."""
    return module in _there


def begin(module: str) -> None:
    """Import it in the background, for whoever needs it soon."""
    in_thread("caddylab-import", lambda: ensure(module))


def _show_whole_words() -> None:
    """Keep tables in a notebook from cutting an error short ("connection refu...")."""
    import pandas as pd

    if pd.get_option("display.max_colwidth") == PANDAS_USUAL_WIDTH:  # nobody chose another
        pd.set_option("display.max_colwidth", WIDTH)
