"""Try the sites in tests/sites; write their tables to docs/sites.md and tests/sites/tables.json.

`make sites` runs it, preferably on a quiet machine; `python tools/make_sites.py pair sticky` tries
only some. The README shows the table and the advice for one of them.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SITES = ROOT / "tests" / "sites"
TABLES = SITES / "tables.json"
PAGE = ROOT / "docs" / "sites.md"
README = ROOT / "README.md"
SHOWN = "pair"
"""The site that the README shows, with its advice."""
ROWS = (
    "all well", "down", "all down", "answers 500", "hung", "partitioned", "rolling restart",
    "backends close idle", "flapping",
)  # fmt: skip
"""The rows of its table that the README shows."""
MARKS = re.compile(r"(<!-- caddylab test -->\n).*?(<!-- end -->)", re.DOTALL)
HEAD = """# Ten sites, and what their users would feel

What `caddylab test` says of ten Caddyfiles in the shape of what people really run. The times are
those of one machine on one day; which rows users feel, and how, hardly changes. Made by
`make sites`; [test.md](test.md) says what the rows are.
"""


def main(names: list[str]) -> None:
    """Try the sites with these names, or all; keep the earlier results of the others."""
    known: dict[str, Any] = json.loads(TABLES.read_text()) if TABLES.exists() else {}
    for path in sorted(SITES.glob("*.caddyfile")):
        if not names or path.stem in names or path.stem not in known:
            known[path.stem] = tried(path)
            print(f"{path.stem}: work took {known[path.stem]['slowness']} times as long as alone")
            text = json.dumps(known, indent=1, ensure_ascii=False, sort_keys=True)
            TABLES.write_text(f"{text}\n")
    PAGE.write_text(HEAD + "".join(section(name, known[name]) for name in sorted(known)))
    shown = "\n".join(["```text", *first_screen(known[SHOWN]["said"]), "```", ""])
    README.write_text(MARKS.sub(lambda m: m[1] + shown + m[2], README.read_text()))


def tried(path: Path) -> dict[str, Any]:
    """What the command prints and writes for a site."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "a.json"
        words = [] if path.stem == SHOWN else ["--no-advice"]
        done = subprocess.run(
            [sys.executable, "-m", "caddylab", "test", path.name, "--runtime", "process",
             "--json", file, *words],
            capture_output=True, text=True, cwd=path.parent, check=False,
            env=os.environ | {"COLUMNS": "80"},
        )  # fmt: skip
        if not file.exists():
            sys.exit(f"{path.name}: {done.stderr}")
        record = json.loads(file.read_text())
    rows = {
        row["row"]: {"sign": row["sign"], "errors": sorted(row["errors"])} for row in record["rows"]
    }
    return {"said": done.stdout, "rows": rows, "slowness": record["slowness"]}


def section(name: str, record: dict[str, Any]) -> str:
    """A site's section of the page."""
    text = (SITES / f"{name}.caddyfile").read_text()
    said = record["said"].split("\nADVICE")[0].split("\n\nOnce more")[0].strip()
    return f"\n## {name}\n\n```caddyfile\n{text}```\n\n```text\n{said}\n```\n"


def first_screen(said: str) -> list[str]:
    """The table and the lines to write, short enough for a first screen."""
    head, rule, *lines = said[said.index("what happens") :].split("\n\n")[0].splitlines()
    advice = said[said.index("ADVICE") :].split("\n\nWhat each row needs")[0].splitlines()
    shown, kept = [], False
    for line in lines[:-1]:  # without the legend; a row continues on lines without a symbol
        kept = line[2:].startswith(ROWS) if line[0] in "✓◐✗–" else kept
        shown += [line] * kept
    return ["$ caddylab test Caddyfile", "…", head, rule, *shown, "…", *advice]


if __name__ == "__main__":
    main(sys.argv[1:])
