"""Say loudly which tests a second try has saved: saved.py FAILED-AT-FIRST FAILED-AGAIN.

Both are copies of pytest's .pytest_cache/v/cache/lastfailed.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

FRAME = "!" * 88


def failed(file: str) -> set[str]:
    """The names of the tests that failed."""
    path = Path(file)
    return set(json.loads(path.read_text("utf-8"))) if path.exists() else set()


def main() -> None:
    """Print the tests to mend: those that only the second try passed."""
    first, again = map(failed, sys.argv[1:])
    saved = sorted(first - again)
    print(f"ci: {len(first)} failed, {len(first & again)} of them again.")
    if saved:
        title = f"SAVED by a second try, and so to be mended: {len(saved)}"
        print(FRAME, title, *saved, FRAME, sep="\n")


if __name__ == "__main__":
    main()
