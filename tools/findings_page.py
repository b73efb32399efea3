"""Makes docs/findings.md from the findings and what was measured with each version."""

from __future__ import annotations

from itertools import groupby

from finding_runs import FINDINGS, Found
from version_runs import Kept
from versions_page import DOCS, VERSIONS, chapter, kept

from caddylab._caddy.running.version import CADDY_VERSION

PAGE = DOCS / "findings.md"
HEAD = f"""# Where Caddy and its documentation differ

What Caddy {CADDY_VERSION} does otherwise than its documentation says, as far as this course has
come upon it: the smallest Caddyfile that shows it, what was done, and what came of it, ready to be
reported or repeated. Which of the two is meant is not ours to say. `make versions` measured it, and
the tests measure it again with each change.

`backend1:8080` and so on are small HTTP servers; `Lab(backends=3)` starts them,
`lab.load(text)` takes the Caddyfile, and [tools/finding_runs.py](../tools/finding_runs.py) has each
run as a program.
Versions that were tried: {", ".join(VERSIONS)}.
"""


def page() -> str:
    """The page, in the order of the findings."""
    return "\n".join([HEAD, *(entry(name, found) for name, found in FINDINGS.items())])


def entry(name: str, found: Found) -> str:
    """One finding."""
    shown = f"\n\nThe course shows it in {chapter(found.chapter)}." if found.chapter else ""
    about = f"**{found.title}.** The [documentation]({found.where}) says: {found.says}."
    measured_now = f"*Measured:* **{measured(name, CADDY_VERSION)}**."
    by_version = f"*By version:* {versions(name, found)}.{shown}"
    caddyfile = f"```caddyfile\n{found.caddyfile}```"
    parts = (f"## {name}", about, caddyfile, f"*Done:* {found.done}", measured_now, by_version)
    return "\n\n".join(parts) + "\n"


def measured(name: str, version: str) -> str:
    """The first result with a version."""
    entry = Kept(kept(version)).content.get("findings", {}).get(name)
    return entry["rounds"][0][""] if entry else "not measured"


def versions(name: str, found: Found) -> str:
    """The results with every version; versions that do the same are listed together."""

    def judged(version: str) -> str:
        said = measured(name, version)
        return said if said.startswith("not ") else found.judge(said)

    groups = [list(group) for _, group in groupby(VERSIONS, judged)]
    return "; ".join(f"{_span(group)}: {measured(name, group[-1])}" for group in groups)


def _span(group: list[str]) -> str:
    return group[0] if len(group) == 1 else f"{group[0]} to {group[-1]}"
